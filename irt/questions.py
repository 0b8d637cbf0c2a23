"""What analysts ask: fit, models, dimensions, fairness, drift. Each answer is one report, kept like all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from irt.analysis import Analysis, Model
from irt.errors import AccessError, SelectionError
from irt.reports import (
    CountsReport,
    DifReport,
    DimensionReport,
    DriftReport,
    FitReport,
    Groups,
    ModelComparisonReport,
    ModelFitReport,
    PrecisionReport,
    PredictionReport,
    Provenance,
    ScoreTableReport,
    counts_report,
    dif_report,
    dimension_report,
    drift_report,
    fit_report,
    model_comparison_report,
    model_fit_report,
    precision_report,
    prediction_report,
    score_table_report,
)
from irt.selection import Scope, Selection
from irt.sources import Stamp
from irt.sources.spending import Spending, allowing
from irt.walk import Walk

T = TypeVar("T")
P = ParamSpec("P")
Q = TypeVar("Q", bound="Questions")


def at_one_moment(method: Callable[Concatenate[Q, P], T]) -> Callable[Concatenate[Q, P], T]:
    """A question whose whole answer rests on one state of the source."""

    @wraps(method)
    def asked(self: Q, /, *args: P.args, **named: P.kwargs) -> T:
        return self.steadily(lambda: method(self, *args, **named))

    return asked


class Questions:
    """Questions about a whole selection: the class in focus plays no part in their answers.

    ``model`` is a name, or all options of a fit (:class:`irt.CalibrationOptions`); None: chosen by the answers per
    item. What rests on a model raises TooFewAnswersError where none can be fitted.

    Parameters
    ----------
    walk : Walk
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk

    @contextmanager
    def moment(self) -> Iterator[None]:
        """One state of the source for all questions asked within: for numbers that stand beside each other."""
        with self._walk.moments.moment():
            yield

    def steadily(self, ask: Callable[[], T]) -> T:
        """What ``ask`` finds within one :meth:`moment`; it is called again if the answers changed in between.

        Raises
        ------
        AnswersChanged
            If they changed both times.
        """
        return self._walk.moments.steadily(ask)

    def fresh_stamp(self) -> Stamp:
        """The state of the source as it tells it itself; raises SourceError where it is away, whatever stands in."""
        return self._walk.moments.fresh_stamp()

    @at_one_moment
    def degraded(self, scope: Scope, selection: Selection | None = None) -> tuple[str, ...]:
        """What answers go on without, a sentence each: a source that is away, classes that are not recorded.

        It belongs to the moment and not to a report: reports are kept under the state that they rest on.

        Parameters
        ----------
        scope : Scope
        selection : Selection, optional
            Whose students might be looked at by class.
        """
        told = self._walk.moments.degraded()
        return told if selection is None else told + self.without_classes(scope, selection)

    @at_one_moment
    def without_classes(self, scope: Scope, selection: Selection) -> tuple[str, ...]:
        """That no class is recorded for exams of the selection, in a sentence; none where all have classes."""
        return self._walk.without_classes(scope, selection)

    @at_one_moment
    def resolve(self, scope: Scope, selection: Selection) -> Selection:
        """The selection with what it leaves open filled in: the only subject or exam, the share of students.

        See :meth:`irt.walk.Walk.resolve`.
        """
        return self._walk.resolve(scope, selection)

    def fit(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> FitReport:
        """Which items the model describes: S-X2, infit, outfit."""
        return self._answer(fit_report, scope, selection, model, prior)

    def model_fit(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> ModelFitReport:
        """How well the model describes the exam: M2 and its indices, information criteria, reliabilities."""
        return self._answer(model_fit_report, scope, selection, model, prior)

    def dimension(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> DimensionReport:
        """Whether the items measure one thing, and which pairs of them depend on each other."""
        return self._answer(dimension_report, scope, selection, model, prior)

    def score_table(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> ScoreTableReport:
        """The ability that each number of right answers stands for."""
        return self._answer(score_table_report, scope, selection, model, prior)

    def precision(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> PrecisionReport:
        """How precisely the exam measures at each ability: test information and its standard error."""
        return self._answer(precision_report, scope, selection, model, prior)

    def compare_models(self, scope: Scope, selection: Selection) -> ModelComparisonReport:
        """The 1PL, 2PL and 3PL of a selection beside each other."""
        return self._answer(model_comparison_report, scope, selection, None, None)

    def prediction(self, scope: Scope, selection: Selection) -> PredictionReport:
        """How well the models predict answers that were held back from them."""
        return self._answer(prediction_report, scope, selection, None, None)

    @at_one_moment
    def dif(
        self,
        scope: Scope,
        selection: Selection,
        group: str | Groups,
        reference: str | None = None,
        focal: str | None = None,
        purify: bool = False,
    ) -> DifReport:
        """Whether items favour one of two groups of equally able students.

        Parameters
        ----------
        scope : Scope
        selection : Selection
        group : str or Groups
            A property of students (gender), ``class_name`` or ``student_grade``; or all that follows in one.
        reference, focal : str, optional
            Values of the property; None: the largest groups.
        purify : bool
            Match students on the items that show no difference.
        """
        asked = group if isinstance(group, Groups) else Groups(group, reference, focal, purify)
        selection = self.resolve(scope, selection).population()

        def make() -> DifReport:
            prepared = self._walk.prepared(scope, selection)
            return dif_report(prepared, asked, self._walk.minimum_group, self._walk.provenance(scope, selection))

        return self._walk.kept("dif", scope, (selection, asked), make)

    @at_one_moment
    def drift(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> DriftReport:
        """Whether items that two exams share became harder or easier.

        Raises
        ------
        SelectionError
            If the selection does not name exactly two exams.
        """
        share, selection = selection.share, self.resolve(scope, selection).population()
        if len(selection.exams) != 2:
            raise SelectionError(f"Drift compares two exams: name two, not {len(selection.exams)}.")
        base, new = self._walk.oldest_first(scope, selection)

        def make() -> DriftReport:
            # Each with the share that it has by itself: what was read for its own page serves here.
            each = [self.resolve(scope, replace(selection, exams=(exam,), share=share)) for exam in (base, new)]
            analyses = [self._walk.analysis(scope, exam, model, prior) for exam in each]
            provenance = replace(analyses[1][1], selection=selection)
            return drift_report(analyses[0][0], analyses[1][0], (base, new), provenance)

        return self._walk.kept("drift", scope, (selection, share, model, prior), make)

    @at_one_moment
    def counts(self, scope: Scope, selection: Selection) -> CountsReport:
        """What the answers add up to: item statistics, chosen options and scores, without a model.

        They are added up where the answers are, so everybody counts unless the selection names a share. Of a class in
        focus these are the answers that were given in it.
        """
        resolved = replace(self.resolve(scope, selection), share=selection.share or 1.0)

        def make() -> CountsReport:
            found = self._walk.counts(scope, resolved)
            provenance = self._walk.counted(scope, resolved, found.n_students)
            sample = provenance.sample
            return counts_report(found, provenance, () if sample is None else (sample.sentence("Counted"),))

        return self._walk.kept("counts", scope, resolved, make)

    # What reading costs ----------------------------------------------------------------------------------------------

    def spending(self, scope: Scope) -> Spending | None:
        """What reading the source has cost today; None where it costs nothing.

        Raises
        ------
        AccessError
            For a limited scope: the bill tells of what others read.
        SourceError
            If the source cannot be reached.
        """
        _check_unlimited(scope)
        return self._walk.source.spending()

    def stop_reading(self, scope: Scope) -> int:
        """Stop the questions that the source is answering, whoever asked them; how many. Raises as :meth:`spending`."""
        _check_unlimited(scope)
        return self._walk.source.stop()

    @staticmethod
    def allowing(n_bytes: int) -> AbstractContextManager[None]:
        """Within it, questions that read up to so many bytes each are put without asking the reader first."""
        return allowing(n_bytes)

    @at_one_moment
    def _answer(
        self,
        make: Callable[[Analysis, Provenance], T],
        scope: Scope,
        selection: Selection,
        model: Model | None,
        prior: str | None,
    ) -> T:
        """A report on the analysis of a selection's population, made once."""
        population = self.resolve(scope, selection).population()
        return self._walk.kept(
            make.__name__,
            scope,
            (population, model, prior),
            lambda: make(*self._walk.analysis(scope, population, model, prior)),
        )


def _check_unlimited(scope: Scope) -> None:
    """Refuse a caller who may not see everything."""
    if scope.is_limited:
        raise AccessError("What reading costs is shown to those only who may see all answers.")
