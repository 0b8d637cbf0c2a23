"""What can be counted without a model and without reading answers: items, options and scores of everybody."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from irt.diagnostics import fisher_z, wilson
from irt.reports.exam import ScoreSummary
from irt.reports.provenance import Provenance
from irt.responses import Dropped
from irt.selection import Selection
from irt.sources.counting import Counts, ScoreCounts


@dataclass(frozen=True, slots=True)
class ItemCount:
    """One item: ``n`` scored answers of the ``n_given`` students who were given it; ``*_lower``, ``*_upper``: 95 %.

    ``item_total_r`` and ``item_rest_r`` are correlations with the share right of all items, and of the other items;
    ``n_rest`` students are behind the latter. nan where they cannot be had.
    """

    item_id: str
    item_name: str
    position: int
    n_given: int
    n: int
    n_right: int
    proportion_correct: float
    proportion_lower: float
    proportion_upper: float
    item_total_r: float
    item_rest_r: float
    item_rest_lower: float
    item_rest_upper: float
    n_rest: int
    intended_difficulty: str | None
    answer_key: str | None


@dataclass(frozen=True, slots=True)
class OptionCount:
    """One option of an item: ``n`` students chose it, a ``share`` (95 % limits) of those who chose one.

    ``shares``: the same in fifths of these students by their share right of the other items, weakest first; nan where a
    fifth is empty.
    """

    item_id: str
    item_name: str
    option: str
    is_key: bool
    n: int
    share: float
    share_lower: float
    share_upper: float
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScoreCount:
    """How many students got a score (number right) of so many items that they were given, and their share of all."""

    items_given: int
    score: int
    n: int
    share: float


@dataclass(frozen=True, slots=True)
class CountsReport:
    """Items in natural order, options within items, scores rising by items given; and where all this comes from."""

    selection: Selection
    items: tuple[ItemCount, ...]
    options: tuple[OptionCount, ...]
    scores: tuple[ScoreCount, ...]
    summary: ScoreSummary
    n_students: int
    n_answers: int
    n_rows: int
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]
    provenance: Provenance


def counts_report(counts: Counts, provenance: Provenance, warnings: tuple[str, ...] = ()) -> CountsReport:
    """Counts with their uncertainty and where they come from."""
    return CountsReport(
        selection=provenance.selection,
        items=_items(counts),
        options=_options(counts),
        scores=_scores(counts),
        summary=score_counts_summary(counts.scores),
        n_students=counts.n_students,
        n_answers=counts.n_answers,
        n_rows=counts.n_rows,
        dropped=counts.dropped,
        warnings=warnings,
        provenance=provenance,
    )


def score_counts_summary(scores: ScoreCounts) -> ScoreSummary:
    """Mean, spread and counts of the scores of a group, from how many got each."""
    n = int(scores.n.sum())
    top = int(scores.given.max(initial=0))
    by_score = np.zeros(top + 1, dtype=np.int64)
    np.add.at(by_score, scores.score, scores.n)
    score = np.arange(top + 1)
    mean = float(by_score @ score) / n if n else float("nan")
    return ScoreSummary(
        n_students=n,
        mean=mean,
        standard_deviation=float(np.sqrt(by_score @ (score - mean) ** 2 / (n - 1))) if n > 1 else float("nan"),
        lowest=int(scores.score.min(initial=top)),
        highest=int(scores.score.max(initial=0)),
        counts=tuple(by_score.tolist()),
        fewest_given=int(scores.given.min(initial=top)),
        most_given=top,
    )


def _items(counts: Counts) -> tuple[ItemCount, ...]:
    """One row an item."""
    proportion, items = counts.proportion_correct, counts.items
    lower, upper = wilson(proportion, counts.n)
    rest_lower, rest_upper = fisher_z(counts.item_rest_r, counts.n_rest.astype(np.float64))
    return tuple(
        ItemCount(
            item_id=item_id,
            item_name=items.names[j],
            position=j + 1,
            n_given=int(counts.n_given[j]),
            n=int(counts.n[j]),
            n_right=int(counts.n_right[j]),
            proportion_correct=float(proportion[j]),
            proportion_lower=float(lower[j]),
            proportion_upper=float(upper[j]),
            item_total_r=float(counts.item_total_r[j]),
            item_rest_r=float(counts.item_rest_r[j]),
            item_rest_lower=float(rest_lower[j]),
            item_rest_upper=float(rest_upper[j]),
            n_rest=int(counts.n_rest[j]),
            intended_difficulty=items.intended_difficulties[j],
            answer_key=items.answer_keys[j],
        )
        for j, item_id in enumerate(items.item_ids)
    )


def _options(counts: Counts) -> tuple[OptionCount, ...]:
    """One row an option of an item."""
    options, items = counts.options, counts.items
    sizes = np.zeros((len(items.item_ids), options.by_fifth.shape[1]), dtype=np.int64)
    np.add.at(sizes, options.item, options.by_fifth)
    of_fifth = sizes[options.item]
    of_item = of_fifth.sum(axis=1)
    share, shares = np.full(options.n.shape, np.nan), np.full(of_fifth.shape, np.nan)
    np.divide(options.n, of_item, out=share, where=of_item > 0)
    np.divide(options.by_fifth, of_fifth, out=shares, where=of_fifth > 0)
    lower, upper = wilson(share, of_item)
    return tuple(
        OptionCount(
            item_id=items.item_ids[j],
            item_name=items.names[j],
            option=options.label[k],
            is_key=bool(options.is_key[k]),
            n=int(options.n[k]),
            share=float(share[k]),
            share_lower=float(lower[k]),
            share_upper=float(upper[k]),
            shares=tuple(shares[k].tolist()),
        )
        for k, j in enumerate(options.item.tolist())
    )


def _scores(counts: Counts) -> tuple[ScoreCount, ...]:
    """One row a number of items given and a score."""
    columns = (counts.scores.given.tolist(), counts.scores.score.tolist(), counts.scores.n.tolist())
    return tuple(ScoreCount(given, score, n, n / counts.n_students) for given, score, n in zip(*columns, strict=True))
