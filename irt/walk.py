"""The walk through the rooms, each step kept: source -> sittings -> prepared answers -> analysis."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from irt import __version__
from irt.analysis import Analysis, Model, Sample, analyse, plain_calibrator
from irt.cache import Cache, CalibrationFolder
from irt.calibration import Calibration, CalibrationOptions
from irt.comparing import check_connected
from irt.diagnostics import PersonFit, person_fit
from irt.disclosure import check_enough, check_share, disclosed, withheld
from irt.errors import FitError, NotFoundError, SelectionError, TooFewAnswersError
from irt.focus import in_front, on_items_of, only_class
from irt.handles import handle_of, handles_of
from irt.moments import Moments
from irt.reports import Provenance
from irt.responses import PreparedResponses, Sittings, prepare
from irt.selection import MissingPolicy, Scope, Selection
from irt.sources import Catalogue, ResponseSource, Stamp
from irt.sources.counting import Counts

T = TypeVar("T")


class Walk:
    """Answers on their way from the source to an analysis; every step is computed once per source state and scope.

    This is where ids of students, and groups that are too small, are kept from callers without names: nothing that is
    made of the answers further on can hold what is not there (:mod:`irt.disclosure`).

    Parameters
    ----------
    source : ResponseSource
    calibrations : CalibrationFolder
        Where calibrations are kept across restarts.
    minimum_group : int
        Smallest group of students that is compared with another, or shown without names.
    secret : bytes
        Key of the handles that stand for students.
    sample : int, optional
        Exams of more students are calibrated on so many, drawn at random; None: on all.
    """

    def __init__(
        self,
        source: ResponseSource,
        calibrations: CalibrationFolder,
        minimum_group: int,
        secret: bytes,
        sample: int | None = None,
    ) -> None:
        self.source = source
        self.moments = Moments(source)
        self._calibrations = calibrations
        self.minimum_group = minimum_group
        self._secret = secret
        self.sample = sample
        self._cache = Cache()

    def kept(self, kind: str, scope: Scope, what: Hashable, make: Callable[[], T], at_most: float = 1.0) -> T:
        """A result under the key that all kept results share: source state, scope, question.

        ``at_most`` is the share of the memory for kept results that it may take up.
        """
        key = (kind, self.moments.stamp().fingerprint, scope, what)
        return self._cache.get(key, make, kind=kind, at_most=at_most)

    def handle(self, student_id: str) -> str:
        """What stands for a student in links, and for the id where that is withheld."""
        return handle_of(student_id, self._secret)

    def catalogue(self, scope: Scope) -> Catalogue:
        """Subjects, exams and classes that the caller may see, with counts."""

        def make() -> Catalogue:
            there = self.moments.read(lambda: self.source.catalogue(scope))
            return there if scope.names else disclosed(there, self.minimum_group)

        return self.kept("catalogue", scope, None, make)

    def resolve(self, scope: Scope, selection: Selection) -> Selection:
        """The selection with subject and exam filled in where there is only one choice, and the share of students.

        Several exams of one subject may be named: they are calibrated together.

        Raises
        ------
        NotFoundError
            If it names a subject, exam or class that is not there or not in scope.
        SelectionError
            If it leaves a choice open, or names a share that the caller may not choose.
        """
        catalogue = self.catalogue(scope)
        resolved = _named(catalogue, selection)
        usual = self._share(catalogue, resolved)
        if not scope.names:
            check_share(resolved.share, usual)
        return resolved if resolved.share is not None else replace(resolved, share=usual)

    def without_classes(self, scope: Scope, selection: Selection) -> tuple[str, ...]:
        """That no class is recorded for an exam of the selection, or in the whole table; none where all have classes.

        Classes that are too small to be shown to the caller are recorded, and said elsewhere.
        """
        catalogue = self.catalogue(scope)
        selection = _named(catalogue, selection)
        subject = selection.subject or ""
        bare = [
            exam or "(none)"
            for exam in selection.exams
            if not catalogue.classes(subject, exam) and (subject, exam) not in catalogue.merged
        ]
        if not bare:
            return ()
        return (f"No class is recorded for {', '.join(bare)}, so its students cannot be looked at by class.",)

    def _share(self, catalogue: Catalogue, selection: Selection) -> float:
        """The share of students that makes a sample of the usual size; 1 where all are no more than that.

        Students of several exams may be the same ones; they are counted in each.
        """
        n = sum(catalogue.exam_sizes[selection.subject or "", exam][0] for exam in selection.exams)
        return 1.0 if self.sample is None or n <= self.sample else float(f"{self.sample / n:.4g}")

    def oldest_first(self, scope: Scope, selection: Selection) -> tuple[str, ...]:
        """The exams of a selection by the time of their last answer; those without times in natural order first."""
        catalogue = self.catalogue(scope)
        there = [entry for entry in catalogue.entries if entry.subject == selection.subject]

        def last(exam: str) -> float:
            times = [entry.last_answered for entry in there if entry.exam == exam]
            return max((time.timestamp() for time in times if time is not None), default=0.0)

        exams = [exam for exam in catalogue.exams(selection.subject or "") if exam in selection.exams]
        return tuple(sorted(exams, key=last))

    def provenance(self, scope: Scope, selection: Selection) -> Provenance:
        """The provenance of numbers of a population that rest on no model."""
        sample = self._sample(scope, selection, self.prepared(scope, selection.population()))
        return _provenance(selection, self.moments.stamp(), sample, None, now())

    def counted(self, scope: Scope, selection: Selection, n_students: int) -> Provenance:
        """The provenance of what so many students' answers add up to."""
        sample = None
        if selection.share is not None and selection.share < 1:
            sample = Sample.drawn(selection.share, n_students, self._population(scope, selection, n_students))
        return _provenance(selection, self.moments.stamp(), sample, None, now())

    def counts(self, scope: Scope, selection: Selection) -> Counts:
        """What the answers of a selection add up to. Raises TooFewAnswersError for few students without names."""
        found = self.moments.read(lambda: self.source.counts(selection, scope))
        if not scope.names:
            check_enough(found.n_students, self.minimum_group)
        return found

    def rows(self, scope: Scope, selection: Selection) -> Sittings:
        """The answers of a selection, whatever the policy for missing ones.

        Very many are not kept beside what is prepared from them. Raises TooFewAnswersError for few students without
        names.
        """
        wanted = replace(selection, missing=MissingPolicy.IGNORE)

        def make() -> Sittings:
            found = self.moments.read(lambda: self.source.answers(wanted, scope))
            if scope.names:
                return found
            classes = frozenset(entry.class_name for entry in self.catalogue(scope).entries if entry.class_name)
            return withheld(found, lambda ids: handles_of(ids, self._secret), classes, self.minimum_group)

        return self.kept("rows", scope, wanted, make, at_most=0.25)

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
        population, stamp = selection.population(), self.moments.stamp()

        def make() -> tuple[Analysis, datetime]:
            prepared = self.prepared(scope, population)
            sample = self._sample(scope, population, prepared)
            if sample is not None and sample.n_students == 0:
                raise TooFewAnswersError(_widen("There is no answer to calibrate on.", sample), n_persons=0)
            try:
                analysis = analyse(
                    prepared,
                    model=model,
                    prior=prior,
                    minimum_group=self.minimum_group,
                    calibrator=lambda answers, options: self._calibrated(scope, population, sample, answers, options),
                )
            except FitError as error:
                raise _of_a_sample(error, sample) from None
            if sample is not None and analysis.calibration is None:
                return replace(analysis, sample=sample, model_reason=_widen(analysis.model_reason, sample)), now()
            return replace(analysis, sample=sample), now()

        analysis, computed_at = self.kept("analysis", scope, (population, model, prior), make)
        return analysis, _provenance(selection, stamp, analysis.sample, analysis.calibration, computed_at)

    def in_focus(self, scope: Scope, selection: Selection) -> PreparedResponses:
        """The students whose results are shown: the class in focus, or everybody.

        A class of a sampled exam is read by itself: few of it are in the sample.
        """
        if self.read_for(selection) == selection.population():
            return only_class(self.prepared(scope, selection.population()), selection.class_name)

        def make() -> PreparedResponses:
            rows = self.rows(scope, replace(selection, share=1.0))
            prepared = prepare(rows, missing=selection.missing, attempts=selection.attempts)
            return only_class(prepared, selection.class_name)

        return self.kept("in_focus", scope, selection, make)

    def in_front(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> tuple[Analysis, Provenance]:
        """The analysis of a selection's population that holds the students whose results are shown.

        These are the population's own, or the class of a sampled exam.
        """
        analysis, provenance = self.analysis(scope, selection, model, prior)
        if self.read_for(selection) == selection.population():
            return analysis, provenance

        def make() -> Analysis:
            return in_front(analysis, on_items_of(self.in_focus(scope, selection), analysis.prepared))

        return self.kept("in_front", scope, (selection, model, prior), make), provenance

    @staticmethod
    def read_for(selection: Selection) -> Selection:
        """Whose answers are read to show a resolved selection's students: its population, or a class by itself."""
        sampled = selection.share is not None and selection.share < 1
        return selection if sampled and selection.class_name is not None else selection.population()

    def person_fit(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> PersonFit | None:
        """How well the answers of each student of :meth:`in_front` go together; None where no model can be fitted."""
        wanted = self.read_for(selection)

        def make() -> PersonFit | None:
            analysis, _ = self.in_front(scope, wanted, model, prior)
            if analysis.calibration is None:
                return None
            return person_fit(analysis.prepared.matrix, analysis.calibration, analysis.scored())

        return self.kept("person_fit", scope, (wanted, model, prior), make)

    def _sample(self, scope: Scope, population: Selection, prepared: PreparedResponses) -> Sample | None:
        """The sample that these answers are; None where they are everybody's."""
        if population.share is None or population.share >= 1:
            return None
        n = prepared.matrix.n_persons
        return Sample.drawn(population.share, n, self._population(scope, population, n))

    def _population(self, scope: Scope, selection: Selection, n_drawn: int) -> int:
        """How many students there are where so many were drawn.

        Of one exam it is known; of several, whose students may be the same, and of a class the share tells it, to three
        digits.
        """
        if len(selection.exams) == 1 and selection.class_name is None:
            sizes = self.catalogue(scope).exam_sizes
            return max(sizes.get((selection.subject or "", selection.exams[0]), (0,))[0], n_drawn)
        return max(int(float(f"{n_drawn / (selection.share or 1):.3g}")), n_drawn)

    def _calibrated(
        self,
        scope: Scope,
        population: Selection,
        sample: Sample | None,
        prepared: PreparedResponses,
        options: CalibrationOptions,
    ) -> Calibration:
        """A calibration from the folder, or a new one with its provenance."""
        stamp = self.moments.stamp()
        key = "\n".join((stamp.fingerprint, scope.canonical(), population.canonical(), repr(options), __version__))

        def make() -> Calibration:
            calibration = plain_calibrator(prepared, options)
            origin = _provenance(population, stamp, sample, calibration, now())
            return replace(calibration, provenance=origin.as_dict())

        return self._calibrations.get(key, make)


def _named(catalogue: Catalogue, selection: Selection) -> Selection:
    """The selection with subject and exam filled in where there is only one. Raises as :meth:`Walk.resolve`."""
    subject = _one(selection.subject, catalogue.subjects(), "subject")
    there = catalogue.exams(subject)
    exams = tuple(_one(exam, there, "exam") for exam in selection.exams) or (_one(None, there, "exam"),)
    if selection.class_name is not None:
        classes = dict.fromkeys(name for exam in exams for name in catalogue.classes(subject, exam))
        _one(selection.class_name, tuple(classes), "class")
    return replace(selection, subject=subject, exams=exams)


def _one(wanted: str | None, there: tuple[str, ...], kind: str) -> str:
    """The wanted value if it is there; the only one if none is named."""
    shown = ", ".join(value or "(none)" for value in there[:12]) + (", ..." if len(there) > 12 else "")
    if wanted is None:
        if len(there) == 1:
            return there[0]
        if not there:
            raise NotFoundError(
                f"There is no {kind} to show yet. Import a file of answers first, or ask for access to one.", kind=kind
            )
        raise SelectionError(f"Choose one {kind}: {shown}.", kind=kind, choices=there)
    if wanted not in there:
        raise NotFoundError(f"There is no {kind} {wanted!r}. There is: {shown or 'nothing'}.", kind=kind, wanted=wanted)
    return wanted


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def _widen(sentence: str, sample: Sample) -> str:
    """What there are too few answers for, and that this is for the share."""
    return (
        f"{sentence} Only a share of {sample.share:.4g} of the students was drawn ({sample.n_students:,} of "
        f"{sample.n_population:,}): choose a larger share, or all."
    )


def _of_a_sample(error: FitError, sample: Sample | None) -> FitError:
    """The error; where answers of a sample are too few, with what its share has to do with it."""
    if sample is None or not isinstance(error, TooFewAnswersError):
        return error
    return TooFewAnswersError(_widen(error.message, sample), **error.facts)


def _provenance(
    selection: Selection,
    stamp: Stamp,
    sample: Sample | None,
    calibration: Calibration | None,
    computed_at: datetime,
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
        sample=sample,
    )
