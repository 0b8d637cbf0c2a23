"""Probabilities and abilities for answers that come with the request: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from flask import Response
from numpy.typing import NDArray

from dashboard.api.asked import Call, asked_model
from dashboard.api.refusals import BadRequestError
from dashboard.api.replies import reply
from dashboard.api.schemas import MOST_CELLS, MOST_ITEMS
from dashboard.problems import RequestFault
from irt import __version__
from irt.analysis import analyse
from irt.calibration import Calibration
from irt.calibration.file import from_dict
from irt.errors import ResponsesError
from irt.reports import Chances
from irt.responses import PreparedResponses, ResponseMatrix, prepare
from irt.scoring import estimate_abilities
from irt.scoring.ability import METHODS
from irt.scoring.chances import KINDS
from irt.selection import Selection
from irt.serialise import abilities_table, long_probabilities_table, uncalibrated
from irt.sources.memory import scored_rows


@dataclass(frozen=True, slots=True)
class Found:
    """A calibration to score with, where it comes from, and what a reader must know of it."""

    calibration: Calibration
    provenance: dict[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """Answers sent, ready to be scored, and the calibration to score them with."""

    matrix: ResponseMatrix
    found: Found
    warnings: tuple[str, ...]


def sent_probabilities(call: Call) -> Response:
    """P(correct) of each student sent on each item asked about.

    Without ``item_ids`` these are the items answered and those of the calibration.
    """
    wanted = call.sent.get("item_ids")
    scored = _scored(call, wanted)
    chances = Chances(scored.matrix, scored.found.calibration, call.sent.get("kind", KINDS[0]))
    if wanted is not None:
        chances = chances.only(np.arange(scored.matrix.n_persons), _places(scored.matrix.item_ids, wanted))
    warnings = (*scored.warnings, *uncalibrated(chances, scored.found.calibration))
    return reply(call, long_probabilities_table(chances, scored.found.provenance, warnings))


def sent_abilities(call: Call) -> Response:
    """One record a student sent."""
    scored = _scored(call)
    found = estimate_abilities(scored.matrix, scored.found.calibration, call.sent.get("method", METHODS[0]))
    return reply(call, replace(abilities_table(found, scored.found.provenance), warnings=scored.warnings))


def _scored(call: Call, wanted: list[str] | None = None) -> Scored:
    """The answers sent on the calibration that the request brings, names or lets be fitted."""
    given = _given(call)
    responses = call.sent["responses"]
    calibrated = given.calibration.items.item_ids if given else ()
    students, items, correct = ([row[name] for row in responses] for name in ("student_id", "item_id", "correct"))
    _refuse_repeated(students, items)
    known = {*items, *calibrated}
    _refuse_large(students, known)
    _refuse_unknown(wanted, known)
    prepared = prepare(scored_rows(students, items, correct, calibrated))
    found = given or _fitted(prepared, call.sent)
    warnings = (*found.warnings, *_left_out(students, prepared.matrix))
    return Scored(prepared.matrix, found, warnings + _unplaced(responses, prepared.matrix, found.calibration))


def _given(call: Call) -> Found | None:
    """The calibration that the request brings or names; None where one is to be fitted to its answers."""
    service, scope, sent = call.service, call.scope, call.sent
    calibration = sent.get("calibration")
    stored = calibration if calibration and "format" not in calibration else sent
    if calibration and "subject" in sent:
        raise BadRequestError([RequestFault("/calibration", "leave out subject and exam where a calibration is given")])
    if "subject" in stored:
        selection = Selection(subject=stored["subject"], exams=(stored["exam"],))
        model = asked_model(sent)
        report = service.exam(scope, selection, *model)
        warnings = (*report.warnings, *service.degraded(scope))
        return Found(service.calibration(scope, selection, *model), report.provenance.as_dict(), warnings)
    if calibration:
        if "model" in sent:
            raise BadRequestError([RequestFault("/model", "leave it out: the calibration sent has its own model")])
        return _brought(calibration)
    return None


def _brought(document: dict[str, Any]) -> Found:
    """A calibration file out of the request."""
    try:
        calibration = from_dict(document)
    except ResponsesError as error:
        raise BadRequestError([RequestFault("/calibration", error.message)]) from None
    origin = {"calibration": "sent with the request", "model": calibration.model, "status": calibration.status.code}
    return Found(calibration, {**origin, "package_version": __version__, "calibrated": dict(calibration.provenance)})


def _fitted(prepared: PreparedResponses, sent: dict[str, Any]) -> Found:
    """A calibration fitted to the answers sent. Raises TooFewAnswersError."""
    model, prior = asked_model(sent)
    analysis = analyse(prepared, model=model, prior=prior)
    calibration = analysis.fitted()
    origin = {
        "calibration": "fitted to the answers sent",
        "model": calibration.model,
        "prior": calibration.options.prior,
        "model_reason": analysis.model_reason,
        "status": calibration.status.code,
        "package_version": __version__,
    }
    return Found(calibration, origin, analysis.warnings())


def _refuse_repeated(students: Sequence[str], items: Sequence[str]) -> None:
    """One answer of a student to an item."""
    cells = set(zip(students, items, strict=True))
    if len(cells) == len(students):
        return
    faults = []
    for k, cell in enumerate(zip(students, items, strict=True)):
        if cell not in cells:
            faults.append(RequestFault(f"/responses/{k}", "repeats the student and item of an earlier answer"))
        cells.discard(cell)
    raise BadRequestError(faults)


def _refuse_large(students: Sequence[str], items: set[str]) -> None:
    """Bound the table of students and items, not only the list of answers."""
    n_students = len(set(students))
    if len(items) > MOST_ITEMS:
        message = f"names {len(items)} items (with those of the calibration); at most {MOST_ITEMS} at once"
    elif n_students * len(items) > MOST_CELLS:
        message = f"asks for {n_students} students x {len(items)} items; at most {MOST_CELLS} pairs at once"
    else:
        return
    raise BadRequestError([RequestFault("/responses", message)], "too_large")


def _refuse_unknown(wanted: list[str] | None, known: set[str]) -> None:
    faults = [
        RequestFault(f"/item_ids/{k}", "is neither answered nor calibrated")
        for k, item_id in enumerate(wanted or ())
        if item_id not in known
    ]
    if faults:
        raise BadRequestError(faults)


def _places(item_ids: Sequence[str], wanted: list[str]) -> NDArray[np.intp]:
    """Where the items asked about are, in the order asked."""
    where = {item_id: j for j, item_id in enumerate(item_ids)}
    return np.array([where[item_id] for item_id in wanted], dtype=np.intp)


def _left_out(students: Sequence[str], matrix: ResponseMatrix) -> tuple[str, ...]:
    """Students without one scored answer have no ability."""
    absent = {*students} - {*matrix.person_ids}
    return (f"{len(absent)} students have no scored answer and are left out.",) if absent else ()


def _unplaced(responses: list[dict[str, Any]], matrix: ResponseMatrix, calibration: Calibration) -> tuple[str, ...]:
    """Students of whom the calibrated items say nothing are taken for average. All of them: the wrong calibration."""
    calibrated = set(calibration.items.item_ids)
    placed = {row["student_id"] for row in responses if row["correct"] is not None and row["item_id"] in calibrated}
    n = len({*matrix.person_ids} - placed)
    if not placed:
        raise BadRequestError([RequestFault("/responses", "holds no scored answer to a calibrated item")])
    said = f"{n} students have no scored answer to a calibrated item; their chances are those of an average student."
    return (said,) if n else ()
