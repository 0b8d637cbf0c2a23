"""The questions a reader asks. Dashboard, API and command line talk to nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from irt import __version__
from irt.analysis import Model
from irt.cache import CalibrationFolder
from irt.calibration import Calibration
from irt.errors import AccessError, NotFoundError
from irt.files import ImportOptions, ImportTable, preview_table
from irt.focus import only_class
from irt.handles import kept_key
from irt.opening import open_source
from irt.publishing import Receipt, Target, asked_for, of_file, of_report, publish, results_of
from irt.questions import Questions, at_one_moment
from irt.reports import (
    Chances,
    ClassMap,
    ExamReport,
    ItemCurve,
    PolicyComparison,
    StudentList,
    StudentReport,
    chances_of,
    class_map,
    exam_report,
    in_class,
    item_curve,
    policy_comparison,
    student_list,
    student_report,
    student_summaries,
)
from irt.responses import PreparedResponses, ResponseMatrix
from irt.samples import sample_exams
from irt.scoring import AbilityEstimates, Probabilities, estimate_abilities, probabilities
from irt.selection import FULL_SCOPE, MissingPolicy, Scope, Selection
from irt.sources import Catalogue, ImportReceipt, ParquetStore, ResponseSource, Stamp
from irt.walk import Walk

if TYPE_CHECKING:
    from irt.settings import Settings


class Service(Questions):
    """Answers questions about exams: those of analysts are in :class:`irt.questions.Questions`, the others here.

    Every method takes the caller's scope and may be called from any thread. Items are calibrated on everybody who sat
    the exam and whom the caller may see; the class of a selection only chooses whose results are shown. Callers whose
    scope withholds names get pseudonyms in the place of ids, and no small groups (:mod:`irt.disclosure`).

    Parameters
    ----------
    source : ResponseSource
    calibrations : CalibrationFolder, optional
        Where calibrations are kept across restarts; default: nowhere.
    minimum_group : int
        Smallest group of students that is compared with another, or shown to callers without names.
    secret : bytes, optional
        Key of the handles that stand for students in links, and for their ids where these are withheld; default: a new
        one, so that links end with the process.
    sample : int, optional
        Exams of more students are calibrated on so many of them, drawn at random; default: on all.
    """

    def __init__(
        self,
        source: ResponseSource,
        *,
        calibrations: CalibrationFolder | None = None,
        minimum_group: int = 10,
        secret: bytes | None = None,
        sample: int | None = None,
    ) -> None:
        kept, key = calibrations or CalibrationFolder(None), secret or secrets.token_bytes(32)
        super().__init__(Walk(source, kept, minimum_group, key, sample))
        self.source = source
        self.sample = sample

    # What there is ---------------------------------------------------------------------------------------------------

    def stamp(self) -> Stamp:
        """The state of the source; raises SourceError where it cannot be reached."""
        return self._walk.moments.stamp()

    @at_one_moment
    def catalogue(self, scope: Scope) -> Catalogue:
        """Subjects, exams and classes that the caller may see, with counts."""
        return self._walk.catalogue(scope)

    # Reports ---------------------------------------------------------------------------------------------------------

    @at_one_moment
    def exam(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> ExamReport:
        """Everything about an exam and each of its items. model None: chosen by the answers per item."""
        selection = self.resolve(scope, selection)

        def make() -> ExamReport:
            analysis, provenance = self._walk.analysis(scope, selection, model, prior)
            return exam_report(analysis, provenance, self._walk.in_front(scope, selection, model, prior)[0])

        return self._walk.kept("exam", scope, (selection, model, prior), make)

    @at_one_moment
    def item(
        self, scope: Scope, selection: Selection, item_id: str, model: Model | None = None, prior: str | None = None
    ) -> ItemCurve:
        """One item closely: curve, observed groups, options. Raises NotFoundError for an unknown item."""
        selection = self.resolve(scope, selection)
        report = self.exam(scope, selection, model, prior)
        found = next((item for item in report.items if item.item_id == item_id), None)
        if found is None:
            raise NotFoundError(f"There is no item {item_id!r} in {selection.describe()}.", item_id=item_id)

        def make() -> ItemCurve:
            analysis, provenance = self._walk.analysis(scope, selection, model, prior)
            return item_curve(analysis, found, provenance)

        return self._walk.kept("item", scope, (selection, model, prior, item_id), make)

    @at_one_moment
    def students(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> StudentList:
        """Students of the class in focus (or all) with scores and abilities."""
        selection = self.resolve(scope, selection)

        def make() -> StudentList:
            analysis, provenance = self._walk.in_front(scope, selection, model, prior)
            fit = self._walk.person_fit(scope, selection, model, prior)
            return student_list(analysis, provenance, self._handles(scope), scope.names, fit)

        return self._walk.kept("students", scope, (selection, model, prior), make)

    @at_one_moment
    def student(
        self, scope: Scope, selection: Selection, handle: str, model: Model | None = None, prior: str | None = None
    ) -> StudentReport:
        """One student, by the handle of a student list: chances on every item."""
        selection = self.resolve(scope, selection)
        analysis, provenance = self._walk.in_front(scope, selection, model, prior)
        row = self._row(scope, selection, handle)
        if row is None:
            raise NotFoundError(
                f"The student of this link has no answers in {selection.describe()}, or the link is out of date. "
                "Choose a student from the list."
            )
        one = np.array([row])
        fit = self._walk.person_fit(scope, selection, model, prior)
        summary = student_summaries(analysis, one, self._handles(scope), scope.names, fit)[0]
        return student_report(analysis, summary, row, chances_of(analysis, one), provenance)

    @at_one_moment
    def class_map(
        self,
        scope: Scope,
        selection: Selection,
        limit: int = 60,
        model: Model | None = None,
        prior: str | None = None,
    ) -> ClassMap:
        """Students x items of the class in focus (or the first ``limit`` students of all)."""
        selection = self.resolve(scope, selection)

        def make() -> ClassMap:
            analysis, provenance = self._walk.in_front(scope, selection, model, prior)
            everybody = np.flatnonzero(in_class(analysis.prepared, selection.class_name))
            rows = everybody[:limit]
            fit = self._walk.person_fit(scope, selection, model, prior)
            summaries = student_summaries(analysis, rows, self._handles(scope), scope.names, fit)
            chances = chances_of(analysis, rows)
            reports = self.exam(scope, selection, model, prior).items
            return class_map(analysis, reports, summaries, chances, provenance, len(everybody))

        return self._walk.kept("class_map", scope, (selection, limit, model, prior), make)

    @at_one_moment
    def compare_policies(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> PolicyComparison:
        """Which verdicts depend on how missing answers are counted."""
        selection = self.resolve(scope, selection)
        under = {
            policy: self.exam(scope, replace(selection, missing=policy), model, prior).items for policy in MissingPolicy
        }
        return policy_comparison(under)

    # Imports ---------------------------------------------------------------------------------------------------------

    def may_import(self, scope: Scope) -> bool:
        """Whether this caller may add answers: an unlimited scope, on a source that can be written to."""
        return scope == FULL_SCOPE and hasattr(self.source, "add")

    def preview_import(self, content: bytes, name: str, options: ImportOptions) -> ImportTable:
        """A file as it would be imported, its faults within; raises ImportFault if it is no table at all."""
        return preview_table(content, name, options)

    def import_table(self, scope: Scope, table: ImportTable) -> ImportReceipt:
        """Store a file that was read: the whole of it or nothing.

        Raises
        ------
        AccessError
            If this caller may not add answers.
        ImportFault
            If the file cannot be imported.
        """
        if not self.may_import(scope):
            raise AccessError("Answers cannot be added here: this source is read only, or your access is limited.")
        if table.fault is not None:
            raise table.fault
        receipt: ImportReceipt = self.source.add(table.frame)  # type: ignore[attr-defined]
        return receipt

    # Numbers for programs --------------------------------------------------------------------------------------------

    @at_one_moment
    def calibration(
        self, scope: Scope, selection: Selection, model: Model | None = None, prior: str | None = None
    ) -> Calibration:
        """The calibration of a selection; raises TooFewAnswersError where there is none."""
        selection = self.resolve(scope, selection)
        return self._walk.analysis(scope, selection, model, prior)[0].fitted()

    @at_one_moment
    def responses(self, scope: Scope, selection: Selection) -> PreparedResponses:
        """The prepared answers of everybody in a selection."""
        return self._walk.prepared(scope, self.resolve(scope, selection).population())

    @at_one_moment
    def abilities(
        self,
        scope: Scope,
        selection: Selection,
        method: str = "EAP",
        model: Model | None = None,
        calibration: Calibration | None = None,
        prior: str | None = None,
    ) -> AbilityEstimates:
        """Abilities of the students of a selection, on its own calibration or a given one."""
        return estimate_abilities(*self._to_score(scope, selection, calibration, model, prior), method)

    @at_one_moment
    def probabilities(
        self,
        scope: Scope,
        selection: Selection,
        model: Model | None = None,
        calibration: Calibration | None = None,
        kind: str = "estimate",
        prior: str | None = None,
    ) -> Probabilities:
        """P(correct) of every student of a selection on every item, on its own calibration or a given one."""
        return probabilities(*self._to_score(scope, selection, calibration, model, prior), kind=kind)

    @at_one_moment
    def chances(
        self,
        scope: Scope,
        selection: Selection,
        model: Model | None = None,
        calibration: Calibration | None = None,
        kind: str = "estimate",
        prior: str | None = None,
    ) -> Chances:
        """:meth:`probabilities` of very many students: computed in parts, when these are looked at."""
        return Chances(*self._to_score(scope, selection, calibration, model, prior), kind)

    # Publishing ------------------------------------------------------------------------------------------------------

    @at_one_moment
    def publish(
        self,
        scope: Scope,
        selection: Selection,
        target: Target,
        *,
        model: Model | None = None,
        prior: str | None = None,
        calibration: Calibration | None = None,
        only: Collection[str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Receipt:
        """Publish item parameters, abilities and probabilities, in the place of what this selection had: all or none.

        Everybody of the selection (or of its class) is scored, whoever was drawn for the calibration.

        Parameters
        ----------
        scope, selection
        target : Target
            See :func:`irt.publishing.open_target`.
        model, prior
        calibration : Calibration, optional
            Of a file; default: that of the selection.
        only : collection of {"items", "abilities", "probabilities"}, optional
        tell : callable
            Told how far it is.

        Raises
        ------
        AccessError
            For a limited scope.
        TooFewAnswersError
            If there is no calibration.
        SourceError, ConfirmationNeeded
            If it fails; what was published before is as it was.
        """
        if scope != FULL_SCOPE:
            raise AccessError("Publishing hands out everybody's results, and your access is limited.")
        selection, results = self.resolve(scope, selection), results_of(only)
        if calibration is not None:
            publication = of_file(calibration, selection, self.stamp(), __version__, results)
        else:
            self.calibration(scope, selection, model, prior)
            report = replace(self.exam(scope, selection.population(), model, prior), selection=selection)
            publication = of_report(report, asked_for(model, prior, None), results)

        def everybody() -> ResponseMatrix:
            if selection.class_name is not None:
                return self._to_score(scope, selection, calibration, model, prior)[0]
            return self._walk.in_focus(scope, replace(selection, share=1.0)).matrix

        return publish(target, publication, self.source, everybody, tell)

    def handle(self, student_id: str) -> str:
        """The opaque name of a student in links: a keyed hash, so that no link or log holds the id.

        It is for ids. What callers without names get in their place are handles already.
        """
        return self._walk.handle(student_id)

    def _handles(self, scope: Scope) -> Callable[[str], str]:
        """From what the caller sees as a student's id to the handle."""
        return self._walk.handle if scope.names else str

    def _row(self, scope: Scope, selection: Selection, handle: str) -> int | None:
        """The row of a student among those whose answers were read to show the selection; None: not there."""
        wanted = self._walk.read_for(selection)

        def make() -> NDArray[np.bytes_]:
            prepared = self._walk.in_focus(scope, wanted)
            return np.array([*map(self._handles(scope), prepared.matrix.person_ids)], dtype=np.bytes_)

        found = np.flatnonzero(self._walk.kept("handles", scope, wanted, make) == handle.encode())
        return int(found[0]) if len(found) else None

    def _to_score(
        self,
        scope: Scope,
        selection: Selection,
        calibration: Calibration | None,
        model: Model | None,
        prior: str | None,
    ) -> tuple[ResponseMatrix, Calibration]:
        """The answers of the students in focus, and the calibration to score them on: theirs, or the given one."""
        selection = self.resolve(scope, selection)
        if calibration is not None:
            return self._walk.in_focus(scope, selection).matrix, calibration
        analysis, _ = self._walk.in_front(scope, selection, model, prior)
        return only_class(analysis.prepared, selection.class_name).matrix, analysis.fitted()


def open_service(settings: Settings) -> Service:
    """The service that the settings describe.

    The default embedded store is filled with the sample exams when it is empty, so that a fresh machine has something
    to show.

    Raises
    ------
    SourceError
        If the source cannot be opened.
    """
    source = open_source(settings)
    if isinstance(source, ParquetStore) and settings.is_default_folder and not source.catalogue(FULL_SCOPE).entries:
        for exam in sample_exams():
            source.add(exam.frame)
    return Service(
        source,
        calibrations=CalibrationFolder(settings.cache and settings.cache / "calibrations"),
        minimum_group=settings.minimum_group,
        secret=settings.link_key or kept_key(settings.cache),
        sample=settings.sample,
    )
