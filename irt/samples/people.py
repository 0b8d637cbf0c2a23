"""The students of the simulated school year: 480 invented names in 12 classes of 3 grades, with abilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.items import Floats
from irt.responses import PersonTable
from irt.samples.names import FAMILY, FAMILY_LATIN, FEMALE, FEMALE_LATIN, MALE, MALE_LATIN

GRADES = ("7", "8", "9")
CLASSES = "ABCD"
PER_CLASS = 40
N_STUDENTS = len(GRADES) * len(CLASSES) * PER_CLASS
#: One name in this many is written in Latin letters.
LATIN_EVERY = 5


@dataclass(frozen=True, slots=True)
class School:
    """The students, and their ability in each subject, shape (n_students, n_subjects), about N(0, 1)."""

    persons: PersonTable
    ability: Floats
    female: NDArray[np.bool_]


def make_school(n_subjects: int, rng: np.random.Generator) -> School:
    """Students by class, with correlated abilities: a general part, classes and grades that differ a little."""
    classroom = np.repeat(np.arange(N_STUDENTS // PER_CLASS), PER_CLASS)
    grade = classroom // len(CLASSES)
    female = rng.random(N_STUDENTS) < 0.5
    general = rng.normal(0, 0.75, N_STUDENTS) + rng.normal(0, 0.2, classroom.max() + 1)[classroom] + 0.2 * (grade - 1)
    ability = general[:, None] + rng.normal(0, 0.6, (N_STUDENTS, n_subjects))
    grades = tuple(GRADES[g] for g in grade)
    persons = PersonTable(
        person_ids=tuple(f"{i:04d}" for i in range(1, N_STUDENTS + 1)),
        names=_names(female, rng),
        grades=grades,
        classes=tuple(f"{g}{CLASSES[c % len(CLASSES)]}" for g, c in zip(grades, classroom, strict=True)),
        properties={"gender": tuple("female" if f else "male" for f in female)},
    )
    return School(persons, ability, female)


def _names(female: NDArray[np.bool_], rng: np.random.Generator) -> tuple[str, ...]:
    """Invented names, no two alike."""
    names: dict[str, None] = {}
    for i, is_female in enumerate(female):
        while len(names) <= i:
            if i % LATIN_EVERY == 0:
                name = f"{rng.choice(FEMALE_LATIN if is_female else MALE_LATIN)} {rng.choice(FAMILY_LATIN)}"
            else:
                name = f"{rng.choice(FAMILY)} {rng.choice(FEMALE if is_female else MALE)}"
            names[name] = None
    return tuple(names)
