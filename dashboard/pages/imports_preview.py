"""What was understood of a file, what is wrong with it, and what was stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from dash import html

from dashboard import ids
from dashboard.numbers import number
from dashboard.pages.imports_upload import plain
from dashboard.tables import Column, Row, table
from dashboard.words import count, say
from irt.errors import ImportFault, IrtError
from irt.files import ColumnPlan, ImportTable
from irt.sources import Catalogue, ImportReceipt

#: Columns shown one by one; a file of answers has few beside its items.
MOST_COLUMNS = 40


def render_preview(found: ImportTable, exists: Sequence[Any] = ()) -> list[Any]:
    """Layout, columns, first rows, what ``exists`` already; then either the faults or the button that stores."""
    parts = [html.H2(say("imports.step_check")), html.P(understood(found)), *exists]
    parts += [*render_columns(found), _first_rows(found)]
    if found.warnings:
        parts += [html.H3(say("imports.warnings")), html.Ul([html.Li(plain(text)) for text in found.warnings])]
    if found.fault is not None:
        return [html.Section([*render_fault(found.fault), *parts], className="panel")]
    return [html.Section(parts, className="panel"), _confirm(found)]


def exams_of(found: ImportTable) -> list[tuple[str, str]]:
    """Subject and exam of the answers in a file."""
    if found.frame is None:
        return []
    pairs = found.frame[["subject_name", "exam_name"]].drop_duplicates()
    return [(str(subject), str(exam)) for subject, exam in pairs.itertuples(index=False)]


def render_existing(exams: Sequence[tuple[str, str]], known: Catalogue) -> list[html.P]:
    """A sentence for each exam that is there already."""
    return [
        html.P(
            say(
                "imports.exists",
                exam=exam,
                subject=subject or say("frame.no_name"),
                students=count("imports.n_students", known.exam_sizes[subject, exam][0]),
            ),
            className="exists",
        )
        for subject, exam in exams
        if (subject, exam) in known.exam_sizes
    ]


def understood(found: ImportTable) -> str:
    """Rows, layout and encoding in a sentence."""
    known = {",": "comma", ";": "semicolon", "\t": "tab", "comma": "comma", "semicolon": "semicolon", "tab": "tab"}
    delimiter = ""
    if found.delimiter:
        sign = known.get(found.delimiter, "other")
        delimiter = say(f"imports.delimiter_{sign}", sign=found.delimiter)
    return count(
        "imports.understood",
        found.n_rows,
        layout=say(f"imports.layout_{found.layout.value}"),
        encoding=say(f"imports.encoding_{found.encoding}"),
        delimiter=delimiter,
    )


def render_columns(found: ImportTable) -> list[Any]:
    """What each column becomes; a run of items is one row."""
    columns = [
        Column("column", say("imports.col_column")),
        Column("becomes", say("imports.col_becomes")),
        Column("examples", say("imports.col_examples")),
        Column("missing", say("imports.col_missing"), numeric=True),
    ]
    runs = [list(run) for _, run in groupby(found.columns, key=lambda plan: _kind(plan, found))]
    rows = [_run_row(run) for run in runs]
    parts: list[Any] = [html.H3(say("imports.columns"))]
    if len(rows) > MOST_COLUMNS:
        parts.append(html.P(say("imports.columns_some", shown=MOST_COLUMNS, n=len(rows)), className="muted small"))
    return [*parts, table(say("imports.columns_caption"), columns, rows[:MOST_COLUMNS], caption_hidden=True)]


def _kind(plan: ColumnPlan, found: ImportTable) -> tuple[str, int]:
    """What joins neighbouring columns into a run: only items are alike."""
    return ("item", -1) if plan.becomes == "item" else (plan.becomes, found.columns.index(plan))


def _run_row(run: list[ColumnPlan]) -> Row:
    """One column, or all the items of a run."""
    if len(run) == 1:
        return Row([run[0].name, becomes(run[0]), _examples(run[0]), number(run[0].n_missing, 0)])
    name = say("imports.run", first=run[0].name, last=run[-1].name)
    examples = ", ".join(dict.fromkeys(example for plan in run for example in plan.examples))
    return Row(
        [
            name,
            count("imports.becomes_items", len(run)),
            examples or say("imports.no_example"),
            number(sum(plan.n_missing for plan in run), 0),
        ]
    )


def becomes(plan: ColumnPlan) -> str:
    """What a column becomes, in words."""
    return say(f"imports.becomes_{plan.becomes.replace(' ', '_')}")


def _examples(plan: ColumnPlan) -> str:
    """The first values of a column."""
    return ", ".join(plan.examples) or say("imports.no_example")


def _first_rows(found: ImportTable) -> html.Details:
    """The first rows of the file, folded."""
    shown = found.columns[:MOST_COLUMNS]
    columns = [Column(str(place), plan.name) for place, plan in enumerate(shown)]
    rows = [Row(list(row[: len(shown)])) for row in found.first_rows]
    rows_table = table(say("imports.first_rows_caption"), columns, rows, caption_hidden=True)
    return html.Details([html.Summary(say("imports.first_rows")), rows_table])


def _confirm(found: ImportTable) -> html.Section:
    """The last step."""
    n_rows = 0 if found.frame is None else len(found.frame)
    button = html.Button(count("imports.confirm", n_rows), id=ids.IMPORT_CONFIRM, type="button", className="button")
    return html.Section(
        [
            html.H2(say("imports.step_confirm")),
            html.P(say("imports.confirm_lead")),
            button,
            html.Div(id=ids.IMPORT_REFUSED, role="alert"),
        ],
        className="panel",
    )


def render_fault(error: IrtError) -> list[Any]:
    """What is in the way: the sentence, and each fault with its row and column."""
    parts: list[Any] = [html.H2(say("imports.faults")), html.P(plain(error.message), className="fault-message")]
    if isinstance(error, ImportFault) and error.faults:
        columns = [Column("where", say("imports.col_where")), Column("what", say("imports.col_what"))]
        rows = [Row([fault.where, plain(fault.what)]) for fault in error.faults]
        more = error.n_faults - len(error.faults)
        parts += [
            html.P(count("imports.faults_n", error.n_faults)),
            table(say("imports.faults_caption"), columns, rows, caption_hidden=True),
            *([html.P(count("imports.faults_more", more), className="muted")] if more > 0 else []),
        ]
    return [html.Div(parts, className="faults", role="alert")]


def render_receipt(receipt: ImportReceipt, exam_link: Callable[[str, str], str], again: str) -> html.Section:
    """What was stored, and the way to it. ``again`` is the link to an empty form."""
    facts = {
        "answers": count("imports.n_answers", receipt.n_rows),
        "students": count("imports.n_students", receipt.n_students),
        "items": count("imports.n_items", receipt.n_items),
    }
    said = say("imports.stored_repeat") if receipt.unchanged else say("imports.stored", **facts)
    parts: list[Any] = [html.H2(say("imports.done")), html.P(said)]
    if receipt.n_replaced:
        parts.append(html.P(count("imports.replaced", receipt.n_replaced)))
    links = [
        html.A(
            say("imports.see_exam", exam=exam, subject=subject or say("frame.no_name")),
            href=exam_link(subject, exam),
            className="button",
        )
        for subject, exam in _pairs(receipt)
    ]
    links.append(html.A(say("imports.another"), href=again, className="tool"))
    return html.Section([*parts, html.Div(links, className="tools")], className="panel receipt", role="status")


def _pairs(receipt: ImportReceipt) -> list[tuple[str, str]]:
    """Subject and exam of what was stored; with several subjects which exam belongs to which is not told."""
    if len(receipt.subjects) == 1:
        return [(receipt.subjects[0], exam) for exam in receipt.exams]
    return []
