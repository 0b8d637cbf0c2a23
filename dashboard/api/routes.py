"""All calls of the API, and how each request becomes one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from re import fullmatch, sub

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Rule

from dashboard.access import caller, known_caller
from dashboard.api import checks, readers, refusals, shapes
from dashboard.api.asked import Call
from dashboard.api.conditional import digest, is_held, not_modified, state_of, tag_of, tagged
from dashboard.api.findings import FINDINGS
from dashboard.api.openapi import description
from dashboard.api.refusals import ListChangedError
from dashboard.api.replies import json_reply, media_type
from dashboard.api.route import RestsOn, Route
from dashboard.api.sent import sent_abilities, sent_probabilities
from irt.errors import AccessError
from irt.selection import Scope
from irt.service import Service
from irt.settings import Settings

#: What may be seen by whoever is not known.
NOTHING = Scope(frozenset(), frozenset(), frozenset(), names=False)
_SECTION_6 = {"subject": "Law School Admission Test", "exam": ["Section 6"]}
_ONE_ANSWER = {
    "subject": "Law School Admission Test",
    "exam": "Section 6",
    "responses": [{"student_id": "007", "item_id": "LSAT6-1", "correct": 1}],
}


def openapi(call: Call) -> Response:
    """The description of the API, for where it is on this server."""
    return json_reply(description(call.root, ROUTES))


#: Every call. Service: about the server itself. Results: what readers of results ask. Scoring: on answers sent along.
ROUTES: tuple[Route, ...] = (
    Route(
        "/healthz",
        "healthz",
        readers.healthz,
        "Service",
        "Whether the source of answers can be reached.",
        shapes.HEALTH,
        rests_on=RestsOn.MOMENT,
    ),
    Route(
        "/openapi.json",
        "openapi",
        openapi,
        "Service",
        "This description.",
        shapes.OPENAPI,
        rests_on=RestsOn.CODE,
    ),
    Route(
        "/spending",
        "spending",
        readers.spending,
        "Service",
        "What reading a warehouse has cost today, a row a query.",
        shapes.SPENDING,
        rests_on=RestsOn.MOMENT,
    ),
    Route(
        "/catalogue",
        "catalogue",
        readers.catalogue,
        "Results",
        "Subjects, exams and classes with counts.",
        shapes.CATALOGUE,
    ),
    Route("/items", "items", readers.items, "Results", "Item statistics and parameters.", shapes.ITEMS, _SECTION_6),
    Route(
        "/counts",
        "counts",
        readers.counts,
        "Results",
        "What the answers add up to without a model. Each column is there for one or several values of what.",
        shapes.COUNTS,
        _SECTION_6,
    ),
    Route(
        "/abilities", "abilities", readers.abilities, "Results", "One record a student.", shapes.ABILITIES, _SECTION_6
    ),
    Route(
        "/probabilities",
        "probabilities",
        readers.probabilities,
        "Results",
        "P(correct) of each student on each item, from stored answers.",
        shapes.PROBABILITIES,
        _SECTION_6,
    ),
    Route(
        "/calibrations",
        "calibrations",
        readers.calibration,
        "Results",
        "The calibration file of a selection.",
        shapes.CALIBRATION_FILE,
        _SECTION_6,
    ),
    Route(
        "/calibrations/{subject}/{exam}",
        "calibration_of",
        readers.calibration_of,
        "Results",
        "The calibration file of the exam that the path names.",
        shapes.CALIBRATION_FILE,
        {"subject": "Law School Admission Test", "exam": "Section 6"},
    ),
    Route(
        "/probabilities",
        "sent_probabilities",
        sent_probabilities,
        "Scoring",
        "P(correct) of each student on each item, for answers sent along.",
        shapes.SENT_PROBABILITIES,
        example_body=_ONE_ANSWER,
        rests_on=RestsOn.REQUEST,
    ),
    Route(
        "/abilities",
        "sent_abilities",
        sent_abilities,
        "Scoring",
        "One record a student, for answers sent along.",
        shapes.SENT_ABILITIES,
        example_body=_ONE_ANSWER,
        rests_on=RestsOn.REQUEST,
    ),
    *FINDINGS,
)


def register(server: Flask, service: Service, settings: Settings) -> None:
    """Add the API and the health check to a server that :func:`dashboard.access.install` guards."""
    root = f"{settings.path_prefix}api/v1"
    blueprint = Blueprint("api", __name__, url_prefix=root)
    # OPTIONS and methods that a path has not are answered by the rule that takes whatever else there is.
    for route in ROUTES:
        blueprint.add_url_rule(
            route.path.replace("{", "<").replace("}", ">"),
            route.name,
            _answering(route, service, settings, root),
            methods=[route.method],
            provide_automatic_options=False,
        )
    blueprint.after_request(_varied)
    health = Blueprint("health", __name__)
    healthz = next(route for route in ROUTES if route.name == "healthz")
    for k, rule in enumerate(sorted({"/healthz", f"{settings.path_prefix}healthz"})):
        health.add_url_rule(rule, f"healthz_{k}", _answering(healthz, service, settings, root))
    refusals.handle(server, root, blueprint, health)
    server.register_blueprint(blueprint)
    server.register_blueprint(health)
    server.view_functions["api.nothing"] = _nothing
    for rule in ("", "/", "/<path:rest>"):
        server.url_map.add(Rule(f"{root}{rule}", endpoint="api.nothing"))


def _answering(route: Route, service: Service, settings: Settings, root: str) -> Callable[..., Response]:
    """The view of a call: what is asked is checked first, and nothing is read for what cannot be answered."""
    source = settings.source.partition(":")[0]

    def view(**in_path: str) -> Response:
        asked = checks.path(in_path, route.in_path) | checks.query(request.args, route.query)
        media_type(asked, route.media_types)
        if asked.get("allow_bytes") and not caller().may_spend:
            raise AccessError("You may not agree to what reading costs: leave out allow_bytes.")
        sent = checks.body(request, route.body) if route.body else {}
        known = known_caller()
        call = Call(service, known.scope if known else NOTHING, asked, sent, root=root, source=source)
        with service.allowing(asked.get("allow_bytes", 0)):
            if sent:
                with service.moment():  # a body is read once
                    return route.view(call)
            return service.steadily(lambda: _answered(route, call, settings))

    return view


def _answered(route: Route, call: Call, settings: Settings) -> Response:
    """The answer of a view, all its numbers from one state of the answers; 304 where the caller holds it."""
    if route.rests_on is not RestsOn.ANSWERS:
        response = route.view(call)
        return tagged(response, digest(response.data.decode())) if route.is_conditional else response
    call = replace(call, state=state_of(call, settings))
    if call.asked.get("state", call.state) != call.state:
        raise ListChangedError(
            "The answers changed since the first page of this list, so that its pages would not belong together. "
            "Begin again at the first page."
        )
    tag = tag_of(call, media_type(call.asked, route.media_types))
    if tag is not None and is_held(tag):
        return not_modified(tag)
    return tagged(route.view(call), tag)


def _varied(response: Response) -> Response:
    """The answer, which another Accept header might have had in another format."""
    response.vary.add("Accept")
    return response


def _nothing(rest: str = "") -> Response:
    """Paths of the API that no call has, and methods that its calls have not.

    The dashboard, which answers every other path, must not take them.
    """
    methods = sorted(_methods(f"/{rest}"))
    if not methods:
        raise NotFound
    if request.method != "OPTIONS":
        raise MethodNotAllowed(methods)
    response = Response(status=204)
    response.allow.update(methods)
    del response.headers["Content-Type"]
    return response


def _methods(path: str) -> set[str]:
    """The methods of a path; none where there is nothing at it."""
    found = {route.method for route in ROUTES if fullmatch(sub(r"{\w+}", "[^/]+", route.path), path)}
    return found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()) if found else set()
