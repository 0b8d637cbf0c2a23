"""What analysts ask, as calls of the API: one question to the service, one table."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from dashboard.access import caller_scope
from dashboard.api.asked import Call
from dashboard.api.replies import reply
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
    return reply(fit_table(call.service.fit(caller_scope(), call.selection, *call.model)), call.asked)


def model_fit(call: Call) -> Response:
    """The fit of the model as a whole."""
    return reply(model_fit_table(call.service.model_fit(caller_scope(), call.selection, *call.model)), call.asked)


def models(call: Call) -> Response:
    """Models beside each other."""
    return reply(models_table(call.service.compare_models(caller_scope(), call.selection)), call.asked)


def dif(call: Call) -> Response:
    """Fairness of items to two groups."""
    asked = call.asked
    groups = Groups(asked["group"], asked.get("reference"), asked.get("focal"), asked["purify"] == "1")
    report = call.service.dif(caller_scope(), call.selection, groups)
    sizes = [{"value": value, "n_students": n} for value, n in report.groups]
    return reply(dif_table(report), asked, groups=sizes)


def drift(call: Call) -> Response:
    """Items that two exams share."""
    return reply(drift_table(call.service.drift(caller_scope(), call.selection, *call.model)), call.asked)


def dimension(call: Call) -> Response:
    """Eigenvalues beside chance."""
    report = call.service.dimension(caller_scope(), call.selection, *call.model)
    return reply(eigenvalues_table(report), call.asked)


def pairs(call: Call) -> Response:
    """Pairs of items that depend on each other, with the limit of the largest by chance."""
    report = call.service.dimension(caller_scope(), call.selection, *call.model)
    return reply(pairs_table(report), call.asked)


def prediction(call: Call) -> Response:
    """Models by how well they predict."""
    return reply(prediction_table(call.service.prediction(caller_scope(), call.selection)), call.asked)


def bins(call: Call) -> Response:
    """Chances beside what happened."""
    return reply(bins_table(call.service.prediction(caller_scope(), call.selection)), call.asked)


def information(call: Call) -> Response:
    """Precision at each ability."""
    return reply(information_table(call.service.precision(caller_scope(), call.selection, *call.model)), call.asked)


def score_table(call: Call) -> Response:
    """Abilities of scores."""
    return reply(score_table_table(call.service.score_table(caller_scope(), call.selection, *call.model)), call.asked)


#: Path, name of the parameters' schema (and of the columns), view, what it answers.
FINDINGS: tuple[tuple[str, str, Callable[[Call], Response], str], ...] = (
    ("/fit", "fit", fit, "How well the model describes each item."),
    ("/model-fit", "model-fit", model_fit, "How well the model describes the exam."),
    ("/models", "models", models, "The 1PL, 2PL and 3PL beside each other."),
    ("/dif", "dif", dif, "Whether items favour one of two groups of equally able students."),
    ("/drift", "drift", drift, "Whether items that two exams share became harder or easier."),
    ("/dimension", "dimension", dimension, "Whether the items measure one thing."),
    ("/dimension/pairs", "pairs", pairs, "Pairs of items that depend on each other."),
    ("/prediction", "prediction", prediction, "How well the models predict answers held back from them."),
    ("/prediction/bins", "bins", bins, "Chances beside what happened: does 70 % mean 70 %?"),
    ("/information", "information", information, "How precisely the exam measures at each ability."),
    ("/score-table", "score-table", score_table, "The ability that each number of right answers stands for."),
)
