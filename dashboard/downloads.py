"""Tables as CSV under ``download/<name>.csv``, with the state in the query: what is seen is what is saved.

Files travel further than screens. Those about students hold pseudonyms, unless ``names=1`` asks for ids and names and
the caller may see them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, urlencode

from flask import Flask, Response, abort, request
from werkzeug.datastructures import MultiDict

from dashboard.told import told
from dashboard.visits import Visit, visit
from dashboard.words import say
from irt.errors import AccessError, ConfirmationNeeded, IrtError, NotFoundError, SourceError
from irt.reports import ItemCurve
from irt.serialise import (
    Table,
    bins_table,
    chances_table,
    class_map_table,
    counts_table,
    curve_table,
    dif_table,
    drift_table,
    eigenvalues_table,
    fit_table,
    health_table,
    information_table,
    items_table,
    model_fit_table,
    models_table,
    observed_table,
    options_table,
    pairs_table,
    prediction_table,
    probabilities_table,
    pseudonymous,
    scores_table,
    spending_table,
    spreadsheet_csv,
    students_table,
    uncalibrated,
)
from irt.service import Service
from irt.settings import Settings


def _curve(here: Visit) -> ItemCurve:
    """The item that is looked at."""
    return here.service.item(here.scope, here.selection, here.state.item or "", **here.state.fitted)


def _health(here: Visit) -> Table:
    report = here.service.exam(*here.asked)
    return health_table(report.health, report.provenance)


def _chances(here: Visit) -> Table:
    """Every student of the selection on every item."""
    calibration = here.service.calibration(*here.asked)
    chances = here.service.probabilities(here.scope, here.selection, calibration=calibration)
    return replace(
        probabilities_table(chances, dict(calibration.provenance)), warnings=uncalibrated(chances, calibration)
    )


def _student(here: Visit) -> Table:
    """The student that is looked at."""
    handle = here.state.student or ""
    return chances_table(here.service.student(here.scope, here.selection, handle, **here.state.fitted))


def _class_map(here: Visit) -> Table:
    """Everybody in the class, item by item."""
    return class_map_table(here.service.class_map(here.scope, here.selection, MOST_STUDENTS, **here.state.fitted))


def _groups(here: Visit) -> Table:
    """Two groups of students, item by item."""
    if here.state.group is None:
        raise NotFoundError(say("comparing.groups_choose"))
    return dif_table(here.service.dif(here.scope, here.selection, here.state.group, **here.state.compared))


def _counts(what: str) -> Callable[[Visit], Table]:
    """What the store counted of everybody."""

    def table(here: Visit) -> Table:
        everybody = replace(here.selection.population(), share=1.0)
        return counts_table(here.service.counts(here.scope, everybody), what)

    return table


def _drift(here: Visit) -> Table:
    """Two exams, item by item."""
    pair = here.state.two_exams()
    if pair is None:
        raise NotFoundError(say("comparing.drift_choose_two"))
    return drift_table(here.service.drift(here.scope, pair, **here.state.fitted))


#: In the query, with the value 1: with ids and names.
NAMES = "names"
#: Tables that say of single students what they did.
ABOUT_STUDENTS = frozenset({"students", "student", "class_map", "chances", "health"})
#: Students in the download of a class table: all there are, within reason.
MOST_STUDENTS = 100_000

#: Name in the address -> table of a visit.
TABLES: dict[str, Callable[[Visit], Table]] = {
    "items": lambda here: items_table(here.service.exam(*here.asked)),
    "scores": lambda here: scores_table(here.service.exam(*here.asked)),
    "curve": lambda here: curve_table(_curve(here)),
    "observed": lambda here: observed_table(_curve(here)),
    "options": lambda here: options_table(_curve(here)),
    "students": lambda here: students_table(here.service.students(*here.asked)),
    "student": _student,
    "class_map": _class_map,
    "chances": _chances,
    "health": _health,
    "fit": lambda here: fit_table(here.service.fit(*here.asked)),
    "model_fit": lambda here: model_fit_table(here.service.model_fit(*here.asked)),
    "eigenvalues": lambda here: eigenvalues_table(here.service.dimension(*here.asked)),
    "pairs": lambda here: pairs_table(here.service.dimension(*here.asked)),
    "prediction": lambda here: prediction_table(here.service.prediction(here.scope, here.selection)),
    "reliability": lambda here: bins_table(here.service.prediction(here.scope, here.selection)),
    "information": lambda here: information_table(here.service.precision(*here.asked)),
    "models": lambda here: models_table(here.service.compare_models(here.scope, here.selection)),
    "dif": _groups,
    "drift": _drift,
    "counts_items": _counts("items"),
    "counts_options": _counts("options"),
    "counts_scores": _counts("scores"),
    "spending": lambda here: spending_table(here.service.spending(here.scope)),
}


def register(server: Flask, service: Service, settings: Settings) -> None:
    """Serve the tables."""

    @server.get(f"{settings.path_prefix}download/<name>.csv")
    def download(name: str) -> Response:
        if name not in TABLES:
            abort(404)
        try:
            search, with_names = _asked(request.args)
            here, table = service.steadily(lambda: _made(service, name, search, with_names))
        except IrtError as error:
            sentence = told(error) if isinstance(error, SourceError) else str(error)
            return Response(f"{sentence}\n", _status(error), mimetype="text/plain")
        kind = ""
        if name in ABOUT_STUDENTS:
            kind = "-with-names" if with_names else "-pseudonymous"
            table = table if with_names else pseudonymous(table, service.handle if here.scope.names else str)
        file_name = _file_name(f"{name}{kind}", here.selection.describe())
        headers = {"Content-Disposition": f"attachment; filename=\"{name}{kind}.csv\"; filename*=UTF-8''{file_name}"}
        return Response(spreadsheet_csv(table), mimetype="text/csv", headers=headers)


def _made(service: Service, name: str, search: str, with_names: bool) -> tuple[Visit, Table]:
    """A visit and its table, from one state of the answers; where that only stands in, the file says so."""
    here = visit(service, {"page": "overview", "search": search})
    if here.state.problems:  # a page shows another exam and says so; a file must not
        raise NotFoundError(" ".join(here.state.problems))
    if with_names and not here.scope.names:
        raise AccessError(say("downloads.names_refused"))
    table = TABLES[name](here)
    return here, replace(table, warnings=(*table.warnings, *service.degraded(here.scope)))


def _asked(query: MultiDict[str, str]) -> tuple[str, bool]:
    """The state in a query, and whether ids and names are asked for. Raises NotFoundError."""
    names = query.getlist(NAMES)
    if names not in ([], ["1"]):
        raise NotFoundError(say("downloads.names_unknown"))
    return urlencode([(name, value) for name, value in query.items(multi=True) if name != NAMES]), bool(names)


def _status(error: IrtError) -> int:
    """The HTTP status that says the same as the error."""
    kinds = ((NotFoundError, 404), (AccessError, 403), (ConfirmationNeeded, 422), (SourceError, 503))
    return next((status for kind, status in kinds if isinstance(error, kind)), 422)


def _file_name(name: str, described: str) -> str:
    """A file name that says what is in it, percent-encoded."""
    plain = re.sub(r"[^\w .-]+", " ", described).strip()
    return quote(f"{name} {plain}.csv")
