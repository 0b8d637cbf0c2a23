"""The questions a reader asks. Dashboard, API and command line talk to nothing else."""

from __future__ import annotations

from irt.reports import (
    ClassMap,
    ExamReport,
    ItemCurve,
    PolicyComparison,
    StudentList,
    StudentReport,
)
from irt.scoring import AbilityEstimates, Probabilities
from irt.selection import Scope, Selection
from irt.sources import Catalogue, ResponseSource


class Service:
    """Answers questions about exams; every method takes the caller's scope and may be called from any thread."""

    def __init__(self, source: ResponseSource) -> None:
        self._source = source

    def catalogue(self, scope: Scope) -> Catalogue:
        """Subjects, exams and classes with counts."""

    def exam(
        self, scope: Scope, selection: Selection, model: str | None = None, prior: str | None = None
    ) -> ExamReport:
        """Everything about an exam and each of its items. model None: chosen by answers per item."""

    def item(self, scope: Scope, selection: Selection, item_id: str, model: str | None = None) -> ItemCurve:
        """One item closely: curve, observed groups, options."""

    def students(self, scope: Scope, selection: Selection) -> StudentList:
        """Students with scores and abilities."""

    def student(self, scope: Scope, selection: Selection, handle: str) -> StudentReport:
        """One student (by handle): chances on every item."""

    def class_map(self, scope: Scope, selection: Selection, limit: int = 60) -> ClassMap:
        """Students x items."""

    def compare_policies(self, scope: Scope, selection: Selection) -> PolicyComparison:
        """Which verdicts depend on how missing answers are counted."""

    def abilities(
        self, scope: Scope, selection: Selection, method: str = "EAP", model: str | None = None
    ) -> AbilityEstimates:
        """Abilities of the students of the selection."""

    def probabilities(self, scope: Scope, selection: Selection, model: str | None = None) -> Probabilities:
        """P(correct) of every student of the selection on every item."""
