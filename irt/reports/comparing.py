"""Groups of students and exams beside each other: fairness of items, and items that drift."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from irt.analysis import Analysis
from irt.comparing import DifResult, Drift, dif, drift
from irt.errors import NotFoundError, TooFewAnswersError
from irt.reports.provenance import Provenance
from irt.responses import PreparedResponses
from irt.responses.rows import Column


@dataclass(frozen=True, slots=True)
class DifReport:
    """Whether items favour one of two groups of equally able students.

    ``group`` is the property that splits students; ``groups`` its values with their numbers of students, largest
    first, without groups too small to be compared. ``item_names`` is in the order of ``result``.
    """

    group: str
    result: DifResult
    item_names: tuple[str, ...]
    groups: tuple[tuple[str, int], ...]
    provenance: Provenance
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Whether items that two exams share became harder or easier, on the scale of the base exam."""

    base_exam: str
    new_exam: str
    drift: Drift
    item_names: tuple[str, ...]
    provenance: Provenance
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """Two groups of students to compare: by which property, and which values (None: the largest groups)."""

    group: str
    reference: str | None = None
    focal: str | None = None
    purify: bool = False


def group_column(prepared: PreparedResponses, group: str) -> Column:
    """The value of each student of a property, class or grade. Raises NotFoundError with what there is."""
    persons = prepared.persons
    known = {**persons.properties, "class_name": persons.classes, "student_grade": persons.grades}
    found = {name: column for name, column in known.items() if any(value is not None for value in column)}
    if group not in found:
        names = ", ".join(found) or "nothing"
        raise NotFoundError(
            f"There is no column {group!r} that splits these students into groups. There is: {names}.", group=group
        )
    return found[group]


def dif_report(prepared: PreparedResponses, asked: Groups, smallest: int, provenance: Provenance) -> DifReport:
    """Do the items treat two groups alike?

    Parameters
    ----------
    prepared : PreparedResponses
    asked : Groups
    smallest : int
        Smallest group of students that is compared with another.
    provenance : Provenance

    Raises
    ------
    NotFoundError
        If no column or value of this name splits the students.
    TooFewAnswersError
        If fewer than two groups are large enough.
    """
    column = group_column(prepared, asked.group)
    sizes = Counter(value for value in column if value is not None)
    _check_groups(asked, sizes, smallest)
    result = dif(prepared.matrix, column, asked.reference, asked.focal, purify=asked.purify)
    left_out = sum(value is None for value in column)
    warnings = (f"{left_out:,} students have no {asked.group} and are left out.",) if left_out else ()
    groups = tuple((value, n) for value, n in sizes.most_common() if n >= smallest)
    return DifReport(asked.group, result, prepared.items.names, groups, provenance, warnings)


def _check_groups(asked: Groups, sizes: Counter[str], smallest: int) -> None:
    """Refuse groups that are not there, and groups too small to be compared; how small these are is not said."""
    few = f"fewer than {smallest}"
    there = ", ".join(f"{value} ({n if n >= smallest else few})" for value, n in sizes.most_common(12))
    for value in (asked.reference, asked.focal):
        if value is not None and value not in sizes:
            raise NotFoundError(f"There is no {asked.group} {value!r}. There is: {there}.", group=asked.group)
    if asked.reference is not None and asked.reference == asked.focal:
        raise NotFoundError(f"The reference and the focal group are both {asked.focal!r}: name two groups.")
    wanted = [value for value in (asked.reference, asked.focal) if value is not None]
    small = [value for value in wanted if sizes[value] < smallest]
    enough = sum(n >= smallest for n in sizes.values())
    if small or enough < 2:
        raise TooFewAnswersError(
            f"Groups are compared from {smallest} students each; of {asked.group} there is: {there or 'nothing'}.",
            group=asked.group,
            smallest=smallest,
        )


def drift_report(base: Analysis, new: Analysis, exams: tuple[str, str], provenance: Provenance) -> DriftReport:
    """Did items change from one exam to the next? ``exams`` names base and new.

    Raises
    ------
    TooFewAnswersError
        If one of them cannot be calibrated.
    """
    found = drift(new.fitted(), base.fitted())
    names = dict(zip(base.fitted().items.item_ids, base.fitted().item_names, strict=True))
    warnings = [f"{exams[k]}: {warning}" for k, analysis in enumerate((base, new)) for warning in analysis.warnings()]
    both = set(base.prepared.matrix.person_ids) & set(new.prepared.matrix.person_ids)
    if both:
        warnings.append(
            f"{len(both):,} students sat both exams. The tests take the two groups for independent, and say less of an "
            "item that all of them remember or have learned meanwhile."
        )
    item_names = tuple(names.get(item_id, item_id) for item_id in found.item_ids)
    return DriftReport(exams[0], exams[1], found, item_names, provenance, tuple(warnings))
