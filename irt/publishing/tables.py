"""The published tables: their columns, each with its type in a warehouse and its meaning."""

from __future__ import annotations

from irt.serialise import COLUMNS, ITEM_COLUMNS, Column, Kind

#: The columns that every published row has, in front of and behind those of its table.
SELECTION_ID = Column(
    "selection_id", Kind.TEXT, "Which publication the row belongs to: of a selection and the model asked for."
)
PUBLISHED_AT = Column("published_at", Kind.TEXT, "When it was published (UTC).")

_ITEMS = tuple(COLUMNS[name] for name in ITEM_COLUMNS)
_ABILITIES = tuple(COLUMNS[name] for name in ("student_id", "theta", "se", "method", "items_answered"))
_CHANCES = tuple(COLUMNS[name] for name in ("student_id", "item_id", "probability", "lower", "upper", "correct"))
_FACTS = (
    Column("selection", Kind.TEXT, "The selection as JSON with sorted keys."),
    Column("selection_words", Kind.TEXT, "The selection in words."),
    Column("calibration", Kind.TEXT, "What was asked for: default, a model's name, or a calibration file of an exam."),
    Column("source_fingerprint", Kind.TEXT, "State of the answers: it changes when they may have changed."),
    Column("as_of", Kind.TEXT, "When the answers last changed (UTC)."),
    Column("package_version", Kind.TEXT, "Version of Itemwise."),
    Column("model", Kind.TEXT, "The model: 1PL, 2PL, 3PL, 4PL."),
    Column("prior", Kind.TEXT, "The prior of slopes and difficulties; empty for none."),
    Column("status", Kind.TEXT, "How the fit ended; converged, or the name of what happened."),
    Column("log_likelihood", Kind.NUMBER, "Marginal log-likelihood at the estimates, without priors."),
    Column("n_persons", Kind.WHOLE, "Students that the items were calibrated on."),
    Column("share", Kind.NUMBER, "Share of the students that were drawn for the calibration; 1: everybody."),
    Column("computed_at", Kind.TEXT, "When the calibration was made (UTC)."),
    Column("item_parameters", Kind.WHOLE, "Rows of the table item_parameters."),
    Column("abilities", Kind.WHOLE, "Rows of the table abilities."),
    Column("probabilities", Kind.WHOLE, "Rows of the table probabilities."),
)

#: Results by the word of ``--only``, and their tables.
RESULTS = {"items": "item_parameters", "abilities": "abilities", "probabilities": "probabilities"}
#: Every table and its columns.
TABLES: dict[str, tuple[Column, ...]] = {
    name: (SELECTION_ID, *columns, PUBLISHED_AT)
    for name, columns in {
        "item_parameters": _ITEMS,
        "abilities": _ABILITIES,
        "probabilities": _CHANCES,
        "publications": _FACTS,
    }.items()
}
#: What one row of a table is.
ROW_OF = {
    "item_parameters": "One row an item: classical statistics, item parameters and their standard errors.",
    "abilities": "One row a student: ability and its standard error, in logits.",
    "probabilities": "One row a student and item: chance of a right answer with its 95 % limits, and the answer.",
    "publications": "One row a publication: what was published, and where its numbers come from.",
}

_TYPES = {Kind.TEXT: "STRING", Kind.NUMBER: "FLOAT64", Kind.WHOLE: "INT64", Kind.YES_NO: "BOOL"}
_TIMES = frozenset({"published_at", "as_of", "computed_at"})


def type_of(column: Column) -> str:
    """The type of a column in a warehouse."""
    return "TIMESTAMP" if column.name in _TIMES else _TYPES[column.kind]
