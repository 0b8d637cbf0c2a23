"""Import: from a file to an exam. Nothing is stored before the reader confirms, and nothing of a file is kept.

The file stays in the browser's page until then and is sent again with the confirmation: so no worker process has to
remember it, and closing the page forgets it.
"""

from __future__ import annotations

from typing import Any

import dash_bootstrap_components as dbc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from dashboard import ids
from dashboard.access import caller, caller_scope
from dashboard.notices import sentences_of
from dashboard.pages.imports_preview import exams_of, render_existing, render_fault, render_preview, render_receipt
from dashboard.pages.imports_upload import MOST_BYTES, Said, look, plain, upload
from dashboard.state import State as Chosen
from dashboard.visits import may_import
from dashboard.words import say
from irt.errors import IrtError
from irt.files import OmittedPolicy
from irt.service import Service

_MEGABYTES = MOST_BYTES // 2**20

#: What the form says, in the order of :class:`Said`.
_SAID = (
    State(ids.IMPORT_SUBJECT, "value"),
    State(ids.IMPORT_EXAM, "value"),
    State(ids.IMPORT_STUDENT, "value"),
    State(ids.IMPORT_ITEMS, "value"),
    State(ids.IMPORT_PROPERTIES, "value"),
    State(ids.IMPORT_OMITTED, "value"),
)


def layout() -> html.Div:
    """The form, hidden where nothing can be imported."""
    form = html.Div([_files(), _names(), html.Div(id=ids.IMPORT_CHECK)], id=ids.IMPORT_BODY, hidden=True)
    # Outside the form, which goes when the receipt comes: the callback that fills them needs them all the while.
    known = [html.Datalist(id=ids.IMPORT_SUBJECTS), html.Datalist(id=ids.IMPORT_EXAMS)]
    return html.Div([html.H1(say("imports.title"), className="page-title"), html.Div(id=ids.IMPORT_LEAD), form, *known])


def register(app: Dash, service: Service) -> None:
    """Wire the page."""
    _wire_opening(app, service)
    _wire_check(app, service)
    _wire_names(app, service)
    _wire_confirm(app, service)


def _wire_opening(app: Dash, service: Service) -> None:
    """Show the form, or why there is none; and the names that are there to choose from."""

    @app.callback(
        [
            Output(ids.IMPORT_LEAD, "children"),
            Output(ids.IMPORT_BODY, "hidden"),
            Output(ids.IMPORT_SUBJECTS, "children"),
            Output(ids.IMPORT_EXAMS, "children"),
        ],
        Input(ids.STATE, "data"),
        optional=True,
    )
    def open_page(data: Any) -> tuple[Any, bool, list[Any], list[Any]]:
        if Chosen.read(data).page != "import":
            raise PreventUpdate
        refusal = refused(service)
        if refusal:
            refusal = named_table(refusal, app.server.config.get("ITEMWISE_TABLE"))
            return html.P(refusal, className="lead"), True, [], []
        known = service.catalogue(caller_scope()).exam_sizes
        subjects, exams = (_options([pair[place] for pair in known]) for place in (0, 1))
        return html.P(say("imports.lead"), className="lead"), False, subjects, exams


def _wire_check(app: Dash, service: Service) -> None:
    """Read a chosen file, and read it again with more said about it."""

    @app.callback(
        Output(ids.IMPORT_CHECK, "children"),
        [Input(ids.IMPORT_FILE, "contents"), Input(ids.IMPORT_KEY, "contents"), Input(ids.IMPORT_AGAIN, "n_clicks")],
        [State(ids.IMPORT_FILE, "filename"), State(ids.IMPORT_KEY, "filename"), *_SAID],
        optional=True,
        prevent_initial_call=True,
    )
    def check(file: str | None, key: str | None, _: int | None, file_name: str, key_name: str, *said: Any) -> list[Any]:
        found = upload(file, file_name)
        if found is None or not may_import(service):
            return []
        try:
            form = Said(*said)
            table = look(service, found, upload(key, key_name), form)[0]
            # Of an exam that is named in the form, the form says it (see below).
            exams = [pair for pair in exams_of(table) if pair != form.exam_named()]
            return render_preview(table, render_existing(exams, service.catalogue(caller_scope())))
        except IrtError as error:
            return [html.Section(render_fault(error), className="panel")]


def _wire_names(app: Dash, service: Service) -> None:
    """Say of an exam that is named in the form that it is there already."""

    @app.callback(
        Output(ids.IMPORT_EXISTS, "children"),
        [Input(ids.IMPORT_SUBJECT, "value"), Input(ids.IMPORT_EXAM, "value")],
        optional=True,
    )
    def exists(subject: str | None, exam: str | None) -> list[Any]:
        named = Said(subject, exam).exam_named()
        if named is None or not may_import(service):
            return []
        return render_existing([named], service.catalogue(caller_scope()))


def _wire_confirm(app: Dash, service: Service) -> None:
    """Store on confirmation; the receipt takes the place of the form, and the file is gone with it."""

    @app.callback(
        [
            Output(ids.IMPORT_BODY, "children"),
            Output(ids.IMPORT_REFUSED, "children"),
            Output(ids.IMPORT_LEAD, "children", allow_duplicate=True),
        ],
        Input(ids.IMPORT_CONFIRM, "n_clicks"),
        [
            *(State(name, prop) for prop in ("contents", "filename") for name in (ids.IMPORT_FILE, ids.IMPORT_KEY)),
            State(ids.STATE, "data"),
            *_SAID,
        ],
        optional=True,
        prevent_initial_call=True,
    )
    def confirm(clicks: int | None, *held: Any) -> tuple[Any, Any, Any]:
        if not clicks:
            raise PreventUpdate
        file, key, file_name, key_name, data, *said = held
        try:
            return store(service, file, key, (file_name, key_name), Chosen.read(data), Said(*said)), no_update, []
        except Exception as error:  # told beside the button, since the form must stay as it is
            return no_update, [html.P(plain(sentence)) for sentence in sentences_of(error)], no_update


def store(
    service: Service, file: str | None, key: str | None, names: tuple[str, str], chosen: Chosen, said: Said
) -> list[Any]:
    """Read the file again and store it whole; the receipt.

    Raises
    ------
    IrtError
        If it cannot be stored: nothing is, then.
    """
    refusal = refused(service)
    found = upload(file, names[0])
    if refusal or found is None:
        raise IrtError(refusal or say("imports.lost"))
    table, needed = look(service, found, upload(key, names[1]), said)
    if table.fault is not None:
        raise table.fault
    if needed:
        raise IrtError(say("imports.need_names"))
    receipt = service.import_table(caller_scope(), table)

    def exam_link(subject: str, exam: str) -> str:
        return chosen.href(page="overview", subject=subject, exams=(exam,), class_name=None, share=None)

    return [render_receipt(receipt, exam_link, chosen.href())]


def refused(service: Service) -> str:
    """Why nothing can be imported here; empty where it can."""
    if not caller().may_import:
        return say("imports.not_allowed")
    return "" if may_import(service) else say("imports.read_only")


def named_table(refusal: str, table: str | None) -> str:
    """The refusal of a source that cannot be written to, with the table's name and what to do, where it is one."""
    return say("imports.read_only_table", table=table) if table and refusal == say("imports.read_only") else refusal


def _files() -> html.Section:
    """Step 1: the file and, folded, its key and the accepted shapes."""
    shapes = [html.Li(say(f"imports.shape_{name}")) for name in ("wide", "long", "other")]
    key = html.Details([html.Summary(say("imports.key_title")), _upload(ids.IMPORT_KEY, "key")])
    return html.Section(
        [
            html.H2(say("imports.step_file")),
            _upload(ids.IMPORT_FILE, "file"),
            key,
            html.Details([html.Summary(say("imports.shapes")), html.Ul(shapes)]),
        ],
        className="panel",
    )


def _upload(name: str, kind: str) -> html.Div:
    """A place to drop a file on or to choose one; ``assets/40-upload.js`` names its input and bounds its size."""
    inside = [html.Span(say(f"imports.{kind}_drop"), className="upload-title")]
    inside += [html.Span(say(f"imports.{kind}_kinds", limit=_MEGABYTES), className="muted small")]
    data = {
        "data-upload": say(f"imports.{kind}_label", limit=_MEGABYTES),
        "data-limit": str(MOST_BYTES),
        "data-too-big": say("imports.too_big_here", limit=_MEGABYTES),
        "data-chosen": say("imports.file_chosen"),
    }
    # No accept=: the component drops other kinds in silence, while the import says what is wrong with them.
    place = dcc.Upload(inside, id=name, multiple=False, className="upload", className_active="over")
    return html.Div([place, html.P(className="upload-said", role="status")], className="upload-box", **data)


def _names() -> html.Section:
    """Step 2: subject and exam and, folded, what may have been misunderstood."""
    more = [
        html.Summary(say("imports.more_options")),
        html.Div(
            [
                _text(ids.IMPORT_STUDENT, "student_column", "student_hint"),
                _text(ids.IMPORT_ITEMS, "item_columns", "item_hint"),
                _text(ids.IMPORT_PROPERTIES, "property_columns", "property_hint"),
                _omitted(),
            ],
            className="form-grid",
        ),
        html.Button(say("imports.again"), id=ids.IMPORT_AGAIN, type="button", className="tool"),
    ]
    names = [
        _text(ids.IMPORT_SUBJECT, "subject", "subject_hint", ids.IMPORT_SUBJECTS),
        _text(ids.IMPORT_EXAM, "exam", "exam_hint", ids.IMPORT_EXAMS),
    ]
    return html.Section(
        [
            html.H2(say("imports.step_names")),
            html.Div(names, className="form-grid"),
            html.Div(id=ids.IMPORT_EXISTS, role="status"),
            html.Details(more),
        ],
        className="panel",
    )


def _text(name: str, label: str, hint: str, choices: str | None = None) -> html.Div:
    """A labelled text field with a hint, and with known values to choose from where there are."""
    field = dbc.Input(id=name, type="text", autocomplete="off", maxlength=500, list=choices)
    parts: list[Any] = [
        html.Label(say(f"imports.{label}"), htmlFor=name),
        field,
        html.P(say(f"imports.{hint}"), className="muted small"),
    ]
    return html.Div(parts, className="control")


def _options(names: list[str]) -> list[Any]:
    """Known names to choose from."""
    return [html.Option(value=name) for name in dict.fromkeys(names) if name]


def _omitted() -> html.Div:
    """What an empty cell is."""
    options = [{"label": say(f"imports.omitted_{kind.value}"), "value": kind.value} for kind in OmittedPolicy]
    select = dbc.Select(id=ids.IMPORT_OMITTED, options=options, value=OmittedPolicy.MISSING.value)
    return html.Div([html.Label(say("imports.omitted"), htmlFor=ids.IMPORT_OMITTED), select], className="control")
