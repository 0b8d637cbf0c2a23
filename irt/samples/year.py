"""The simulated school year as tables: who was absent, who sat twice, and when each answer was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats
from irt.samples.draw import Codes, as_rows, draw_options
from irt.samples.frame import to_frame
from irt.samples.people import School, make_school
from irt.samples.plan import ExamPlan
from irt.samples.school import SEED, SUBJECTS, TERMS, school_year

if TYPE_CHECKING:
    import pandas as pd

#: Days on which the exams of the terms begin; each subject has a day of its own, science the last (so that it
#: is what a reader sees first: English item names, and something to find).
TERM_DAYS = ("2025-07-07", "2025-12-01", "2026-02-16")
#: What a student gains from one term to the next, in logits.
GROWTH = 0.2
#: Students of each exam without a row, and with rows but no answer.
N_WITHOUT_ROWS, N_ONLY_EMPTY = 6, 4
#: The student who never answers anything, by position.
NEVER_ANSWERS = 479
#: The exam that some students sat twice, by (subject, term) position.
REPEATED_EXAM = (0, 1)
N_REPEATED = 6


def simulated_year() -> Iterator[tuple[ExamPlan, pd.DataFrame]]:
    """Each exam of the simulated school year with its responses table. The same in every run."""
    rng = np.random.default_rng(SEED)
    school = make_school(len(SUBJECTS), rng)
    for number, plan in enumerate(school_year()):
        subject, term = divmod(number, len(TERMS))
        theta = school.ability[:, subject] + GROWTH * (term - 1)
        day = np.datetime64(TERM_DAYS[term], "us") + np.timedelta64((subject + 2) % len(SUBJECTS), "D")
        yield plan, _exam_frame(plan, school, theta, day, rng, repeated=(subject, term) == REPEATED_EXAM)


def _exam_frame(
    plan: ExamPlan, school: School, theta: Floats, day: np.datetime64, rng: np.random.Generator, *, repeated: bool
) -> pd.DataFrame:
    """The responses table of one exam."""
    import pandas as pd

    chosen = draw_options(plan, theta, school.female, rng)
    away = rng.choice(NEVER_ANSWERS, N_WITHOUT_ROWS + N_ONLY_EMPTY, replace=False)
    chosen[away[N_WITHOUT_ROWS:]] = -1
    chosen[NEVER_ANSWERS] = -1
    present = np.ones(len(theta), dtype=bool)
    present[away[:N_WITHOUT_ROWS]] = False
    frame = _sitting(plan, school, chosen, present, day + np.timedelta64(9, "h"), rng)
    if not repeated:
        return frame
    again = np.zeros(len(theta), dtype=bool)
    again[rng.choice(np.setdiff1d(np.arange(NEVER_ANSWERS), away), N_REPEATED, replace=False)] = True
    second = draw_options(plan, theta + 2 * GROWTH, school.female, rng)
    retake = _sitting(plan, school, second, again, day + np.timedelta64(7 * 24 + 15, "h"), rng).assign(attempt=2)
    return pd.concat([frame, retake], ignore_index=True)


def _sitting(
    plan: ExamPlan,
    school: School,
    chosen: Codes,
    present: NDArray[np.bool_],
    start: np.datetime64,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """One sitting of an exam: a row for each student who was there and each item, at about a minute an item."""
    rows = as_rows(plan, school.persons, chosen)
    seconds = np.cumsum(rng.uniform(30, 100, chosen.shape), axis=1).astype("timedelta64[s]")
    return to_frame(rows, plan.subject, plan.exam, start + seconds.ravel())[np.repeat(present, chosen.shape[1])]
