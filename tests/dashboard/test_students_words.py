"""The sentence about a student says what the report holds, and nothing that it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
import report_values as values

from dashboard.pages import students_words as words


def full(**changes):
    """A student who answered everything."""
    expected = {"expected_score": 24.5, "expected_lower": 22.0, "expected_upper": 27.0}
    student = values.student(1, name="Haruka", score=24, items_answered=36, **expected)
    made = {"student": student, "max_score": 36, "repeat_lower": 22, "repeat_upper": 27, "group_median": 23.0}
    return values.student_report(**(made | changes))


def test_message_names_score_middle_and_range() -> None:
    assert words.headline(full()) == ("Haruka’s 24 of 36 is about the middle of 1-A. On a repeat, expect 22 to 27.")


@pytest.mark.parametrize(("median", "place"), [(21.5, "above"), (22.0, "about"), (27.0, "about"), (27.5, "below")])
def test_invariant_above_and_below_only_when_the_interval_excludes_the_middle(median: float, place: str) -> None:
    assert words.place(full(group_median=median)) == f"{place} the middle of 1-A"


def test_message_without_a_class_compares_with_everybody() -> None:
    assert "the middle of all students" in words.headline(full(group_label=None))


def test_message_missing_is_not_wrong() -> None:
    report = values.student_report()
    assert words.headline(report).startswith("Haruka Sato answered 4 of 6 items, 3 of them right. On the whole exam")
    assert words.missing_note(report) == "2 missing answers are left out: a missing answer is not a wrong one."


def test_message_missing_counted_as_wrong_is_said() -> None:
    chances = tuple(replace(c, correct=0) if c.missing == "omitted" else c for c in values.student_report().chances)
    report = values.student_report(chances=chances)
    assert "1 missing answer is counted as wrong" in words.missing_note(report)
    assert "1 missing answer is left out" in words.missing_note(report)
    assert words.answered(chances[3]) == "not answered, counted as wrong"


def test_message_never_asked_is_not_called_missing() -> None:
    report = values.student_report(chances=(values.chance(1, 0.5, None, missing="not administered"),))
    assert words.missing_note(report) == ""
    assert words.answered(report.chances[0]) == "not asked"


def test_message_single_surprise_names_item_and_chance() -> None:
    assert words.surprises(values.student_report()) == (
        "One answer is a surprise: “Add fractions” was missed, though a right answer was expected (93\u00a0%)."
    )


def test_message_several_surprises_are_counted_by_direction() -> None:
    chances = (
        values.chance(1, 0.95, 0, surprise=True),
        values.chance(2, 0.92, 0, surprise=True),
        values.chance(3, 0.05, 1, surprise=True),
    )
    said = words.surprises(values.student_report(chances=chances))
    assert said.startswith("3 answers are surprises: 2 missed against expectation, 1 right")


def test_message_no_surprise() -> None:
    assert words.surprises(values.student_report(chances=())) == "No answer is a surprise."


@pytest.mark.parametrize(
    ("correct", "answer", "key", "said"),
    [
        (1, None, None, "right"),
        (1, "B", "B", "right (B)"),
        (0, None, None, "wrong"),
        (0, "C", None, "wrong: chose C"),
        (0, "C", "B", "wrong: chose C, right is B"),
    ],
)
def test_message_answer_with_options(correct: int, answer: str | None, key: str | None, said: str) -> None:
    assert words.answered(values.chance(1, 0.5, correct, answer=answer, answer_key=key)) == said


def test_message_student_without_a_name_is_their_number() -> None:
    assert words.name_of(values.student(4)) == "Student 004"


def listed(p_values: list[float], answered: int = 36) -> list[values.StudentSummary]:
    return [values.student(k, items_answered=answered, p_value_fit=p) for k, p in enumerate(p_values)]


def test_invariant_unusual_patterns_are_named_only_after_adjustment_for_how_many_were_looked_at() -> None:
    alone, among = listed([0.03]), listed([0.03, *[0.5] * 39])
    assert words.unusual(alone) == {"handle0"}
    assert words.unusual(among) == frozenset()
    assert words.unusual(listed([0.0001, *[0.5] * 39])) == {"handle0"}


def test_invariant_short_tests_and_unknown_fits_name_nobody() -> None:
    assert words.unusual(listed([1e-9, values.NAN], answered=words.FEWEST_ITEMS - 1)) == frozenset()
    assert words.unusual(listed([values.NAN, values.NAN])) == frozenset()
    assert words.unusual([]) == frozenset()
