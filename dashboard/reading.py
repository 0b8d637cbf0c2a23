"""Asked before a large read: what it costs; then what is going on, and a way to stop it.

One panel in the place of notices serves every callback of every page. It is there from the start and hidden, and a
callback that meets :class:`irt.errors.ConfirmationNeeded` fills it in: several that do so at once ask once, and what
has the keyboard keeps it. *Read it* reads what the callback needs, and no more, with leave to spend so many bytes. Then
the page draws itself as always, from what the service has kept.

Who may not spend is not asked, and gets no leave by asking for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, ctx, dcc, html, no_update, set_props

from dashboard import ids, notices
from dashboard.access import caller, caller_scope
from dashboard.notices import notice, sentences_of
from dashboard.numbers import money, number, size
from dashboard.state import State as Chosen
from dashboard.visits import Visit, visit
from dashboard.words import say
from irt.errors import AccessError, ConfirmationNeeded, IrtError, SourceError
from irt.service import Service
from irt.sources.spending import allowing

#: The question that the frame asks: what there is.
CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Question:
    """What a callback reads: ``what`` names its words (``reading.asked_exam``)."""

    what: str
    read: Callable[[Visit], Any]


def questions(app: Dash) -> dict[str, Question]:
    """The questions of an app's callbacks, by the name of what they fill."""
    known: dict[str, Question] = app.server.extensions.setdefault("itemwise-questions", {})
    return known


def panel() -> html.Div:
    """The panel, hidden: what is going on, and the question."""
    busy = [
        html.Div(
            [
                html.P(id=ids.READING_BUSY_WORDS),
                html.P(className="muted small", **{"data-clock": say("reading.clock", n="{n}"), "aria-hidden": "true"}),
                html.P(id=ids.READING_STOPPED),
                html.Div(
                    html.Button(say("reading.stop"), id=ids.READING_STOP, type="button", className="button quiet"),
                    className="reading-buttons",
                ),
            ],
            className="notice-text",
        ),
    ]
    asked = [
        html.Div(
            [
                html.P(id=ids.READING_SAID),
                html.P(id=ids.READING_WORDS),
                html.P(html.Span(say("reading.before"), className="last-good muted small")),
                html.Div(
                    [
                        html.Button(say("reading.read"), id=ids.READ, type="button", className="button"),
                        html.Button(id=ids.READ_SAMPLE, type="button", className="button quiet", hidden=True),
                    ],
                    className="reading-buttons",
                ),
            ],
            className="notice-text",
        ),
    ]
    mark = html.Span(className="notice-mark", **{"aria-hidden": "true"})
    return html.Div(
        [
            dcc.Store(id=ids.READING_ASKED),
            dcc.Store(id=ids.READING_DONE),
            html.Div([mark, *busy], id=ids.READING_BUSY, className="notice", role="status", hidden=True),
            html.Div([mark, *asked], id=ids.READING, className="notice", role="status", hidden=True),
        ]
    )


def ask(needed: ConfirmationNeeded, name: str, what: str, sample: tuple[str, int] | None = None) -> None:
    """Fill the panel in; who may not spend is told so instead.

    Parameters
    ----------
    needed : ConfirmationNeeded
    name : str
        The question in :func:`questions`, or :data:`CATALOGUE`.
    what : {"exam", "catalogue", "other", "counts"}
    sample : (str, int), optional
        The share that may be read instead ("": the usual one), and how many students that is.
    """
    if not caller().may_spend:
        set_props(ids.NOTICE, {"children": notice([say("reading.not_yours")])})
        return
    n_bytes, cost = int(needed.facts["bytes"]), money(float(needed.facts["cost"]))
    # "Less than" is no "about".
    facts = {"size": size(n_bytes), "cost": say("reading.about", cost=cost) if cost.startswith("$") else cost}
    instead = "" if sample is None else say("reading.read_sample", n=number(sample[1], 0))
    set_props(ids.READING_ASKED, {"data": {"question": name, "bytes": n_bytes, "share": sample and sample[0]}})
    set_props(ids.READING_WORDS, {"children": say(f"reading.asked_{what}", **facts)})
    set_props(ids.READING_BUSY_WORDS, {"children": say(f"reading.busy_{what}", **facts)})
    set_props(ids.READ_SAMPLE, {"children": instead, "hidden": sample is None})
    set_props(ids.READING, {"hidden": False})


def on_error(error: Exception) -> None:
    """What follows from an error of a callback: a question about what there is, or the notice."""
    if isinstance(error, ConfirmationNeeded):
        ask(error, CATALOGUE, CATALOGUE)
    else:
        notices.on_error(error)


def register(app: Dash, service: Service) -> None:
    """Wire the panel."""
    app.clientside_callback(
        ClientsideFunction("itemwise", "done"),
        Output(ids.STATE, "data", allow_duplicate=True),
        Input(ids.READING_DONE, "data"),
        prevent_initial_call=True,
    )

    @app.callback(
        [
            Output(ids.READING_DONE, "data"),
            Output(ids.READING, "hidden", allow_duplicate=True),
            Output(ids.READING_SAID, "children"),
        ],
        [Input(ids.READ, "n_clicks"), Input(ids.READ_SAMPLE, "n_clicks")],
        [State(ids.STATE, "data"), State(ids.READING_ASKED, "data")],
        running=[(Output(ids.READING_BUSY, "hidden"), False, True), (Output(ids.READING_STOPPED, "children"), "", "")],
        prevent_initial_call=True,
    )
    def read(every: int | None, sample: int | None, data: Any, asked: Any) -> tuple[Any, Any, Any]:
        asked = asked if isinstance(asked, dict) else {}
        chosen = Chosen.read(data)
        if ctx.triggered_id == ids.READ_SAMPLE:
            chosen = chosen.change(share=asked.get("share") or None)
        question = questions(app).get(str(asked.get("question")))
        n_bytes = asked.get("bytes")
        try:
            with allowing(n_bytes if isinstance(n_bytes, int) and caller().may_spend else 0):
                if question is None:
                    service.catalogue(caller_scope())
                else:
                    question.read(visit(service, chosen.data()))
        except ConfirmationNeeded as needed:  # the answers have grown meanwhile
            ask(needed, asked.get("question", CATALOGUE), CATALOGUE if question is None else question.what)
            return no_update, False, []
        except SourceError as error:
            if error.facts.get("reason") == "computing":  # it goes on: so does the panel, with the way to stop it
                set_props(ctx.triggered_id, {"n_clicks": 1 + (every or 0) + (sample or 0)})
                return no_update, no_update, []
            return (no_update, *_failed(error))
        except IrtError:
            pass  # what was read does not suffice: the page says so in its place
        before = data.get("search") if isinstance(data, dict) else None
        return {**chosen.data(), "before": before}, True, []

    @app.callback(
        Output(ids.READING_STOPPED, "children"), Input(ids.READING_STOP, "n_clicks"), prevent_initial_call=True
    )
    def stop(_: int | None) -> str:
        try:
            return say("reading.stopping" if stop_reading(service) else "reading.too_late")
        except AccessError:
            return say("reading.stop_not_yours")


def stop_reading(service: Service) -> int:
    """Stop what is being read, whoever asked for it; how many questions that were. Raises AccessError."""
    if not caller().may_spend:
        raise AccessError("Only who may agree to what reading costs may stop it.")
    return service.stop_reading(caller_scope())


def _failed(error: SourceError) -> tuple[bool, Any]:
    """Whether the question goes, and what is said beside it: it stays where asking again may help."""
    if error.facts.get("reason") == "cancelled":
        return False, say("reading.stopped")
    if error.facts.get("again"):
        return False, [html.Span([sentence, " "]) for sentence in sentences_of(error)]
    set_props(ids.NOTICE, {"children": notice(sentences_of(error), serious=True)})
    return True, []
