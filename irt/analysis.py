"""One exam, calculated: the walk from prepared answers to verdicts, each step a pure function of the last."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from irt.calibration import Calibration, CalibrationOptions, Excluded, FitStatus, calibrate, default_options
from irt.comparing import connection, linked_sets
from irt.diagnostics import ClassicalStatistics, classical
from irt.errors import FitError, TooFewAnswersError
from irt.responses import PreparedResponses
from irt.scoring import AbilityEstimates, estimate_abilities
from irt.verdicts import Verdict, judge_items

#: Items that a warning names; the rest are counted.
ITEMS_NAMED = 6
_UNLINKED = (
    "The items fall into {n_sets} sets that have no student in common. Difficulties and abilities can be compared from "
    "one set to another only if the students of each set are equally able on the whole."
)


@dataclass(frozen=True, slots=True)
class Sample:
    """The students on whom numbers rest, where these were drawn from more.

    Parameters
    ----------
    share : float
        What each student's chance was to be drawn.
    n_students : int
        Students drawn, with a scored answer.
    n_population : int
        Students whom they stand for.
    precision_loss : float
        Standard errors are so many times those from everybody's answers: the root of 1 / share.
    """

    share: float
    n_students: int
    n_population: int
    precision_loss: float

    @classmethod
    def drawn(cls, share: float, n_students: int, n_population: int) -> Sample:
        """The sample of so many students, with what it costs in precision."""
        return cls(share, n_students, n_population, math.sqrt(1 / share))

    def sentence(self, done: str = "Calibrated") -> str:
        """What a reader must know of numbers that were ``done`` on it."""
        return (
            f"{done} on {self.n_students:,} of {self.n_population:,} students, drawn at random; standard errors "
            f"are about {self.precision_loss:.2g} times those from everybody's answers."
        )


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything calculated from the answers of one selection.

    ``calibration`` and ``abilities`` are None where no model can be fitted; ``model_reason`` says why this model, or
    why none. ``sample`` is None where everybody's answers were read.
    """

    prepared: PreparedResponses
    statistics: ClassicalStatistics
    calibration: Calibration | None
    abilities: AbilityEstimates | None
    verdicts: tuple[Verdict, ...]
    model_reason: str
    sample: Sample | None = None

    def fitted(self) -> Calibration:
        """The calibration; raises TooFewAnswersError with the sentence that says why there is none."""
        if self.calibration is None:
            raise TooFewAnswersError(self.model_reason, n_persons=self.prepared.matrix.n_persons)
        return self.calibration

    def scored(self) -> AbilityEstimates:
        """The abilities; raises TooFewAnswersError as :meth:`fitted` does."""
        self.fitted()
        assert self.abilities is not None  # noqa: S101 - abilities come with the calibration
        return self.abilities

    def warnings(self) -> tuple[str, ...]:
        """What a reader must know before trusting the numbers."""
        if self.calibration is None:
            return (self.model_reason,)
        status, prepared = self.calibration.status, self.prepared
        n_sets = len(linked_sets(prepared.matrix))
        found = [] if self.sample is None else [self.sample.sentence()]
        found += [status.value] if status is not FitStatus.CONVERGED else []
        found += _not_calibrated(self.calibration.excluded_items)
        found += [_UNLINKED.format(n_sets=n_sets)] if n_sets > 1 else []
        if len(frozenset().union(*prepared.item_exams)) > 1:
            tied = connection(prepared.matrix, prepared.item_exams)
            found += filter(None, [tied.warning, tied.assumption])
        return tuple(found)


def _not_calibrated(items: Sequence[Excluded]) -> list[str]:
    """Which items have no parameters; why, of the first."""
    if not items:
        return []
    others = [item.id for item in items[1:]]
    named = f"{', '.join(others[:ITEMS_NAMED])}{', ...' if len(others) > ITEMS_NAMED else ''}"
    more = f" So {'are' if len(others) > 1 else 'is'} {len(others):,} more: {named}." if others else ""
    return [items[0].reason + more]


#: A model asked for: its name, or every option of its fit.
Model = str | CalibrationOptions

#: Makes the calibration of a matrix with these options: ``calibrate`` itself, or one that keeps its results.
Calibrator = Callable[[PreparedResponses, CalibrationOptions], Calibration]


def plain_calibrator(prepared: PreparedResponses, options: CalibrationOptions) -> Calibration:
    """Calibrate, keeping nothing."""
    return calibrate(prepared.matrix, options=options, item_names=prepared.items.names)


def choose_options(
    prepared: PreparedResponses, model: Model | None, prior: str | None
) -> tuple[CalibrationOptions | None, str]:
    """Options for a model asked for, or the default for this many answers, with the reason."""
    if isinstance(model, CalibrationOptions):
        return model, f"{model.model}, as asked for."
    if model is not None:
        return CalibrationOptions(model=model, prior=prior), f"{model}, as asked for."
    choice = default_options(prepared.matrix)
    return choice.options, choice.reason


def analyse(
    prepared: PreparedResponses,
    *,
    model: Model | None = None,
    prior: str | None = None,
    minimum_group: int = 10,
    calibrator: Calibrator = plain_calibrator,
) -> Analysis:
    """Classical statistics, calibration, abilities and verdicts of one exam.

    Parameters
    ----------
    prepared : PreparedResponses
    model : {"1PL", "2PL", "3PL", "4PL"} or CalibrationOptions, optional
        None: chosen by the answers per item. A model asked for that cannot be fitted raises; a default that cannot be
        fitted leaves the classical statistics, with the reason.
    prior : {None, "weak"}
        Used with a model asked for by name; options bring their own.
    minimum_group : int
        Smallest group of students that is compared with another.
    calibrator : callable
        Where calibrations come from.

    Raises
    ------
    FitError
        If the model asked for cannot be fitted.
    """
    statistics = classical(prepared.matrix)
    options, reason = choose_options(prepared, model, prior)
    calibration = None
    if options is not None:
        try:
            calibration = calibrator(prepared, options)
        except FitError as error:
            if model is not None:
                raise
            reason = error.message
    abilities = None if calibration is None else estimate_abilities(prepared.matrix, calibration)
    verdicts = judge_items(prepared, statistics, calibration, abilities, minimum_group=minimum_group)
    return Analysis(prepared, statistics, calibration, abilities, verdicts, reason)
