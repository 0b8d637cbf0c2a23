"""What answers add up to, as tables: items, options, scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from irt.reports import CountsReport
from irt.serialise.columns import table_of
from irt.serialise.nouns import Table, Values
from irt.serialise.tables import origin, read_columns

_ITEM = (
    *("item_id", "item_name", "n", "proportion_correct", "item_total_r", "item_rest_r"),
    *("position", "n_given", "n_right", "proportion_lower", "proportion_upper"),
    *("item_rest_lower", "item_rest_upper", "n_rest", "intended_difficulty", "answer_key"),
)
_OPTION = ("item_id", "item_name", "option", "is_key", "count", "chosen_share", "chosen_lower", "chosen_upper")
_FIFTHS = tuple(f"fifth_{k}" for k in range(1, 6))
_SCORE = ("items_given", "score", "count", "share_of_students")
_FOUND_AT = {
    "count": "n",
    "chosen_share": "share",
    "chosen_lower": "share_lower",
    "chosen_upper": "share_upper",
    "share_of_students": "share",
}

#: Columns of each table of counts.
COUNTS_COLUMNS: Mapping[str, tuple[str, ...]] = {"items": _ITEM, "options": (*_OPTION, *_FIFTHS), "scores": _SCORE}


def counts_table(report: CountsReport, what: str = "items") -> Table:
    """One row an item, an option of an item, or a score.

    Parameters
    ----------
    report : CountsReport
    what : {"items", "options", "scores"}
    """
    table: Callable[[CountsReport], dict[str, Values]] = {"items": _items, "options": _options, "scores": _scores}[what]
    return table_of(f"counts_{what}", table(report), **origin(report.provenance), warnings=report.warnings)


def _items(report: CountsReport) -> dict[str, Values]:
    return read_columns(_ITEM, report.items)


def _options(report: CountsReport) -> dict[str, Values]:
    fifths = zip(*(option.shares for option in report.options), strict=True) if report.options else [()] * len(_FIFTHS)
    return read_columns(_OPTION, report.options, _FOUND_AT) | dict(zip(_FIFTHS, fifths, strict=True))


def _scores(report: CountsReport) -> dict[str, Values]:
    return read_columns(_SCORE, report.scores, _FOUND_AT)
