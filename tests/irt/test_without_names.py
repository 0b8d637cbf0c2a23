"""What a caller without names gets of every question. Invariant: no id, no name, no small group; the same numbers."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from irt.errors import AccessError, IrtError, NotFoundError, SelectionError, TooFewAnswersError
from irt.selection import FULL_SCOPE, Scope, Selection
from irt.serialise import catalogue_table, records
from irt.service import Service
from irt.sources import ParquetStore
from tests.irt.warehouse.warehouse_openers import warehouse_table
from tests.small_groups import CLASSES, JUNE, MAY, RETAKE, SECRET, SUBJECT, school

NAMELESS = Scope(names=False)
IN_MAY = Selection(SUBJECT, (MAY,))
IN_A = replace(IN_MAY, class_name="A")
BOTH = Selection(SUBJECT, (MAY, JUNE))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    store = ParquetStore(tmp_path_factory.mktemp("school"))
    store.add(school())
    return Service(store, secret=b"k" * 32)


#: Every question about answers, as a caller may ask it.
QUESTIONS: dict[str, Callable[[Service, Scope], Any]] = {
    "catalogue": lambda s, scope: s.catalogue(scope),
    "exam": lambda s, scope: s.exam(scope, IN_MAY),
    "exam of a class": lambda s, scope: s.exam(scope, IN_A),
    "exams together": lambda s, scope: s.exam(scope, BOTH),
    "item": lambda s, scope: s.item(scope, IN_A, "q1"),
    "students": lambda s, scope: s.students(scope, IN_MAY),
    "students of a class": lambda s, scope: s.students(scope, IN_A),
    "student": lambda s, scope: s.student(scope, IN_MAY, s.handle(f"{SECRET}-C-01")),
    "class map": lambda s, scope: s.class_map(scope, IN_A),
    "policies": lambda s, scope: s.compare_policies(scope, IN_MAY),
    "responses": lambda s, scope: s.responses(scope, IN_MAY),
    "calibration": lambda s, scope: s.calibration(scope, IN_MAY),
    "abilities": lambda s, scope: s.abilities(scope, IN_MAY),
    "probabilities": lambda s, scope: s.probabilities(scope, IN_A),
    "chances": lambda s, scope: s.chances(scope, IN_MAY).of(slice(0, 9)),
    "fit": lambda s, scope: s.fit(scope, IN_MAY),
    "model fit": lambda s, scope: s.model_fit(scope, IN_MAY),
    "dimension": lambda s, scope: s.dimension(scope, IN_MAY),
    "score table": lambda s, scope: s.score_table(scope, IN_MAY),
    "precision": lambda s, scope: s.precision(scope, IN_MAY),
    "models": lambda s, scope: s.compare_models(scope, IN_MAY),
    "prediction": lambda s, scope: s.prediction(scope, IN_MAY),
    "groups": lambda s, scope: s.dif(scope, IN_MAY, "gender"),
    "drift": lambda s, scope: s.drift(scope, BOTH),
    "counts": lambda s, scope: s.counts(scope, IN_A),
}


def texts(found: object) -> Iterator[str]:
    """Every text within a result."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from texts(key)
            yield from texts(value)
    elif is_dataclass(found) and not isinstance(found, type):
        if isinstance(found, Sequence):
            yield from texts(list(found))
        for field in fields(found):
            yield from texts(getattr(found, field.name))
    elif isinstance(found, np.ndarray) and found.dtype.kind in "OUS":
        yield from map(str, found.ravel().tolist())
    elif isinstance(found, list | tuple | set | frozenset):
        for member in found:
            yield from texts(member)


@pytest.mark.parametrize("name", QUESTIONS)
def test_invariant_no_answer_holds_an_id_or_a_name(service: Service, name: str) -> None:
    held = " ".join(texts(QUESTIONS[name](service, NAMELESS)))
    assert SECRET not in held
    assert "Hana" not in held


def test_invariant_the_same_look_finds_ids_and_names_where_they_may_be_seen(service: Service) -> None:
    held = " ".join(texts(service.students(FULL_SCOPE, IN_MAY)))
    assert f"{SECRET}-C-01" in held
    assert "Hana secret C1" in held


def test_contract_every_question_was_asked() -> None:
    """Every method of the service that takes a scope and a selection is in the list above, but for these."""
    no_answers = {"resolve", "publish", "degraded", "without_classes"}
    asked = Path(__file__).read_text()
    questions = [
        name
        for name, method in inspect.getmembers(Service, callable)
        if not name.startswith("_") and {"scope", "selection"} <= set(inspect.signature(method).parameters)
    ]
    assert len(questions) > 20
    assert [name for name in questions if name not in no_answers and f"s.{name}(" not in asked] == []


def test_identity_pseudonyms_are_the_handles_of_everybody_and_the_numbers_are_the_same(service: Service) -> None:
    named = {s.handle: s for s in service.students(FULL_SCOPE, IN_MAY).students}
    nameless = {s.handle: s for s in service.students(NAMELESS, IN_MAY).students}
    assert nameless.keys() == named.keys()
    for handle, student in nameless.items():
        assert student.student_id == handle == service.handle(named[handle].student_id)
        assert (student.score, student.items_answered) == (named[handle].score, named[handle].items_answered)
        assert student.theta == pytest.approx(named[handle].theta, abs=1e-6)
        assert student.pseudonymous
        assert not named[handle].pseudonymous
    assert list(nameless) == sorted(nameless), "the order tells nothing"


def test_contract_one_student_is_found_by_the_same_handle(service: Service) -> None:
    handle = service.handle(f"{SECRET}-C-01")
    one, same = (service.student(scope, IN_MAY, handle).student for scope in (NAMELESS, FULL_SCOPE))
    assert (one.score, one.class_name, one.name) == (same.score, None, None)
    assert (same.class_name, same.name) == ("C", "Hana secret C1")


def test_contract_small_groups_are_not_there(service: Service) -> None:
    catalogue = service.catalogue(NAMELESS)
    assert [(e.exam, e.class_name, e.n_students) for e in catalogue.entries] == [
        (JUNE, "A", 30),
        (JUNE, None, 25),
        (MAY, "A", 29),
        (MAY, None, 18),
    ]
    assert RETAKE in service.catalogue(FULL_SCOPE).exams(SUBJECT)
    assert service.catalogue(FULL_SCOPE).smallest_group == 0
    table = catalogue_table(catalogue)
    assert "fewer than 10 students" in table.warnings[0]
    assert min(row["n_students"] for row in records(table)) >= 10


@pytest.mark.parametrize("hidden", ["B", "C"])
@pytest.mark.parametrize("exams", [(MAY,), (JUNE,), (MAY, JUNE)])
def test_invariant_a_hidden_class_cannot_be_asked_for(service: Service, hidden: str, exams: tuple[str, ...]) -> None:
    asked = Selection(SUBJECT, exams, hidden)
    for question in (service.students, service.exam, service.counts, service.class_map, service.abilities):
        with pytest.raises(NotFoundError, match=r"There is: A\."):
            question(NAMELESS, asked)  # type: ignore[operator]
    assert len(service.students(FULL_SCOPE, replace(asked, exams=(MAY,))).students) == CLASSES[hidden]


@pytest.mark.parametrize("asked", [IN_MAY, BOTH, Selection(SUBJECT, (JUNE,))])
def test_invariant_what_is_told_of_students_groups_many_of_them(service: Service, asked: Selection) -> None:
    listed = service.students(NAMELESS, asked).students
    sizes = Counter((student.class_name, student.grade) for student in listed)
    assert set(sizes) == {("A", None), (None, "7")}, "the repeater's grade would stand out in A"
    assert min(sizes.values()) >= 10


def test_message_an_exam_of_a_few_is_not_there(service: Service) -> None:
    with pytest.raises(NotFoundError, match="There is: June, May"):
        service.exam(NAMELESS, Selection(SUBJECT, (RETAKE,)))
    assert service.counts(FULL_SCOPE, Selection(SUBJECT, (RETAKE,))).n_students == 5


def test_message_groups_by_class_are_those_that_are_shown(service: Service) -> None:
    with pytest.raises(TooFewAnswersError, match=r"there is: A \(29\)"):
        service.dif(NAMELESS, IN_MAY, "class_name")
    with pytest.raises(TooFewAnswersError, match="fewer than 10"):
        service.dif(NAMELESS, IN_MAY, "gender", "male", "x")


def test_message_a_share_of_ones_own_is_refused(service: Service) -> None:
    for question in (service.exam, service.counts, service.abilities):
        with pytest.raises(SelectionError, match="who is drawn would tell who is who"):
            question(NAMELESS, replace(IN_MAY, share=0.31))  # type: ignore[operator]
    assert service.exam(FULL_SCOPE, replace(IN_MAY, share=0.9)).scores.n_students > 0


def test_message_a_sample_of_a_few_has_no_results(service: Service) -> None:
    sampling = Service(service.source, sample=4)
    drawn = sampling.exam(FULL_SCOPE, IN_MAY).scores.n_students
    assert 0 < drawn < 10
    for question in (sampling.exam, sampling.students, sampling.abilities):
        with pytest.raises(TooFewAnswersError, match="fewer than 10 students are not shown without names"):
            question(NAMELESS, IN_MAY)  # type: ignore[operator]
    with pytest.raises(TooFewAnswersError, match="fewer than 10"):
        sampling.counts(NAMELESS, sampling.resolve(NAMELESS, IN_MAY))
    assert sampling.counts(NAMELESS, IN_MAY).n_students == 47


def test_contract_a_class_of_a_sampled_exam_is_shown_as_a_whole(service: Service) -> None:
    sampling = Service(service.source, sample=40)
    assert len(sampling.students(NAMELESS, IN_A).students) == 29


def test_contract_a_warehouse_keeps_the_same_from_them(tmp_path: Path, service: Service) -> None:
    with warehouse_table(tmp_path) as opened:
        other = Service(opened(school()), secret=b"k" * 32)
        assert other.catalogue(NAMELESS).entries == service.catalogue(NAMELESS).entries
        ours, theirs = service.students(NAMELESS, IN_MAY).students, other.students(NAMELESS, IN_MAY).students
        assert [(s.handle, s.class_name, s.grade, s.score) for s in theirs] == [
            (s.handle, s.class_name, s.grade, s.score) for s in ours
        ]
        assert other.counts(NAMELESS, IN_A).scores == service.counts(NAMELESS, IN_A).scores
        with pytest.raises(NotFoundError, match=r"There is: A\."):
            other.counts(NAMELESS, replace(IN_MAY, class_name="C"))


# Limited scopes -----------------------------------------------------------------------------------------------------


def test_contract_a_teacher_sees_their_class_alone(service: Service) -> None:
    """Of a scope with one class this is everything there is: no total, time or sentence tells of others."""
    mine = Scope(classes=frozenset({"A"}), names=False)
    assert [(e.exam, e.class_name, e.n_students) for e in service.catalogue(mine).entries] == [
        (JUNE, "A", 30),
        (MAY, "A", 29),
    ]
    assert service.catalogue(mine).exam_sizes[SUBJECT, MAY] == (29, 8, 232)
    assert service.catalogue(mine).merged == frozenset()
    assert service.exam(mine, IN_MAY).scores.n_students == service.counts(mine, IN_MAY).n_students == 29
    assert service.counts(mine, IN_MAY).n_rows == 240
    with pytest.raises(NotFoundError, match=r"There is: A\."):
        service.exam(mine, replace(IN_MAY, class_name="B"))


def test_contract_a_small_class_is_shown_to_whom_it_is_granted_with_names(service: Service) -> None:
    mine = Scope(classes=frozenset({"C"}))
    assert service.catalogue(mine).exam_sizes == {(SUBJECT, JUNE): (11, 8, 88), (SUBJECT, MAY): (4, 8, 32)}
    assert len(service.students(mine, IN_MAY).students) == 4
    hidden = service.catalogue(replace(mine, names=False))
    assert list(hidden.exam_sizes) == [(SUBJECT, JUNE)]


NOTHING: frozenset[str] = frozenset()


@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("limit", ["subjects", "exams", "classes"])
def test_contract_an_empty_list_sees_nothing(service: Service, limit: str, names: bool) -> None:
    scope = Scope(**{limit: NOTHING}, names=names)  # type: ignore[arg-type]
    assert service.catalogue(scope).entries == ()
    assert service.catalogue(scope).exam_sizes == {}
    for name, question in QUESTIONS.items():
        if name == "catalogue":
            continue
        with pytest.raises(NotFoundError, match=r"There is no subject (to show yet|'Maths')") as found:
            question(service, scope)
        assert not re.search("May|June|Retake|LSAT", found.value.message)


@pytest.mark.parametrize("scope", [NAMELESS, Scope(classes=frozenset({"A"})), Scope(exams=frozenset({MAY}))])
def test_contract_limited_callers_change_nothing(service: Service, scope: Scope) -> None:
    assert not service.may_import(scope)
    with pytest.raises(AccessError):
        service.import_table(scope, service.preview_import(b"student_id,item_id,correct\ns,q,1\n", "a.csv", options()))
    with pytest.raises(AccessError):
        service.publish(scope, IN_MAY, None)  # type: ignore[arg-type]
    if scope != NAMELESS:
        for question in (service.spending, service.stop_reading):
            with pytest.raises(AccessError):
                question(scope)


def options() -> Any:
    from irt.files import ImportOptions

    return ImportOptions("Maths", "May")


def test_message_no_refusal_quotes_an_id(service: Service) -> None:
    """What is refused is said in words that hold no student, even where one was named rightly."""
    for asked in (
        lambda: service.student(NAMELESS, IN_MAY, f"{SECRET}-C-01"),
        lambda: service.exam(NAMELESS, replace(IN_MAY, exams=(RETAKE,))),
        lambda: service.dif(NAMELESS, IN_MAY, "student_name"),
    ):
        with pytest.raises(IrtError) as found:
            asked()
        assert SECRET not in found.value.message + json.dumps(found.value.facts, default=str)
