"""Probabilities for answers that come with the request: nothing of it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dashboard.api.asked import asked_model
from dashboard.api.refusals import BadRequestError
from dashboard.api.schemas import MOST_CELLS, MOST_ITEMS, MOST_MATRIX
from dashboard.problems import RequestFault
from irt import __version__
from irt.analysis import analyse
from irt.calibration import Calibration
from irt.calibration.file import from_dict
from irt.errors import ResponsesError
from irt.responses import PreparedResponses, prepare
from irt.scoring import Probabilities, probabilities
from irt.scoring.chances import KINDS
from irt.selection import Scope, Selection
from irt.serialise import Table, probabilities_table, uncalibrated
from irt.service import Service
from irt.sources.memory import scored_rows


@dataclass(frozen=True, slots=True)
class Found:
    """A calibration to score with, where it comes from, and what a reader must know of it."""

    calibration: Calibration
    provenance: dict[str, Any]
    warnings: tuple[str, ...] = ()


def sent_probabilities(service: Service, scope: Scope, sent: dict[str, Any]) -> Table:
    """P(correct) of each student sent on each item asked about.

    Without ``item_ids`` these are the items answered and those of the calibration.

    Parameters
    ----------
    service : Service
        Where stored calibrations are.
    scope : Scope
        What the caller may see of them.
    sent : dict
        The checked body.
    """
    given = _given(service, scope, sent)
    responses = sent["responses"]
    _refuse_repeated(responses)
    calibrated = given.calibration.items.item_ids if given else ()
    wanted = sent.get("item_ids")
    students, items, correct = ([row[name] for row in responses] for name in ("student_id", "item_id", "correct"))
    known = {*items, *calibrated}
    _refuse_large(students, known, wanted)
    _refuse_unknown(wanted, known)
    prepared = prepare(scored_rows(students, items, correct, calibrated))
    found = given or _fitted(prepared, sent)
    chances = _take(probabilities(prepared.matrix, found.calibration, kind=sent.get("kind", KINDS[0])), wanted)
    warnings = (*found.warnings, *_left_out(responses, chances), *uncalibrated(chances, found.calibration))
    warnings += _unplaced(responses, chances, found.calibration)
    return replace(probabilities_table(chances, found.provenance), warnings=warnings)


def _given(service: Service, scope: Scope, sent: dict[str, Any]) -> Found | None:
    """The calibration that the request brings or names; None where one is to be fitted to its answers."""
    calibration = sent.get("calibration")
    stored = calibration if calibration and "format" not in calibration else sent
    if calibration and "subject" in sent:
        raise BadRequestError([RequestFault("/calibration", "leave out subject and exam where a calibration is given")])
    if "subject" in stored:
        selection = Selection(subject=stored["subject"], exams=(stored["exam"],))
        model = asked_model(sent)
        report = service.exam(scope, selection, *model)
        return Found(service.calibration(scope, selection, *model), report.provenance.as_dict(), report.warnings)
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


def _refuse_repeated(responses: list[dict[str, Any]]) -> None:
    """One answer of a student to an item."""
    seen: set[tuple[str, str]] = set()
    faults = []
    for k, row in enumerate(responses):
        cell = row["student_id"], row["item_id"]
        if cell in seen:
            faults.append(RequestFault(f"/responses/{k}", "repeats the student and item of an earlier answer"))
        seen.add(cell)
    if faults:
        raise BadRequestError(faults)


def _refuse_large(students: Sequence[str], items: set[str], wanted: list[str] | None) -> None:
    """Bound the table of students and items, not only the list of answers."""
    n_students, n_shown = len(set(students)), len(wanted) if wanted else len(items)
    if len(items) > MOST_ITEMS:
        message = f"names {len(items)} items (with those of the calibration); at most {MOST_ITEMS} at once"
    elif n_students * len(items) > MOST_MATRIX or n_students * n_shown > MOST_CELLS:
        message = f"asks for {n_students} students x {n_shown} items; at most {MOST_CELLS} pairs at once"
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


def _take(chances: Probabilities, wanted: list[str] | None) -> Probabilities:
    """The items asked about, in the order asked."""
    if wanted is None:
        return chances
    where = {item_id: j for j, item_id in enumerate(chances.item_ids)}
    columns = np.array([where[item_id] for item_id in wanted], dtype=np.intp)
    tables = {name: getattr(chances, name)[:, columns] for name in ("probability", "lower", "upper", "correct")}
    return replace(chances, item_ids=tuple(wanted), **tables)


def _left_out(responses: list[dict[str, Any]], chances: Probabilities) -> tuple[str, ...]:
    """Students without one scored answer have no ability."""
    absent = {row["student_id"] for row in responses} - set(chances.person_ids)
    return (f"{len(absent)} students have no scored answer and are left out.",) if absent else ()


def _unplaced(responses: list[dict[str, Any]], chances: Probabilities, calibration: Calibration) -> tuple[str, ...]:
    """Students of whom the calibrated items say nothing are taken for average. All of them: the wrong calibration."""
    calibrated = set(calibration.items.item_ids)
    placed = {row["student_id"] for row in responses if row["correct"] is not None and row["item_id"] in calibrated}
    n = len(set(chances.person_ids) - placed)
    if not placed:
        raise BadRequestError([RequestFault("/responses", "holds no scored answer to a calibrated item")])
    said = f"{n} students have no scored answer to a calibrated item; their chances are those of an average student."
    return (said,) if n else ()
