"""What readers of results ask, as calls of the API: one question to the service, one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from flask import Response
from numpy.typing import NDArray

from dashboard.access import known_caller
from dashboard.api.asked import Call
from dashboard.api.replies import json_reply, reply
from dashboard.problems import problem
from irt import __version__
from irt.errors import NotFoundError, SourceError
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


def healthz(call: Call) -> Response:
    """Whether the source of answers can be reached; of which kind it is, where it is known who asks."""
    try:
        stamp = call.service.fresh_stamp()
    except SourceError:
        if known_caller() is not None:
            raise
        return problem("unavailable", "The source of answers cannot be reached.")
    if known_caller() is None:
        return json_reply({"status": "ok"})
    kind = {"source": call.source, "as_of": stamp.as_of.isoformat()}
    return json_reply({"status": "ok", "version": __version__, **kind})


def spending(call: Call) -> Response:
    """What reading a warehouse has cost today."""
    return reply(call, spending_table(call.service.spending(call.scope)))


def catalogue(call: Call) -> Response:
    """Subjects, exams and classes with counts; ``exams`` counts students of several classes once."""
    found = call.service.catalogue(call.scope)
    names = ("n_students", "n_items", "n_answers")
    exams = [
        {"subject": subject, "exam": exam, **dict(zip(names, sizes, strict=True))}
        for (subject, exam), sizes in found.exam_sizes.items()
    ]
    stamp = call.service.stamp()
    origin = {"source_fingerprint": stamp.fingerprint, "as_of": stamp.as_of.isoformat(), "package_version": __version__}
    return reply(call, replace(catalogue_table(found), provenance=origin), exams=exams)


def items(call: Call) -> Response:
    """Item statistics and parameters."""
    report = call.service.exam(call.scope, call.selection, *call.model)
    return reply(call, items_table(report), model_reason=report.model_reason)


def counts(call: Call) -> Response:
    """What the answers add up to, counted where they are."""
    return reply(call, counts_table(call.service.counts(call.scope, call.selection), call.asked["what"]))


def abilities(call: Call) -> Response:
    """One record a student."""
    method = call.asked["method"]
    model, prior = call.model
    found = call.service.abilities(call.scope, call.selection, method, model, prior=prior)
    return _explained(call, abilities_table(found, {}), method=method)


def probabilities(call: Call) -> Response:
    """P(correct) per student and item, from stored answers."""
    model, prior = call.model
    found = call.service.chances(call.scope, call.selection, model, kind=call.asked["kind"], prior=prior)
    students, wanted = call.asked.get("student_id"), call.asked.get("item_id")
    chosen = _chosen(found, students, wanted) if students or wanted else found
    table = long_probabilities_table(chosen, {}, uncalibrated(chosen, found.calibration))
    return _explained(call, table, kind=call.asked["kind"])


def calibration(call: Call) -> Response:
    """The calibration file of a selection, with what it must be read with."""
    from irt.calibration.file import to_dict

    found = to_dict(call.service.calibration(call.scope, call.selection, *call.model))
    return json_reply(found | {"warnings": list(call.degraded())})


def calibration_of(call: Call) -> Response:
    """The calibration file of the exam that the path names."""
    return calibration(replace(call, asked=call.asked | {"exam": [call.asked["exam"]]}))


def _explained(call: Call, table: Table | LongTable, **more: str) -> Response:
    """A table with the provenance and warnings of its exam."""
    report = call.service.exam(call.scope, call.selection, *call.model)
    origin = report.provenance.as_dict() | more
    told = replace(table, provenance=origin, warnings=report.warnings + table.warnings)
    return reply(call, told, model_reason=report.model_reason)


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
