"""The walk through the rooms, each step kept: source -> rows -> prepared answers -> analysis."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from irt import __version__
from irt.analysis import Analysis, Model, analyse, plain_calibrator
from irt.cache import Cache, CalibrationFolder
from irt.calibration import Calibration, CalibrationOptions
from irt.comparing import check_connected
from irt.diagnostics import PersonFit, person_fit
from irt.errors import NotFoundError, SelectionError
from irt.reports import Provenance
from irt.responses import PreparedResponses, Sittings, prepare
from irt.selection import Scope, Selection
from irt.sources import Catalogue, ResponseSource, Stamp

T = TypeVar("T")


class Walk:
    """Answers on their way from the source to an analysis; every step is computed once per source state and scope.

    Parameters
    ----------
    source : ResponseSource
    calibrations : CalibrationFolder
        Where calibrations are kept across restarts.
    minimum_group : int
        Smallest group of students that is compared with another.
    """

    def __init__(self, source: ResponseSource, calibrations: CalibrationFolder, minimum_group: int) -> None:
        self.source = source
        self._calibrations = calibrations
        self.minimum_group = minimum_group
        self._cache = Cache()

    def kept(self, kind: str, scope: Scope, what: Hashable, make: Callable[[], T]) -> T:
        """A result under the key that all kept results share: source state, scope, question."""
        return self._cache.get((kind, self.source.stamp().fingerprint, scope, what), make)

    def catalogue(self, scope: Scope) -> Catalogue:
        """Subjects, exams and classes that the caller may see, with counts."""
        return self.kept("catalogue", scope, None, lambda: self.source.catalogue(scope))

    def resolve(self, scope: Scope, selection: Selection) -> Selection:
        """The selection with subject and exam filled in where there is only one choice.

        Several exams of one subject may be named: they are calibrated together.

        Raises
        ------
        NotFoundError
            If it names a subject, exam or class that is not there or not in scope.
        SelectionError
            If it leaves a choice open.
        """
        catalogue = self.catalogue(scope)
        subject = _one(selection.subject, catalogue.subjects(), "subject")
        there = catalogue.exams(subject)
        exams = tuple(_one(exam, there, "exam") for exam in selection.exams) or (_one(None, there, "exam"),)
        if selection.class_name is not None:
            classes = dict.fromkeys(name for exam in exams for name in catalogue.classes(subject, exam))
            _one(selection.class_name, tuple(classes), "class")
        return replace(selection, subject=subject, exams=exams)

    def oldest_first(self, scope: Scope, selection: Selection) -> tuple[str, ...]:
        """The exams of a selection by the time of their last answer; those without times in natural order first."""
        catalogue = self.catalogue(scope)
        there = [entry for entry in catalogue.entries if entry.subject == selection.subject]

        def last(exam: str) -> float:
            times = [entry.last_answered for entry in there if entry.exam == exam]
            return max((time.timestamp() for time in times if time is not None), default=0.0)

        exams = [exam for exam in catalogue.exams(selection.subject or "") if exam in selection.exams]
        return tuple(sorted(exams, key=last))

    def provenance(self, selection: Selection) -> Provenance:
        """The provenance of numbers that rest on no model."""
        return _provenance(selection, self.source.stamp(), None, datetime.now(UTC))

    def rows(self, scope: Scope, selection: Selection) -> Sittings:
        """The answers of an exam, whatever the policy for missing ones."""
        exam = Selection(subject=selection.subject, exams=selection.exams, attempts=selection.attempts)
        return self.kept("rows", scope, exam, lambda: self.source.answers(exam, scope))

    def prepared(self, scope: Scope, population: Selection) -> PreparedResponses:
        """The prepared answers of a population. Raises FitError for several exams that nothing ties together."""

        def make() -> PreparedResponses:
            rows = self.rows(scope, population)
            prepared = prepare(rows, missing=population.missing, attempts=population.attempts)
            if len(population.exams) > 1:
                check_connected(prepared.matrix, prepared.item_exams)
            return prepared

        return self.kept("prepared", scope, population, make)

    def analysis(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> tuple[Analysis, Provenance]:
        """The analysis of a resolved selection's population, with the provenance of this selection."""
        population, stamp = selection.population(), self.source.stamp()

        def make() -> tuple[Analysis, datetime]:
            analysis = analyse(
                self.prepared(scope, population),
                model=model,
                prior=prior,
                minimum_group=self.minimum_group,
                calibrator=lambda prepared, options: self._calibrated(scope, population, stamp, prepared, options),
            )
            return analysis, datetime.now(UTC)

        analysis, computed_at = self.kept("analysis", scope, (population, model, prior), make)
        return analysis, _provenance(selection, stamp, analysis.calibration, computed_at)

    def person_fit(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> PersonFit | None:
        """How well each student's answers go together under a model; None where none can be fitted."""
        population = selection.population()

        def make() -> PersonFit | None:
            analysis, _ = self.analysis(scope, population, model, prior)
            if analysis.calibration is None:
                return None
            return person_fit(analysis.prepared.matrix, analysis.calibration, analysis.scored())

        return self.kept("person_fit", scope, (population, model, prior), make)

    def _calibrated(
        self,
        scope: Scope,
        population: Selection,
        stamp: Stamp,
        prepared: PreparedResponses,
        options: CalibrationOptions,
    ) -> Calibration:
        """A calibration from the folder, or a new one with its provenance."""
        key = "\n".join((stamp.fingerprint, scope.canonical(), population.canonical(), repr(options), __version__))

        def make() -> Calibration:
            calibration = plain_calibrator(prepared, options)
            origin = _provenance(population, stamp, calibration, datetime.now(UTC))
            return replace(calibration, provenance=origin.as_dict())

        return self._calibrations.get(key, make)


def _one(wanted: str | None, there: tuple[str, ...], kind: str) -> str:
    """The wanted value if it is there; the only one if none is named."""
    shown = ", ".join(value or "(none)" for value in there[:12]) + (", ..." if len(there) > 12 else "")
    if wanted is None:
        if len(there) == 1:
            return there[0]
        if not there:
            raise NotFoundError(f"There is no {kind} to show yet. Import a file of answers first.", kind=kind)
        raise SelectionError(f"Choose one {kind}: {shown}.", kind=kind, choices=there)
    if wanted not in there:
        raise NotFoundError(f"There is no {kind} {wanted!r}. There is: {shown or 'nothing'}.", kind=kind, wanted=wanted)
    return wanted


def _provenance(
    selection: Selection, stamp: Stamp, calibration: Calibration | None, computed_at: datetime
) -> Provenance:
    """Where the numbers of a selection come from."""
    return Provenance(
        selection=selection,
        fingerprint=stamp.fingerprint,
        as_of=stamp.as_of,
        package_version=__version__,
        model="none" if calibration is None else calibration.model,
        prior=None if calibration is None else calibration.options.prior,
        status="none" if calibration is None else calibration.status.code,
        computed_at=computed_at,
    )
