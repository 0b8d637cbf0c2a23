"""The commands: each asks the service and writes one table or file."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from irt.calibration import Calibration
from irt.commands.chosen import Chosen, chosen, import_options, opened, warn
from irt.commands.output import write, write_calibration
from irt.commands.progress import working
from irt.commands.publish import publish
from irt.commands.questions import QUESTIONS
from irt.commands.token import token
from irt.comparing import link, transform
from irt.errors import NotFoundError, SelectionError, SettingsError
from irt.files import read_table
from irt.selection import FULL_SCOPE, Selection
from irt.serialise import (
    Table,
    abilities_table,
    health_table,
    items_table,
    long_probabilities_table,
    spending_table,
    table_of,
    uncalibrated,
)
from irt.serialise.bills import FREE
from irt.settings import Settings
from irt.sources import ImportReceipt, ParquetStore
from irt.sources.spending import Spending, shown_bytes


def import_files(options: argparse.Namespace) -> None:
    """Store files: each is read and checked before the first is stored."""
    store = ParquetStore(options.into or _own_folder(Settings.from_environment()))
    asked = import_options(options, subject=options.subject, exam=options.exam)
    tables = []
    for path in options.files:
        with working(f"Reading {path.name}"):
            tables.append(read_table(path, path.name, asked))
    for table in tables:
        warn([f"{table.name}: {warning}" for warning in table.warnings])
        with working(f"Storing {table.name}"):
            receipt = store.add(table.frame)  # type: ignore[arg-type]  # read_table has refused a file without one
        sys.stdout.write(f"{table.name}: {_receipt(receipt)}\n")


def _own_folder(settings: Settings) -> Path:
    """The embedded store of the settings. Raises SettingsError where answers are read from elsewhere."""
    if settings.table is not None:
        raise SettingsError(
            f"Answers are read from {settings.source}, which Itemwise does not write to. "
            "Name a folder to import into: --into FOLDER.",
            setting="ITEMWISE_SOURCE",
        )
    return settings.folder


def check(options: argparse.Namespace) -> None:
    """What the data holds, exam by exam."""
    with chosen(options) as choice:
        table = _stacked([_health(choice, selection) for selection in _exams(choice)])
        write(table, options.out)
        warn(table.warnings)


def items(options: argparse.Namespace) -> None:
    """One row an item."""
    with chosen(options) as choice:
        write(items_table(choice.report()), options.out)


def calibrate(options: argparse.Namespace) -> None:
    """The calibration file."""
    with chosen(options) as choice:
        calibration = choice.calibration()
    write_calibration(calibration, options.out)


def link_files(options: argparse.Namespace) -> None:
    """A calibration file on the scale of another."""
    new, base = Calibration.load(options.calibration), Calibration.load(options.base)
    found = link(new, base, options.method)
    write_calibration(transform(new, found), options.out)
    sys.stderr.write(
        f"Link by {len(found.anchor_ids)} items: slope {found.slope:.4g} (SE {found.slope_se:.2g}), "
        f"intercept {found.intercept:.4g} (SE {found.intercept_se:.2g}).\n"
    )
    warn([f"{entry.id} is no anchor: {entry.reason}" for entry in found.left_out])


def score(options: argparse.Namespace) -> None:
    """One row a student."""
    with chosen(options) as choice:
        calibration = _calibration(options, choice)
        with working("Scoring"):
            found = choice.service.abilities(
                FULL_SCOPE, choice.selection, options.method, choice.model, _given(options, calibration), choice.prior
            )
        write(abilities_table(found, dict(calibration.provenance)), options.out)


def probabilities(options: argparse.Namespace) -> None:
    """One row a student and item."""
    with chosen(options) as choice:
        calibration = _calibration(options, choice)
        with working("Computing chances"):
            found = choice.service.chances(
                FULL_SCOPE, choice.selection, choice.model, _given(options, calibration), options.kind, choice.prior
            )
        write(long_probabilities_table(found, dict(calibration.provenance)), options.out)
        warn(uncalibrated(found, calibration))


def spending(options: argparse.Namespace) -> None:
    """One row a query of today; the sums of the day go to stderr."""
    with opened(options) as service:
        found = service.spending(FULL_SCOPE)
    write(spending_table(found), options.out)
    sys.stderr.write(f"{FREE if found is None else _sums(found)}\n")


def _sums(found: Spending) -> str:
    """What was spent today and what may be, in a sentence."""
    return (
        f"Today (UTC) {shown_bytes(found.bytes_billed_today)} of {shown_bytes(found.limits.day_bytes)} were billed, "
        f"about ${found.cost_today:,.2f}, in {len(found.jobs):,} queries of {found.table}."
    )


COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "import": import_files,
    "check": check,
    "items": items,
    "calibrate": calibrate,
    "score": score,
    "probabilities": probabilities,
    "link": link_files,
    "publish": publish,
    "spending": spending,
    "token": token,
    **QUESTIONS,
}


def _calibration(options: argparse.Namespace, choice: Chosen) -> Calibration:
    """The calibration file that was named, or the calibration of the selection."""
    if options.calibration is None:
        return choice.calibration()
    if options.model is not None:
        raise SelectionError("--calibration brings its own model: leave out --model.")
    return Calibration.load(options.calibration)


def _given(options: argparse.Namespace, calibration: Calibration) -> Calibration | None:
    """The calibration, if it came from a file."""
    return None if options.calibration is None else calibration


def _exams(choice: Chosen) -> list[Selection]:
    """Each exam that the selection leaves open. Raises NotFoundError if there is none."""
    catalogue = choice.service.catalogue(FULL_SCOPE)
    wanted = choice.selection
    found = [
        replace(wanted, subject=subject, exams=(exam,))
        for subject, exam in catalogue.exam_sizes
        if wanted.subject in (None, subject) and (not wanted.exams or exam in wanted.exams)
    ]
    if not found:
        names = ", ".join(f"{subject or '(none)'}: {exam}" for subject, exam in list(catalogue.exam_sizes)[:12])
        raise NotFoundError(f"There are no answers for {wanted.describe()}. There is: {names or 'nothing yet'}.")
    return found


def _health(choice: Chosen, selection: Selection) -> Table:
    """The data health of one exam, after how its file was read."""
    with working(f"Checking {selection.describe()}"):
        report = choice.service.exam(FULL_SCOPE, selection)
    table = health_table(report.health, report.provenance)
    values = {column.name: list(found) for column, found in zip(table.columns, table.values, strict=True)}
    if choice.table is not None:
        plans = choice.table.columns
        for becomes in dict.fromkeys(plan.becomes for plan in plans):
            names = [plan.name for plan in plans if plan.becomes == becomes]
            read = {"what": f"columns read as {becomes}", "detail": ", ".join(names), "count": len(names)}
            for name, found in values.items():
                found.append(read.get(name))
    told = [warning for warning in report.warnings if warning not in report.health.left_out()]  # these are the rows
    warnings = tuple(f"{selection.describe()}: {warning}" for warning in told)
    return replace(table, values=tuple(values.values()), warnings=warnings)


def _stacked(tables: list[Table]) -> Table:
    """The tables of several exams as one, with the exam in front."""
    facts = [column.name for column in tables[0].columns]
    columns: dict[str, list[object]] = {name: [] for name in ("subject", "exam", *facts)}
    for table in tables:
        columns["subject"] += [table.provenance["subject"]] * len(table)
        columns["exam"] += [table.provenance["exams"][0]] * len(table)
        for name in facts:
            columns[name] += table.column(name)
    return table_of("health", columns, warnings=tuple(w for table in tables for w in table.warnings))


def _receipt(receipt: ImportReceipt) -> str:
    """What an import did, in a sentence."""
    where = f"{', '.join(subject or '(none)' for subject in receipt.subjects)}: {', '.join(receipt.exams)}"
    what = f"{receipt.n_rows:,} answers of {receipt.n_students:,} students to {receipt.n_items:,} items ({where})"
    if receipt.unchanged:
        return f"{what} were stored already; nothing was changed."
    replaced = f", {receipt.n_replaced:,} in place of earlier ones" if receipt.n_replaced else ""
    return f"{what} stored{replaced}."
