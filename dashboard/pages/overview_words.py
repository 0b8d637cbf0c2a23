"""What is said about an exam: a sentence that follows from its reliability and its verdicts."""

from __future__ import annotations

from math import isfinite

from dashboard.verdicts import is_apart_so_far
from dashboard.words import count, say
from irt.reports import ExamReport
from irt.verdicts import Level

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
    word = separation(report)
    several = len(report.selection.exams) > 1
    separates = say(f"overview.together_{word}" if several else f"overview.separates_{word}")
    if fine == total:
        return f"{separates} {say('overview.items_all_well', total=total)}"
    if few > total / 2:
        return f"{separates} {_mostly_open(report, fine, look, few)}"
    parts = [count("overview.items_well", fine, total=total) if fine else say("overview.items_none_well", total=total)]
    if look:
        parts.append(count("overview.look", look))
    if few:
        parts.append(count("overview.too_few", few))
    return f"{separates} {'; '.join(parts)}."


def _mostly_open(report: ExamReport, fine: int, look: int, few: int) -> str:
    """Where most items have too few answers for a verdict: that first, then what can be said already."""
    unsure = [item for item in report.items if item.verdict.level is Level.TOO_FEW]
    apart = sum(any(is_apart_so_far(finding.facts) for finding in item.verdict.findings) for item in unsure)
    known = []
    if fine:
        known.append(count("overview.known_well", fine))
    if look:
        known.append(count("overview.look", look))
    total = len(report.items)
    all_open = few == total
    parts = [count("overview.all_open", few) if all_open else say("overview.mostly_open", n=few, total=total)]
    if apart:
        parts.append(count("overview.apart_so_far", apart))
    opened = "; ".join(parts)
    return f"{opened}. {say('overview.known', known=say('overview.and').join(known))}" if known else f"{opened}."
