"""Which options students choose, by how strong they are: rivals of the right answer, and keys that look wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from irt.diagnostics.groups import FIFTHS, ability_groups
from irt.diagnostics.intervals import family_z, fisher_z
from irt.items import Floats
from irt.responses import PreparedResponses
from irt.verdicts.evidence import Evidence, Findings
from irt.verdicts.verdict import Finding, FindingCode, Level


@dataclass(frozen=True, slots=True)
class Choices:
    """Options of all items.

    Parameters
    ----------
    options : tuple of str
    key : ndarray of int, shape (n_items,)
        Position of the right option; -1 where there is no key or no choices were recorded.
    n_options : ndarray of int, shape (n_items,)
        Options that were chosen, or are the key; 0 without a key.
    strongest_counts : ndarray, shape (n_options, n_items)
        How often the strongest fifth chose each.
    rises_lower : ndarray, shape (n_options, n_items)
        Lower limit (family-wise) of the correlation of choosing an option with the share right of the other items.
    minimum_group : int
        Nothing is told of a strongest fifth with fewer students.
    """

    options: tuple[str, ...]
    key: NDArray[np.int64]
    n_options: NDArray[np.int64]
    strongest_counts: Floats
    rises_lower: Floats
    minimum_group: int

    def key_share(self, j: int) -> tuple[float, float]:
        """Share of the strongest fifth that chose the right option, and how many students they are."""
        n = self.strongest_counts[:, j].sum()
        return (float(self.strongest_counts[self.key[j], j] / n), float(n)) if n else (float("nan"), 0.0)

    def rival(self, j: int) -> int:
        """The wrong option that the strongest fifth chose most often; -1 without a key."""
        if self.key[j] < 0:
            return -1
        counts = self.strongest_counts[:, j].copy()
        counts[self.key[j]] = -1
        return int(np.argmax(counts))

    def strongest(self, j: int) -> dict[str, str | int | float]:
        """What the strongest fifth chose: the key and its closest rival. Empty strings and nan where not told."""
        rival, n = self.rival(j), self.strongest_counts[:, j].sum()
        known = rival >= 0 and n >= max(self.minimum_group, 1)
        return {
            "n_options": int(self.n_options[j]),
            "key_option": self.options[self.key[j]] if known else "",
            "key_percent": 100 * float(self.strongest_counts[self.key[j], j] / n) if known else float("nan"),
            "rival_option": self.options[rival] if known else "",
            "rival_percent": 100 * float(self.strongest_counts[rival, j] / n) if known else float("nan"),
        }

    def suggestion(self, j: int) -> dict[str, str | int | float]:
        """The key, and the option that strong students choose instead ("" where none surely rises with strength)."""
        if self.key[j] < 0:
            return {"key_option": "", "suggested_option": ""}
        rises = np.nan_to_num(self.rises_lower[:, j], nan=-1.0)
        best = int(np.argmax(rises))
        suggested = self.options[best] if rises[best] > 0 and best != self.key[j] else ""
        return {"key_option": self.options[self.key[j]], "suggested_option": suggested}


def gather_choices(prepared: PreparedResponses, minimum_group: int) -> Choices:
    """Count the options of all items."""
    n_items, n_options = prepared.matrix.n_items, len(prepared.options)
    codes = {option: i for i, option in enumerate(prepared.options)}
    key = np.array([codes.get(k, -1) if k is not None else -1 for k in prepared.items.answer_keys], dtype=np.int64)
    counts, rises = np.zeros((n_options, n_items)), np.full((n_options, n_items), np.nan)
    in_use = np.zeros(n_items, dtype=np.int64)
    z = family_z(n_items * max(n_options - 1, 1))
    answered, right = prepared.matrix.scores >= 0, prepared.matrix.scores == 1
    n_answered, n_right = answered.sum(axis=1), right.sum(axis=1)
    for j in np.flatnonzero(key >= 0):
        others = n_answered - answered[:, j]
        who = (prepared.chosen[:, j] >= 0) & (others > 0)
        rest = (n_right[who] - right[who, j]) / others[who]
        chosen = prepared.chosen[who, j]
        counts[:, j] = np.bincount(chosen[ability_groups(rest, FIFTHS) == FIFTHS - 1], minlength=n_options)
        rises[:, j] = fisher_z(_correlations(chosen, rest, n_options), len(rest), z)[0]
        used = np.bincount(chosen, minlength=n_options) > 0
        used[key[j]] = True
        in_use[j] = used.sum()
    key[in_use < 2] = -1  # nothing was recorded but the key
    return Choices(prepared.options, key, in_use, counts, rises, minimum_group)


def check_rivals(evidence: Evidence, choices: Choices) -> Findings:
    """Wrong options that surely rise with strength, more than the key, and that the strongest surely choose more often.

    A hard item has a wrong option that the strongest choose more often than the right one, too; but the key rises more.
    """
    z = family_z(evidence.n_items * max(len(choices.options) - 1, 1))
    for j in map(int, np.flatnonzero(choices.key >= 0)):
        rival, n = choices.rival(j), choices.strongest_counts[:, j].sum()
        rise, rise_key = choices.rises_lower[[rival, choices.key[j]], j]
        if n < choices.minimum_group or not rise > 0 or rise_key >= rise:
            continue
        p, q = choices.strongest_counts[[rival, choices.key[j]], j] / n
        if p - q > z * np.sqrt((p + q - (p - q) ** 2) / n):
            facts = {"n": int(n), **choices.strongest(j)}
            yield j, Finding(FindingCode.RIVAL_OPTION, Level.LOOK_AGAIN, facts)


def _correlations(chosen: NDArray[np.int32], rest: Floats, n_options: int) -> Floats:
    """Correlation of each option's indicator with the rest score; nan for options that all or none chose.

    From sums over those who chose it: free answers have thousands of options, too many for an indicator each.
    """
    if len(rest) < 2:
        return np.full(n_options, np.nan)
    surplus = rest - rest.mean()
    n = np.bincount(chosen, minlength=n_options)
    product = (n * (1 - n / len(rest))) * (surplus**2).sum()
    correlation: Floats = np.full(n_options, np.nan)
    shared = np.bincount(chosen, weights=surplus, minlength=n_options)
    np.divide(shared, np.sqrt(product), out=correlation, where=product > 1e-12 * len(rest))
    return correlation
