"""What analysts ask, as commands: each asks the service one question and writes its table."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from irt.commands.chosen import Chosen, chosen, say_model, warn
from irt.commands.output import write, write_object
from irt.commands.progress import working
from irt.reports import Groups
from irt.selection import FULL_SCOPE
from irt.serialise import (
    Table,
    bins_table,
    counts_table,
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

T = TypeVar("T")


def fit(options: argparse.Namespace) -> None:
    """One row an item: S-X2, infit, outfit."""
    with chosen(options) as choice:
        report = _asked(choice, choice.service.fit, "Testing the fit of each item")
        _tell(choice, fit_table(report), options)


def model_fit(options: argparse.Namespace) -> None:
    """One object: M2 and its indices, information criteria, reliabilities."""
    with chosen(options) as choice:
        table = model_fit_table(_asked(choice, choice.service.model_fit, "Testing the fit of the model"))
        write_object(table, options.out)
        _say(choice, table)


def models(options: argparse.Namespace) -> None:
    """One row a model."""
    with chosen(options) as choice:
        with working("Fitting the models"):
            report = choice.service.compare_models(FULL_SCOPE, choice.selection)
        table = models_table(report)
        write(table, options.out)
        warn(table.warnings)


def dif(options: argparse.Namespace) -> None:
    """One row an item: Mantel-Haenszel and logistic regression."""
    asked = Groups(options.group, options.reference, options.focal, options.purify)
    with chosen(options) as choice:
        with working("Comparing the groups"):
            report = choice.service.dif(FULL_SCOPE, choice.selection, asked)
        write(dif_table(report), options.out)
        warn(report.warnings)


def dimension(options: argparse.Namespace) -> None:
    """One row a dimension, or a pair of items."""
    with chosen(options) as choice:
        report = _asked(choice, choice.service.dimension, "Looking for dimensions")
        _tell(choice, (pairs_table if options.pairs else eigenvalues_table)(report), options)


def prediction(options: argparse.Namespace) -> None:
    """One row a model, or a model and range of chances."""
    with chosen(options) as choice:
        with working("Predicting answers held back"):
            report = choice.service.prediction(FULL_SCOPE, choice.selection)
        table = (bins_table if options.bins else prediction_table)(report)
        write(table, options.out)
        warn(table.warnings)


def information(options: argparse.Namespace) -> None:
    """One row a drawn ability."""
    with chosen(options) as choice:
        _tell(choice, information_table(_asked(choice, choice.service.precision, "Measuring")), options)


def score_table(options: argparse.Namespace) -> None:
    """One row a number right."""
    with chosen(options) as choice:
        _tell(choice, score_table_table(_asked(choice, choice.service.score_table, "Scoring")), options)


def drift(options: argparse.Namespace) -> None:
    """One row an item that both exams have."""
    with chosen(options) as choice:
        table = drift_table(_asked(choice, choice.service.drift, "Comparing the exams"))
        write(table, options.out)
        warn(table.warnings)


def counts(options: argparse.Namespace) -> None:
    """One row an item, an option of an item, or a score."""
    with chosen(options) as choice:
        with working("Counting"):
            report = choice.service.counts(FULL_SCOPE, choice.selection)
        write(counts_table(report, options.what), options.out)
        warn(report.warnings)


#: What analysts ask, by the name of the command.
QUESTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "fit": fit,
    "model-fit": model_fit,
    "models": models,
    "dif": dif,
    "dimension": dimension,
    "prediction": prediction,
    "information": information,
    "score-table": score_table,
    "drift": drift,
    "counts": counts,
}


def _asked(choice: Chosen, question: Callable[..., T], work: str) -> T:
    """The answer to a question that rests on the model asked for."""
    with working(work):
        return question(FULL_SCOPE, choice.selection, choice.model, choice.prior)


def _tell(choice: Chosen, table: Table, options: argparse.Namespace) -> None:
    """A table, and on stderr what a reader must know of it."""
    write(table, options.out)
    _say(choice, table)


def _say(choice: Chosen, table: Table) -> None:
    """Which model was chosen, and the warnings of the exam and of the table, each once."""
    report = choice.service.exam(FULL_SCOPE, choice.selection, choice.model, choice.prior)
    say_model(report, choice.model)
    warn([warning for warning in table.warnings if warning not in report.warnings])
