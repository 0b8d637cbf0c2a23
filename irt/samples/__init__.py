"""Sample exams: LSAT6 and LSAT7, and a simulated school year with planted faults; helpers that draw answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from irt.samples.draw import draw_exam, simulate_2pl
from irt.samples.frame import to_frame
from irt.samples.lsat import LSAT6_COUNTS, LSAT7_COUNTS, lsat, lsat_rows
from irt.samples.plan import ExamPlan, Fault, PlannedItem
from irt.samples.school import find_plan, school_year
from irt.samples.year import simulated_year

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LSAT6_COUNTS",
    "LSAT7_COUNTS",
    "ExamPlan",
    "Fault",
    "PlannedItem",
    "SampleExam",
    "draw_exam",
    "find_plan",
    "lsat",
    "sample_exams",
    "school_year",
    "simulate_2pl",
    "simulated_year",
    "to_frame",
]

#: The subject under which the two law school sections are filed.
LSAT_SUBJECT = "Law School Admission Test"


@dataclass(frozen=True, slots=True)
class SampleExam:
    """A sample exam: its name, and its answers in the layout of the responses table (a pandas DataFrame)."""

    name: str
    frame: pd.DataFrame


def sample_exams() -> list[SampleExam]:
    """LSAT6 and LSAT7 (real), and the twelve exams of the simulated school year. The same in every run."""
    real = [
        SampleExam(f"LSAT section {section}", to_frame(lsat_rows(counts, section), LSAT_SUBJECT, f"Section {section}"))
        for section, counts in ((6, LSAT6_COUNTS), (7, LSAT7_COUNTS))
    ]
    return real + [SampleExam(f"{plan.subject}, {plan.exam}", frame) for plan, frame in simulated_year()]
