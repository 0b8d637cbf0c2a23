"""What is said about a student: a sentence that follows from the report and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from dashboard.numbers import number, percent
from dashboard.people import column
from dashboard.words import count, say
from irt.reports import ItemChance, StudentReport, StudentSummary

#: Digits of a pseudonym that are shown: enough to tell the students of a school apart, few enough to read out.
SHOWN_DIGITS = 6
#: Answers below which nothing is said about how they go together; the share of false alarms that is put up with.
FEWEST_ITEMS, LEVEL = 15, 0.05


def name_of(student: StudentSummary) -> str:
    """The name that may be shown: the student's, or their number, or the first digits of their pseudonym."""
    number = student.student_id[:SHOWN_DIGITS] if student.pseudonymous else student.student_id
    return student.name or say("students.unnamed", student_id=number)


def headline(report: StudentReport) -> str:
    """Where the student stands, in one sentence.

    Above or below the middle is said only where the 95 % interval of the student's expected score leaves it out: a
    student whose interval holds the middle cannot be told from it.
    """
    student = report.student
    facts = {
        "name": name_of(student),
        "whose": say("students.possessive", name=name_of(student)),
        "score": student.score,
        "answered": student.items_answered,
        "max_score": report.max_score,
        "lower": report.repeat_lower,
        "upper": report.repeat_upper,
        "place": place(report),
    }
    if student.items_answered < report.max_score:
        return say("students.sentence_partial", **facts)
    return say("students.sentence" if report.group_n > 1 else "students.sentence_alone", **facts)


def place(report: StudentReport) -> str:
    """Above, about or below the middle of the class (or of everybody)."""
    where, student = "about", report.student
    if student.expected_lower > report.group_median:
        where = "above"
    elif student.expected_upper < report.group_median:
        where = "below"
    if report.group_label is None:
        return say(f"students.{where}_all")
    return say(f"students.{where}_class", group=report.group_label)


def surprises(report: StudentReport) -> str:
    """Which answers were not to be expected."""
    found = [chance for chance in report.chances if chance.surprise]
    missed = [chance for chance in found if not chance.correct]
    if not found:
        return say("students.no_surprise")
    if len(found) > 1:
        return say("students.some_surprises", n=len(found), missed=len(missed), lucky=len(found) - len(missed))
    only = found[0]
    key = "students.one_missed" if missed else "students.one_lucky"
    return say(key, item=only.item_name, chance=percent(only.probability))


def unusual(students: Sequence[StudentSummary], among: Sequence[StudentSummary] | None = None) -> frozenset[str]:
    """Handles of students whose answers surely do not go together, judged among all who sat the exam.

    Where many are looked at, some look odd by chance: of those that are named here, one in twenty at most is expected
    to be (the step-up rule of Benjamini and Hochberg).
    """
    limit = odd_from(students if among is None else among)
    places = [place for place, p in enumerate(_tested(students)) if p <= limit]
    return frozenset(students[place].handle for place in places)


def odd_from(students: Sequence[StudentSummary]) -> float:
    """The largest p-value of those among these students whose answers surely do not go together; -1 without any."""
    ranked = sorted(p for p in _tested(students) if p <= 1)
    last = max((k for k, p in enumerate(ranked, start=1) if p <= LEVEL * k / len(ranked)), default=0)
    return ranked[last - 1] if last else -1.0


def _tested(students: Sequence[StudentSummary]) -> list[float]:
    """Each student's p-value; 2 where there are too few answers for one."""
    answered, p_values = column(students, "items_answered"), column(students, "p_value_fit")
    return [p if n >= FEWEST_ITEMS and isfinite(p) else 2.0 for n, p in zip(answered, p_values, strict=True)]


def missing_note(report: StudentReport) -> str:
    """How this student's missing answers were counted; empty without any (what was never asked is not missing)."""
    missing = [c for c in report.chances if c.missing in ("omitted", "not reached")]
    counted = sum(c.correct is not None for c in missing)
    parts = [
        count("students.counted_wrong", counted) if counted else "",
        count("students.not_counted", len(missing) - counted) if len(missing) > counted else "",
    ]
    return " ".join(part for part in parts if part)


def middle_score(score: float) -> str:
    """A median of scores: whole or a half."""
    return number(score, 0 if score == int(score) else 1)


def middle_note(report: StudentReport) -> str:
    """The middle of the group with its N."""
    return say("students.lead_middle", n=report.group_n, median=middle_score(report.group_median))


def answered(chance: ItemChance) -> str:
    """What the student did with an item, in words."""
    if chance.correct is None:
        return missing_word(chance.missing)
    if chance.missing:
        return say("students.as_wrong", what=missing_word(chance.missing))
    if chance.correct:
        return say("students.right_option", answer=chance.answer) if chance.answer else say("students.right")
    if chance.answer and chance.answer_key:
        return say("students.wrong_option", answer=chance.answer, key=chance.answer_key)
    return say("students.wrong_answer", answer=chance.answer) if chance.answer else say("students.wrong")


def missing_word(missing: str) -> str:
    """The word for an answer that is not there."""
    words = {"omitted": "omitted", "not reached": "not_reached", "not administered": "not_administered"}
    return say(f"students.{words.get(missing, 'missing')}")
