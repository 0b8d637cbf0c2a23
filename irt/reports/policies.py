"""Which verdicts depend on how missing answers are counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from irt.reports.item import ItemReport
from irt.selection import MissingPolicy
from irt.verdicts import Level


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """An item whose verdict depends on how missing answers are counted."""

    item_id: str
    item_name: str
    under: Mapping[str, Level]


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """Verdict levels under each missing-answer policy: which ones depend on it."""

    policies: tuple[str, ...]
    changes: tuple[VerdictChange, ...]
    n_items: int


def policy_comparison(under: Mapping[MissingPolicy, tuple[ItemReport, ...]]) -> PolicyComparison:
    """The items whose verdict is not the same under every policy."""
    changes = []
    for versions in zip(*under.values(), strict=True):
        levels = {policy.value: item.verdict.level for policy, item in zip(under, versions, strict=True)}
        if len(set(levels.values())) > 1:
            changes.append(VerdictChange(versions[0].item_id, versions[0].item_name, levels))
    return PolicyComparison(tuple(policy.value for policy in under), tuple(changes), len(next(iter(under.values()))))
