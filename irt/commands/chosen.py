"""SELECT: from options to a service and a selection. A file is read into a store that ends with the command."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from irt.analysis import Model
from irt.calibration import Calibration, CalibrationOptions
from irt.commands.progress import working
from irt.errors import SelectionError
from irt.files import ImportOptions, ImportTable, read_key, read_table
from irt.reports import ExamReport
from irt.selection import FULL_SCOPE, Selection
from irt.service import Service, open_service
from irt.settings import Settings
from irt.sources import ParquetStore
from irt.warehouse.patience import patient


@dataclass(frozen=True, slots=True)
class Chosen:
    """A service, the selection that the options name, and the model asked for."""

    service: Service
    selection: Selection
    model: Model | None
    prior: str | None
    table: ImportTable | None

    def report(self) -> ExamReport:
        """The exam's report; says on stderr which model was chosen and what a reader must know."""
        with working("Calibrating"):
            report = self.service.exam(FULL_SCOPE, self.selection, self.model, self.prior)
        say_model(report, self.model)
        return report

    def calibration(self) -> Calibration:
        """The calibration of the selection, said as in :meth:`report`. Raises TooFewAnswersError."""
        with working("Calibrating"):
            calibration = self.service.calibration(FULL_SCOPE, self.selection, self.model, self.prior)
        self.report()
        return calibration


@contextmanager
def chosen(options: argparse.Namespace) -> Iterator[Chosen]:
    """What the options of SELECT name."""
    model, prior = _model(options)
    selection = Selection(
        subject=options.subject,
        exams=tuple(options.exam),
        class_name=options.class_name,
        missing=options.missing,
        attempts=options.attempts,
        share=options.share,
    )
    settings = Settings.from_environment()
    if options.data is None:
        _refuse_layout(options)
        with opened(options, settings) as service:
            yield Chosen(service, selection, model, prior, None)
        return
    with tempfile.TemporaryDirectory(prefix="itemwise-") as folder:
        store = ParquetStore(folder, groups=settings.groups or None)
        with working(f"Reading {options.data.name}"):
            table = _read(options)
            store.add(table.frame)  # type: ignore[arg-type]  # read_table has refused a file without a frame
        warn(table.warnings)
        service = Service(store, minimum_group=settings.minimum_group, sample=settings.sample)
        yield Chosen(service, selection, model, prior, table)


@contextmanager
def opened(options: argparse.Namespace, settings: Settings | None = None) -> Iterator[Service]:
    """The service of the configured source: as patient as long work is, and with the leave that the options give.

    All that a command asks rests on one state of the source. Where that is away nothing stands in: whoever runs a
    command can run it again, and what it writes would not say that it is out of date.
    """
    with working("Opening the source"):
        service = open_service(replace(settings or Settings.from_environment(), stale=0.0))
    with patient(), service.allowing(options.allow_bytes), service.moment():
        yield service


def _model(options: argparse.Namespace) -> tuple[Model | None, str | None]:
    """The model asked for: by name, or with all its options where a prior of its own is given."""
    model, prior = getattr(options, "model", None), getattr(options, "prior", None)
    own: dict[str, Any] = {
        name: getattr(options, name) for name in ("guessing_prior", "upper_prior") if hasattr(options, name)
    }
    if model is None and (prior is not None or own):
        given = "prior" if prior is not None else next(iter(own)).replace("_", "-")
        raise SelectionError(f"--{given} goes with a model asked for by name: add --model.")
    knows = {"guessing_prior": ("3PL", "4PL"), "upper_prior": ("4PL",)}
    for name in own:
        if model not in knows[name]:
            raise SelectionError(f"--{name.replace('_', '-')} is for the {' and '.join(knows[name])}, not the {model}.")
    return (CalibrationOptions(model=str(model), prior=prior, **own), None) if own else (model, prior)


def import_options(options: argparse.Namespace, **named: Any) -> ImportOptions:
    """What the reader says about a file."""
    return ImportOptions(
        student=options.student,
        items=tuple(options.items),
        properties=(*options.properties, *_grouping(options)),
        key=None if options.key is None else read_key(options.key, options.key.name),
        omitted=options.omitted,
        encoding=options.encoding,
        **named,
    )


def _grouping(options: argparse.Namespace) -> tuple[str, ...]:
    """The column that splits the students is a property of theirs, even if it holds numbers."""
    group = getattr(options, "group", None)
    return () if group is None or group in ("class_name", "student_grade") else (group,)


def warn(warnings: Sequence[str]) -> None:
    """Warnings on stderr, a line each."""
    for warning in warnings:
        sys.stderr.write(f"Warning: {warning}\n")


def say_model(report: ExamReport, asked: Model | None) -> None:
    """Which model was chosen and why, and the warnings of the exam, on stderr."""
    if asked is None and report.calibration is not None:
        prior = f" with prior {report.provenance.prior}" if report.provenance.prior else ""
        sys.stderr.write(f"Model: {report.provenance.model}{prior}. {report.model_reason}\n")
    warn(report.warnings)


def _read(options: argparse.Namespace) -> ImportTable:
    """The file of ``--data``; where it names no subject or exam, it is called as in the options or after the file."""
    stem = Path(options.data).stem or "answers"
    names = {"subject": options.subject or stem, "exam": options.exam[0] if options.exam else stem}
    table = read_table(options.data, options.data.name, import_options(options, **names))
    own = tuple(f"not {name!r}." for name in names.values())
    # Here --subject and --exam choose; that the file has names of its own is no surprise.
    return replace(table, warnings=tuple(w for w in table.warnings if not w.endswith(own)))


def _refuse_layout(options: argparse.Namespace) -> None:
    """Options about a file make no sense without one."""
    given = [name for name in ("key", "student", "items", "properties", "encoding") if getattr(options, name)]
    if given or options.omitted != "missing":
        raise SelectionError(f"--{(given or ['omitted'])[0]} says how a file is read: add --data FILE.")
