"""What the verdicts are made from, gathered once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from irt.calibration import Calibration
from irt.diagnostics.classical import ClassicalStatistics
from irt.items import Floats
from irt.quadrature import Z95
from irt.responses import PreparedResponses
from irt.scoring import AbilityEstimates
from irt.verdicts.limits import VerdictLimits
from irt.verdicts.verdict import Finding, FindingCode, Level

#: Findings as the checks yield them: position of the item, and what was found.
Findings = Iterator[tuple[int, Finding]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Answers, statistics and (where one could be fitted) the model of an exam, with the limits to judge by."""

    prepared: PreparedResponses
    statistics: ClassicalStatistics
    calibration: Calibration | None
    abilities: AbilityEstimates | None
    minimum_group: int
    limits: VerdictLimits

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.prepared.matrix.n_items

    def slope_limits(self) -> tuple[Floats, Floats, Floats]:
        """Discrimination with its 95 % limits, by item of the matrix; nan without slopes of their own, free of priors.

        A prior pulls slopes away from 0 and from below it, so such a slope says nothing for or against an item. Priors
        on asymptotes leave its sign alone.
        """
        slope, se = np.full(self.n_items, np.nan), np.full(self.n_items, np.nan)
        fitted = self.calibration
        if fitted is not None and fitted.options.model != "1PL" and fitted.options.prior is None:
            where = self.positions()
            slope[where], se[where] = fitted.items.discrimination, fitted.standard_errors.discrimination
        return slope, slope - Z95 * se, slope + Z95 * se

    def positions(self) -> list[int]:
        """Positions in the matrix of the calibrated items."""
        if self.calibration is None:
            return []
        column = {item_id: j for j, item_id in enumerate(self.prepared.matrix.item_ids)}
        return [column[item_id] for item_id in self.calibration.items.item_ids]


def too_few(n: float, needed: float, about: FindingCode | str, so_far: str = "") -> Finding:
    """There are too few answers to tell.

    ``about`` names the check that is open: "answers" (all of them), "discrimination", "items" (there is no other item
    to compare with, however many answers), or a finding's code. ``so_far`` is "tells apart" where the few answers show
    that the item does.
    """
    facts: dict[str, str | int | float] = {
        "n": int(n),
        "needed": round_up(max(needed, n + 1)),
        "about": str(about),
        "so_far": so_far,
    }
    return Finding(FindingCode.TOO_FEW, Level.TOO_FEW, facts)


def round_up(n: float) -> int:
    """The next number of answers that one would say aloud: 100, 150, 200, ... 1000, 1100, ...

    Examples
    --------
    >>> [round_up(n) for n in (24, 101, 387, 1012)]
    [50, 150, 400, 1100]
    """
    step = 50 if n <= 1000 else 100
    return int(np.ceil(n / step) * step)
