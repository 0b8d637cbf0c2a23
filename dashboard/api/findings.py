"""What analysts ask, as calls of the API: one question to the service, one table."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from dashboard.api.asked import Call
from dashboard.api.replies import reply
from dashboard.api.route import Route
from dashboard.api.shapes import of_finding
from irt.reports import Groups
from irt.serialise import (
    bins_table,
    dif_table,
    drift_table,
    eigenvalues_table,
    fit_table,
    information_table,
    model_fit_table,
    models_table,
    pairs_table,
    prediction_table,
    score_table_table,
)


def fit(call: Call) -> Response:
    """The fit of each item."""
    return reply(call, fit_table(call.service.fit(call.scope, call.selection, *call.model)))


def model_fit(call: Call) -> Response:
    """The fit of the model as a whole."""
    return reply(call, model_fit_table(call.service.model_fit(call.scope, call.selection, *call.model)))


def models(call: Call) -> Response:
    """Models beside each other."""
    return reply(call, models_table(call.service.compare_models(call.scope, call.selection)))


def dif(call: Call) -> Response:
    """Fairness of items to two groups."""
    asked = call.asked
    groups = Groups(asked["group"], asked.get("reference"), asked.get("focal"), asked["purify"] == "1")
    report = call.service.dif(call.scope, call.selection, groups)
    sizes = [{"value": value, "n_students": n} for value, n in report.groups]
    return reply(call, dif_table(report), groups=sizes)


def drift(call: Call) -> Response:
    """Items that two exams share."""
    return reply(call, drift_table(call.service.drift(call.scope, call.selection, *call.model)))


def dimension(call: Call) -> Response:
    """Eigenvalues beside chance."""
    report = call.service.dimension(call.scope, call.selection, *call.model)
    return reply(call, eigenvalues_table(report))


def pairs(call: Call) -> Response:
    """Pairs of items that depend on each other, with the limit of the largest by chance."""
    report = call.service.dimension(call.scope, call.selection, *call.model)
    return reply(call, pairs_table(report))


def prediction(call: Call) -> Response:
    """Models by how well they predict."""
    return reply(call, prediction_table(call.service.prediction(call.scope, call.selection)))


def bins(call: Call) -> Response:
    """Chances beside what happened."""
    return reply(call, bins_table(call.service.prediction(call.scope, call.selection)))


def information(call: Call) -> Response:
    """Precision at each ability."""
    return reply(call, information_table(call.service.precision(call.scope, call.selection, *call.model)))


def score_table(call: Call) -> Response:
    """Abilities of scores."""
    return reply(call, score_table_table(call.service.score_table(call.scope, call.selection, *call.model)))


_SECTION_6 = {"subject": "Law School Admission Test", "exam": ["Section 6"]}
_TERM_2 = {"subject": "Mathematics (simulated)", "exam": ["Term 2"]}
_TERMS = {"subject": "Mathematics (simulated)", "exam": ["Term 1", "Term 2"]}


def _finding(path: str, name: str, view: Callable[[Call], Response], summary: str, **example: object) -> Route:
    """A question of analysts."""
    return Route(path, name, view, "Analysis", summary, of_finding(name), example=example or _SECTION_6)


FINDINGS: tuple[Route, ...] = (
    _finding("/fit", "fit", fit, "How well the model describes each item."),
    _finding("/model-fit", "model-fit", model_fit, "How well the model describes the exam."),
    _finding("/models", "models", models, "The 1PL, 2PL and 3PL beside each other."),
    _finding(
        "/dif",
        "dif",
        dif,
        "Whether items favour one of two groups of equally able students.",
        **_TERM_2,
        group="gender",
    ),
    _finding("/drift", "drift", drift, "Whether items that two exams share became harder or easier.", **_TERMS),
    _finding("/dimension", "dimension", dimension, "Whether the items measure one thing."),
    _finding("/dimension/pairs", "pairs", pairs, "Pairs of items that depend on each other."),
    _finding("/prediction", "prediction", prediction, "How well the models predict answers held back from them."),
    _finding("/prediction/bins", "bins", bins, "Chances beside what happened: does 70 % mean 70 %?"),
    _finding("/information", "information", information, "How precisely the exam measures at each ability."),
    _finding("/score-table", "score-table", score_table, "The ability that each number of right answers stands for."),
)
