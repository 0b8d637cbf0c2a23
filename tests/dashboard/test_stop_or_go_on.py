"""Contract: what the service stops for and goes on with happens as docs/service.md says, on API, page and command line.

Each row of its tables is made to happen; status, code, Retry-After, exit code and the quoted words are the table's own.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from asking import ask, place, shown
from crafted import SUBJECT, refused, store, unreachable

from dashboard import ids
from dashboard.words import say
from irt.analysis import plain_calibrator
from irt.calibration import FitStatus
from irt.commands import main
from irt.deadlines import StillComputing
from irt.errors import SourceError
from irt.moments import AnswersChanged
from irt.service import Service
from irt.sources.parquet import ParquetStore
from irt.sources.spending import Limits, over_limit
from irt.warehouse.ledger import Ledger
from irt.warehouse.table_state import TableState
from irt.warehouse.table_view import table_view
from tests.metered import TIME, Metered, metered_app
from tests.signed import KEYS, analyst, bearer, expired, teacher

DOCS = Path(__file__).parents[2] / "docs" / "service.md"
PLAIN = {"subject": SUBJECT, "exam": "Plain"}
Outcome = tuple[int, str]


# The table -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What the docs say of one thing that happens."""

    what: str
    api: str
    page: str
    command: str

    def __str__(self) -> str:
        return self.what


def table(title: str) -> list[Row]:
    """The rows of the table under a heading."""
    part = DOCS.read_text("utf-8").split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines[1:]]


def quoted(cell: str) -> list[str]:
    return re.findall("“(.+?)”", cell)


# What happens --------------------------------------------------------------------------------------------------------


class World:
    """Apps to which things happen, each made when it is first needed."""

    def __init__(self, folder: Path, open_app: Callable[..., Any], patch: pytest.MonkeyPatch) -> None:
        self.folder, self._open, self.patch = folder, open_app, patch

    @cached_property
    def exams(self) -> Path:
        return store(self.folder / "exams")

    @cached_property
    def app(self) -> Any:
        return self._open(self.exams)

    @cached_property
    def signed(self) -> Any:
        return self._open(self.exams, ITEMWISE_EMBED_KEYS=KEYS, ITEMWISE_RATE_LIMIT="3/hour")

    @cached_property
    def source(self) -> Metered:
        return Metered(self.exams)

    @cached_property
    def failing(self) -> Any:
        return metered_app(self.source)

    @cached_property
    def guarded(self) -> Any:
        return metered_app(self.source, ITEMWISE_EMBED_KEYS=KEYS)

    @cached_property
    def away(self) -> Any:
        """An app that has read an exam, and whose folder then cannot be read."""
        folder = store(self.folder / "away")
        app = self._open(folder)
        assert get(app, "items", **PLAIN).status_code == 200
        (folder / "manifest.json").mkdir()
        return app

    def command(self, *arguments: str, source: Any = None) -> Callable[[Any], Outcome]:
        """Run a command over the exams, or over a source."""

        def run(capsys: Any) -> Outcome:
            self.patch.setenv("ITEMWISE_SOURCE", f"parquet:{self.exams if source is None else source}")
            self.patch.setenv("ITEMWISE_CACHE", "off")
            if isinstance(source, Metered):
                self.patch.setenv("ITEMWISE_SOURCE", f"parquet:{self.exams}")
                self.patch.setattr("irt.commands.chosen.open_service", lambda _: Service(source))
            try:
                code = main(arguments)
            except SystemExit as end:
                code = int(end.code or 0)
            return code, capsys.readouterr().err

        return run


def get(app: Any, path: str, headers: Any = None, **query: Any) -> Any:
    return app.server.test_client().get(f"/api/v1/{path}", query_string=query, headers=headers)


def page(app: Any, name: str = "overview", client: Any = None, **query: Any) -> str:
    """What the frame and the page answer, notices among it."""
    state = {"state.data": place(name, **query)}
    body = {"overview": ids.OVERVIEW, "data": ids.DATA_REPORT}.get(name)
    found = [ask(app, f"{ids.SAID}.children", state, client)]
    if body is not None:
        found.append(ask(app, f"{body}.children", state, client))
    return shown(found)


@dataclass(frozen=True)
class Case:
    """One thing that happens: what API, page and command line make of it; None: there is no such thing there."""

    api: Callable[[], Any]
    page: Callable[[], str]
    command: Callable[[Any], Outcome] | None = None


def items(world: World, exam: str, name: str = "overview", app: Any = None, **query: Any) -> Case:
    """The items of one exam, asked for on all three."""
    app, asked = app or world.app, {"subject": SUBJECT, "exam": exam, **query}
    options = [part for key, value in query.items() for part in (f"--{key}", value)]
    return Case(
        lambda: get(app, "items", **asked),
        lambda: page(app, name, **asked),
        world.command("items", "--subject", SUBJECT, "--exam", exam, *options),
    )


def failing(world: World, error: Exception) -> Case:
    """A source that fails with an error."""

    def after(ask_: Callable[[], Any]) -> Callable[[], Any]:
        def run() -> Any:
            world.source.fault = error  # type: ignore[assignment]
            try:
                return ask_()
            finally:
                world.source.fault = None

        return run

    command = world.command("items", "--subject", SUBJECT, "--exam", "Plain", source=world.source)
    return Case(
        after(lambda: get(world.failing, "items", **PLAIN)),
        after(lambda: page(world.failing, **PLAIN)),
        lambda capsys: after(lambda: command(capsys))(),
    )


def ended(world: World, status: FitStatus, attempts: str) -> Case:
    """A fit that ends so; each under a policy of its own, since fits are kept."""

    def fitted(*asked: Any) -> Any:
        return replace(plain_calibrator(*asked), status=status)

    world.patch.setattr("irt.walk.plain_calibrator", fitted)
    return items(world, "Plain", attempts=attempts)


def refused_at_the_door(world: World, headers: Any) -> Case:
    """A call of somebody who is not let in: the page's calls get the same status."""

    def asked() -> str:
        answer = world.signed.server.test_client().post("/_dash-update-component", json={}, headers=headers)
        assert answer.status_code == get(world.signed, "items", headers, **PLAIN).status_code
        return str(answer.get_data(as_text=True))

    return Case(lambda: get(world.signed, "items", headers, **PLAIN), asked)


def gone(world: World) -> Case:
    folder = store(world.folder / "gone")
    lost = ParquetStore(folder)
    lost.stamp()
    folder.rename(world.folder / "elsewhere")
    with pytest.raises(SourceError) as error:
        lost.stamp()
    return failing(world, error.value)


def unlike_the_contract() -> SourceError:
    with pytest.raises(SourceError) as error:
        table_view(TableState("p.d.t", "TABLE", (), "e", TIME, 1, 1), {}, ())
    return error.value


def spent() -> SourceError:
    with pytest.raises(SourceError) as error, Ledger(None, Limits(day_bytes=1)).entered("answers", 10**9, ""):
        pass
    return error.value


def without_leave(world: World) -> Case:
    command = ("items", "--subject", SUBJECT, "--exam", "Plain")
    return Case(
        lambda: get(world.failing, "items", **PLAIN),
        lambda: page(world.failing, **PLAIN),
        world.command(*command, source=world.source),
    )


def too_large(world: World) -> Case:
    large = {"environ_overrides": {"CONTENT_LENGTH": str(10**10)}}

    def asked() -> str:
        answer = world.app.server.test_client().post("/_dash-update-component", json={}, **large)
        assert answer.status_code == 413
        return ""

    return Case(lambda: world.app.server.test_client().post("/api/v1/probabilities", json={}, **large), asked)


def nothing_in_scope(world: World) -> Case:
    sent = bearer(teacher("nothing", exams=frozenset({"Bare"}), classes=frozenset({"7A"})))
    client = world.signed.server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = sent["Authorization"]
    return Case(
        lambda: get(world.signed, "items", sent, subject=SUBJECT, exam="Bare"),
        lambda: shown(ask(world.signed, f"{ids.SAID}.children", {"state.data": place("overview")}, client)),
    )


def not_permitted(world: World) -> Case:
    return Case(
        lambda: get(world.signed, "spending", bearer(teacher("no bill", exams=frozenset({"Plain"})))), lambda: ""
    )


def too_often(world: World) -> Case:
    sent = bearer(teacher("often"))

    def calls(ask_: Callable[[], Any]) -> Any:
        answers = [ask_() for _ in range(5)]
        assert {answer.status_code for answer in answers} >= {429}
        return answers[-1]

    callback = world.signed.server.test_client()
    return Case(
        lambda: calls(lambda: get(world.signed, "catalogue", sent)),
        lambda: str(calls(lambda: callback.post("/_dash-update-component", json={}, headers=sent)).data, "utf-8"),
    )


def away(world: World) -> Case:
    return Case(
        lambda: get(world.away, "items", **PLAIN),
        lambda: page(world.away, **PLAIN),
        world.command("items", "--subject", SUBJECT, "--exam", "Plain", source=world.folder / "away"),
    )


#: How each row is made to happen.
CASES: dict[str, Callable[[World], Case]] = {
    "The warehouse cannot be reached, and nothing of it is kept": lambda w: failing(w, unreachable()),
    "The warehouse takes no more requests just now": lambda w: failing(w, refused(403, "rateLimitExceeded")),
    "The project's quota of the day is used up": lambda w: failing(w, refused(403, "quotaExceeded")),
    "A query takes longer than it may": lambda w: failing(w, refused(400, "timeout")),
    "Somebody stopped the query": lambda w: failing(w, refused(499, "stopped")),
    "The server's account may not read the table": lambda w: failing(w, refused(403, "accessDenied")),
    "The server has no credentials": lambda w: failing(w, refused(401, "authError")),
    "There is no such table": lambda w: failing(w, refused(404, "notFound")),
    "The table breaks the contract": lambda w: failing(w, unlike_the_contract()),
    "A query would read more than `ITEMWISE_BIGQUERY_MAX_BYTES`": lambda w: failing(w, over_limit(10**9, None)),
    "The budget of the day is spent, or the bill cannot be written": lambda w: failing(w, spent()),
    "The warehouse does not understand a query": lambda w: failing(w, refused(400, "invalidQuery")),
    "The store's folder is gone": gone,
    "The answers change again and again while they are read": lambda w: failing(w, AnswersChanged()),
    "Computing takes longer than `ITEMWISE_TIMEOUT` (it goes on, and is kept)": lambda w: replace(
        failing(w, StillComputing()), command=None
    ),
    "Reading costs more than goes without leave": without_leave,
    "Too few answers for what was asked (abilities, a calibration)": lambda w: replace(
        items(w, "Tiny"),
        api=lambda: get(w.app, "abilities", subject=SUBJECT, exam="Tiny"),
        command=w.command("score", "--subject", SUBJECT, "--exam", "Tiny"),
    ),
    "Nothing puts the exams on one scale": lambda w: replace(
        items(w, "Plain"),
        api=lambda: get(w.app, "items", subject=SUBJECT, exam=["Plain", "Far"]),
        page=lambda: page(w.app, subject=SUBJECT, exam=["Plain", "Far"]),
        command=w.command("items", "--subject", SUBJECT, "--exam", "Plain", "Far"),
    ),
    "An exam, class or student that is not there, or not in the caller's scope": lambda w: items(w, "Nowhere"),
    "A choice is left open: one of several exams": lambda w: Case(
        lambda: get(w.app, "items", subject=SUBJECT),
        lambda: page(w.app, subject=SUBJECT),
        w.command("items", "--subject", SUBJECT),
    ),
    "Faults in the request or the address": lambda w: items(w, "Plain", nonsense="1"),
    "There is no such call": lambda w: Case(
        lambda: get(w.app, "nothing"), lambda: page(w.app, "nothing"), w.command("nothing")
    ),
    "The request is too large": too_large,
    "A scope in which there is nothing: a class of a table without classes": nothing_in_scope,
    "No access token": lambda w: refused_at_the_door(w, {}),
    "The access token has ended": lambda w: refused_at_the_door(w, expired(teacher())),
    "The access token is forged, or of another service": lambda w: refused_at_the_door(
        w, {"Authorization": "Bearer e30.e30.e30"}
    ),
    "The caller may not do this: the bill, spending": not_permitted,
    "The caller asks more often than `ITEMWISE_RATE_LIMIT`": too_often,
    "A defect of ours": lambda w: failing(w, ZeroDivisionError()),
    "The source is away for a passing reason; its state was known within `ITEMWISE_STALE`": away,
    "No class is recorded for the exam": lambda w: items(w, "Bare", "students"),
    "An item cannot be fitted: everybody or nobody has it right": lambda w: items(w, "Constant"),
    "The fit did not converge": lambda w: ended(w, FitStatus.ITERATION_LIMIT, "last"),
    "Standard errors cannot be had (null, a dash)": lambda w: ended(w, FitStatus.NOT_IDENTIFIED, "best"),
    "Too few answers for any model: shares and correlations only": lambda w: items(w, "Tiny"),
    "Rows break the contract of the table": lambda w: items(w, "Odd", "data"),
    "A student answered an item several times": lambda w: items(w, "Again", "data"),
    "Students have no scored answer": lambda w: items(w, "Absent"),
    "A very large exam is calibrated on a sample": lambda w: items(w, "Plain", share="0.9"),
    "The exams hang together by few items or students": lambda w: Case(
        lambda: get(w.app, "items", subject=SUBJECT, exam=["Plain", "Near"]),
        lambda: page(w.app, subject=SUBJECT, exam=["Plain", "Near"]),
        w.command("items", "--subject", SUBJECT, "--exam", "Plain", "Near"),
    ),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, open_app: Callable[..., Any]) -> World:
    return World(tmp_path_factory.mktemp("world"), open_app, pytest.MonkeyPatch())


@pytest.fixture
def world(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    made.patch = monkeypatch
    return made


# Tests ---------------------------------------------------------------------------------------------------------------


def test_every_row_of_the_docs_is_made_to_happen() -> None:
    assert {row.what for row in (*table("Stop"), *table("Go on"))} == set(CASES)


@pytest.mark.parametrize("row", table("Stop"), ids=str)
def test_stop(row: Row, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[row.what](world)
    answer = case.api()
    promised = re.fullmatch(r"`(\d{3}) (\w+)`(, Retry-After)?", row.api)
    assert promised, row.api
    assert answer.content_type == "application/problem+json"
    body = answer.get_json()
    assert (str(answer.status_code), body["code"]) == promised.groups()[:2]
    assert ("Retry-After" in answer.headers) == bool(promised[3])
    assert re.search(r"[.!?]$", body["detail"])
    assert "Traceback" not in answer.text
    told = case.page()
    assert all(words in told for words in quoted(row.page)), told[:2000]
    assert (say("frame.try_again") in told) == ("*Try again*" in row.page)
    in_a_callback = row.page.startswith("alert") and row.what != "The caller asks more often than `ITEMWISE_RATE_LIMIT`"
    assert ("notice serious" in told) == in_a_callback, told[:2000]
    commanded(row, case, capsys)


@pytest.mark.parametrize("row", table("Go on"), ids=str)
def test_go_on(row: Row, world: World, capsys: pytest.CaptureFixture[str]) -> None:
    case = CASES[row.what](world)
    answer = case.api()
    assert answer.status_code == 200
    told = " ".join(answer.get_json()["warnings"])
    assert all(words in told for words in quoted(row.api)), told
    shown_ = case.page()
    assert all(words in shown_ for words in quoted(row.page)), shown_[:3000]
    assert "notice serious" not in shown_
    assert (say("frame.try_again") in shown_) == ("*Try again*" in row.page)
    commanded(row, case, capsys)


def commanded(row: Row, case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    """What the command line says is what the row says."""
    assert (case.command is None) == (row.command in ("none", "waits"))
    if case.command is not None:
        code, told = case.command(capsys)
        assert str(code) == re.split("[,:]", row.command)[0]
        assert all(words in told for words in quoted(row.command)), told
        assert "Traceback" not in told


def test_a_read_that_outlasts_a_request_goes_on_with_the_way_to_stop_it(world: World) -> None:
    """The page asks once more by itself, and the query that was begun is found and stopped."""
    source = Metered(world.exams)
    app = metered_app(source, ITEMWISE_TIMEOUT="1")
    first = {"state.data": place("overview", **PLAIN)}
    asked = ask(app, f"{ids.OVERVIEW}.children", first)["notices"][ids.READING_ASKED]["data"]
    pressed = {f"{ids.READ}.n_clicks": 1, **first, f"{ids.READING_ASKED}.data": asked}
    source.gate.clear()
    answer = ask(app, f"{ids.READING_DONE}.data", pressed)
    assert answer["notices"] == {ids.READ: {"n_clicks": 2}}
    assert answer.get(ids.READING_DONE) is None
    assert source.waiting.is_set()
    stopped = ask(app, f"{ids.READING_STOPPED}.children", {f"{ids.READING_STOP}.n_clicks": 1})
    assert stopped[ids.READING_STOPPED]["children"] == say("reading.stopping")
    again = ask(app, f"{ids.READING_DONE}.data", pressed)  # it hears of the stop, or reads anew where that came first
    assert again[ids.READING_SAID]["children"] in (say("reading.stopped"), [])


def test_a_plain_exam_says_nothing(world: World) -> None:
    assert get(world.app, "items", **PLAIN).get_json()["warnings"] == []
    assert "notice-text" not in page(world.app, "students", **PLAIN)


@pytest.mark.parametrize("error", [unreachable(), refused(403, "accessDenied"), unlike_the_contract()], ids=str)
def test_names_of_tables_and_settings_are_for_who_runs_it(world: World, error: SourceError) -> None:
    for caller, whole in ((teacher("reads"), False), (analyst("runs"), True)):
        client = world.guarded.server.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = bearer(caller)["Authorization"]
        world.source.fault = error
        seen = [client.get("/api/v1/catalogue").get_json()["detail"], page(world.guarded, client=client, **PLAIN)]
        world.source.fault = None
        for told in seen:
            assert (error.message in told) == whole
            assert ("The answers cannot be re" in told) != whole


def test_rows_and_calibration_files_say_it_too(world: World) -> None:
    bare, said = {"subject": SUBJECT, "exam": "Bare"}, "No class is recorded for Bare"
    assert said in get(world.app, "calibrations", **bare).get_json()["warnings"][0]
    rows = get(world.app, "items", **bare, format="csv", note="1")
    assert said in rows.headers["Itemwise-Warnings"]
    assert f"# Warning: {said}" in rows.text
    assert "Itemwise-Warnings" not in get(world.app, "items", **PLAIN, format="csv").headers


def test_a_file_that_is_saved_meanwhile_says_so(world: World) -> None:
    files = world.away.server.test_client()
    saved = files.get("/download/items.csv", query_string=PLAIN)
    assert saved.status_code == 200
    assert re.search(r"^# Warning: .*has been out of reach since", saved.text, re.MULTILINE)
    assert files.get("/download/items.csv", query_string={**PLAIN, "exam": "Odd"}).status_code == 503


def test_a_folder_that_cannot_be_written_is_for_the_log_alone(
    open_app: Callable[..., Any], world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "calibrations").write_text("in the way")
    app = open_app(world.exams, ITEMWISE_CACHE=str(tmp_path))
    with caplog.at_level(logging.WARNING):
        answer = get(app, "items", **PLAIN).get_json()
    assert answer["data"] == get(world.app, "items", **PLAIN).get_json()["data"]
    assert answer["warnings"] == []
    assert "calibration" in caplog.text
