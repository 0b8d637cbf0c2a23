"""The calls of the API. Each checks its parameters, asks the service once, and turns the report into an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from flask import Blueprint, Flask, Response, request
from numpy.typing import NDArray
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotFound

from dashboard.access import caller_scope
from dashboard.api import checks, refusals
from dashboard.api.asked import Call
from dashboard.api.findings import FINDINGS
from dashboard.api.openapi import description
from dashboard.api.replies import json_reply, reply
from dashboard.api.schemas import QUERIES, SENT
from dashboard.api.sent import sent_probabilities
from irt import __version__
from irt.errors import NotFoundError
from irt.reports import Chances
from irt.serialise import (
    LongTable,
    Table,
    abilities_table,
    catalogue_table,
    counts_table,
    items_table,
    long_probabilities_table,
    spending_table,
    uncalibrated,
)
from irt.service import Service
from irt.settings import Settings


def healthz(call: Call) -> Response:
    """Whether the source of answers can be reached, and of which kind it is."""
    stamp = call.service.stamp()
    kind = {"source": call.source, "as_of": stamp.as_of.isoformat()}
    return json_reply({"status": "ok", "version": __version__, **kind})


def spending(call: Call) -> Response:
    """What reading a warehouse has cost today."""
    return reply(spending_table(call.service.spending(caller_scope())), call.asked)


def catalogue(call: Call) -> Response:
    """Subjects, exams and classes with counts; ``exams`` counts students of several classes once."""
    found = call.service.catalogue(caller_scope())
    names = ("n_students", "n_items", "n_answers")
    exams = [
        {"subject": subject, "exam": exam, **dict(zip(names, sizes, strict=True))}
        for (subject, exam), sizes in found.exam_sizes.items()
    ]
    stamp = call.service.stamp()
    origin = {"source_fingerprint": stamp.fingerprint, "as_of": stamp.as_of.isoformat(), "package_version": __version__}
    return reply(replace(catalogue_table(found), provenance=origin), call.asked, exams=exams)


def items(call: Call) -> Response:
    """Item statistics and parameters."""
    report = call.service.exam(caller_scope(), call.selection, *call.model)
    return reply(items_table(report), call.asked, model_reason=report.model_reason)


def counts(call: Call) -> Response:
    """What the answers add up to, counted where they are."""
    return reply(counts_table(call.service.counts(caller_scope(), call.selection), call.asked["what"]), call.asked)


def abilities(call: Call) -> Response:
    """One record a student."""
    scope, selection, method = caller_scope(), call.selection, call.asked["method"]
    model, prior = call.model
    found = call.service.abilities(scope, selection, method, model, prior=prior)
    return _explained(call, abilities_table(found, {}), method=method)


def probabilities(call: Call) -> Response:
    """P(correct) per student and item, from stored answers."""
    model, prior = call.model
    found = call.service.chances(caller_scope(), call.selection, model, kind=call.asked["kind"], prior=prior)
    students, wanted = call.asked.get("student_id"), call.asked.get("item_id")
    chosen = _chosen(found, students, wanted) if students or wanted else found
    table = long_probabilities_table(chosen, {}, uncalibrated(chosen, found.calibration))
    return _explained(call, table, kind=call.asked["kind"])


def calibrations(call: Call) -> Response:
    """The calibration file of a selection."""
    from irt.calibration.file import to_dict

    return json_reply(to_dict(call.service.calibration(caller_scope(), call.selection, *call.model)))


def sent(call: Call) -> Response:
    """P(correct) for answers sent in the request."""
    table = sent_probabilities(call.service, caller_scope(), checks.body(request, SENT))
    return reply(table, {"limit": max(len(table), 1), **call.asked})


#: Path, name of the parameters' schema, view, method.
ROUTES: tuple[tuple[str, str, Callable[[Call], Response], str], ...] = (
    ("/healthz", "healthz", healthz, "GET"),
    ("/catalogue", "catalogue", catalogue, "GET"),
    ("/spending", "spending", spending, "GET"),
    ("/items", "items", items, "GET"),
    ("/counts", "counts", counts, "GET"),
    ("/abilities", "abilities", abilities, "GET"),
    ("/probabilities", "probabilities", probabilities, "GET"),
    ("/probabilities", "sent_probabilities", sent, "POST"),
    ("/calibrations", "calibrations", calibrations, "GET"),
    *((path, name, view, "GET") for path, name, view, _ in FINDINGS),
)


#: All methods, for paths that have none of them.
ANY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")


def register(server: Flask, service: Service, settings: Settings) -> None:
    """Add the API and the health check to a server that :func:`dashboard.access.install` guards."""
    path = f"{settings.path_prefix}api/v1"
    kind = settings.source.partition(":")[0]
    blueprint = Blueprint("api", __name__, url_prefix=path)
    for rule, name, view, method in ROUTES:
        blueprint.add_url_rule(rule, name, _checked(service, name, view, kind), methods=[method])
    blueprint.add_url_rule("/calibrations/<subject>/<exam>", "calibration_of", _at_path(service))
    blueprint.add_url_rule(
        "/openapi.json", "openapi", _checked(service, "openapi", lambda _: json_reply(description(path)))
    )
    for rule in ("", "/", "/<path:rest>"):
        blueprint.add_url_rule(rule, "nothing", _nothing, methods=ANY_METHOD)
    health = Blueprint("health", __name__)
    for k, rule in enumerate(sorted({"/healthz", f"{settings.path_prefix}healthz"})):
        health.add_url_rule(rule, f"healthz_{k}", lambda: healthz(Call(service, {}, kind)))
    refusals.handle(server, path, blueprint, health)
    server.register_blueprint(blueprint)
    server.register_blueprint(health)


def _checked(service: Service, name: str, view: Callable[[Call], Response], source: str = "") -> Callable[[], Response]:
    """The view behind the check of its query parameters."""
    return lambda: _answered(view, Call(service, checks.query(request.args, QUERIES[name]), source))


def _answered(view: Callable[[Call], Response], call: Call) -> Response:
    """The answer of a view: all its numbers from one state of the source, with the leave to read that came along."""
    with call.service.allowing(call.asked.get("allow_bytes", 0)):
        if request.method == "GET":
            return call.service.steadily(lambda: view(call))
        with call.service.moment():  # a body is read once
            return view(call)


def _at_path(service: Service) -> Callable[[str, str], Response]:
    """The calibration of the exam that the path names."""

    def view(subject: str, exam: str) -> Response:
        asked = checks.query(request.args, QUERIES["calibrations"])
        if "subject" in asked or "exam" in asked:
            raise BadRequest("Name the subject and exam either in the path or as parameters.")
        return _answered(calibrations, Call(service, asked | {"subject": subject, "exam": [exam]}))

    return view


def _nothing(rest: str = "") -> Response:
    """Paths of the API that no call has: the dashboard, which answers every other path, must not take them."""
    methods = {method for rule, _, _, method in ROUTES if rule == f"/{rest}"}
    if (rest.count("/") == 2 and rest.startswith("calibrations/")) or rest == "openapi.json":
        methods = {"GET"}
    if methods:
        raise MethodNotAllowed(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
    raise NotFound


def _explained(call: Call, table: Table | LongTable, **more: str) -> Response:
    """A table with the provenance and warnings of its exam."""
    report = call.service.exam(caller_scope(), call.selection, *call.model)
    origin = report.provenance.as_dict() | more
    return reply(
        replace(table, provenance=origin, warnings=report.warnings + table.warnings),
        call.asked,
        model_reason=report.model_reason,
    )


def _chosen(found: Chances, students: list[str] | None, wanted: list[str] | None) -> Chances:
    """These students and items, in the order of the exam. Raises NotFoundError."""
    return found.only(_places(found.person_ids, students, "student"), _places(found.item_ids, wanted, "item"))


def _places(ids: Sequence[str], wanted: list[str] | None, kind: str) -> NDArray[np.intp]:
    """Positions of the wanted ids; all without a wish."""
    if not wanted:
        return np.arange(len(ids), dtype=np.intp)
    unknown = sorted(set(wanted) - set(ids))
    if unknown:
        shown = ", ".join(unknown[:10]) + (", ..." if len(unknown) > 10 else "")
        raise NotFoundError(f"There is no {kind} {shown} among the {len(ids)} {kind}s of this selection.", ids=unknown)
    chosen = set(wanted)
    return np.array([k for k, name in enumerate(ids) if name in chosen], dtype=np.intp)
