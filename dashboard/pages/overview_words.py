"""What is said about an exam: a sentence that follows from its reliability and its verdicts."""

from __future__ import annotations

from math import isfinite

from dashboard.words import count, say
from irt.diagnostics import Level
from irt.reports import ExamReport

#: Lowest reliability for each word (Nunnally & Bernstein 1994; the usual .9/.8/.7).
_STEPS = ((0.9, "very_well"), (0.8, "well"), (0.7, "fairly"), (0.5, "roughly"))

#: An interval of the reliability wider than this says nothing that a word could hold.
_TOO_WIDE = 0.25


def separation(report: ExamReport) -> str:
    """How well the exam separates students, as the name of a word."""
    alpha, width = report.alpha, report.alpha_upper - report.alpha_lower
    if not isfinite(alpha) or not isfinite(width) or width > _TOO_WIDE:
        return "unknown"
    return next((word for lowest, word in _STEPS if alpha >= lowest), "hardly")


def headline(report: ExamReport) -> str:
    """The exam in one or two sentences."""
    counts, total = report.level_counts(), len(report.items)
    fine = counts[Level.WORKS_WELL] + counts[Level.NOTE]
    look = counts[Level.LOOK_AGAIN] + counts[Level.WEAK]
    few = counts[Level.TOO_FEW]
    separates = say(f"overview.separates_{separation(report)}")
    if fine == total:
        return f"{separates} {say('overview.items_all_well', total=total)}"
    parts = [count("overview.items_well", fine, total=total) if fine else say("overview.items_none_well", total=total)]
    if look:
        parts.append(count("overview.look", look))
    if few:
        parts.append(count("overview.too_few", few))
    return f"{separates} {'; '.join(parts)}."
