"""One publication: what is published, under which id, and where its numbers come from."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from irt.calibration import Calibration, CalibrationOptions
from irt.errors import SelectionError
from irt.publishing.tables import PUBLISHED_AT, RESULTS, SELECTION_ID, TABLES
from irt.reports import ExamReport
from irt.selection import Selection
from irt.serialise import ITEM_COLUMNS, Table, items_table, table_of
from irt.sources import Stamp


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the numbers come from: the state of the answers, the share of students calibrated on, and when that was."""

    fingerprint: str
    as_of: datetime
    package_version: str
    share: float
    computed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Publication:
    """What is published at once: all of it becomes visible, or nothing.

    Parameters
    ----------
    selection : Selection
        Resolved. Its class, if one is named, is whose abilities and probabilities are published.
    asked : str
        The calibration asked for: ``default``, a model with its priors, or a file (see :func:`asked_for`).
    calibration : Calibration
    items : Table
        The item parameters, with the columns of the table of items.
    origin : Origin
    published_at : datetime
    results : frozenset of {"items", "abilities", "probabilities"}
        What is published; the rows of the others are removed with those that are replaced.
    """

    selection: Selection
    asked: str
    calibration: Calibration
    items: Table
    origin: Origin
    published_at: datetime
    results: frozenset[str] = frozenset(RESULTS)

    @property
    def selection_id(self) -> str:
        """The id under which rows are published and replaced: a hash of the selection and the calibration asked for.

        The share that was drawn for the calibration plays no part: an exam that outgrows calibration on everybody
        replaces its own rows. Nor does the state of the answers.
        """
        what = json.dumps([replace(self.selection, share=None).canonical(), self.asked], ensure_ascii=False)
        return hashlib.sha256(what.encode()).hexdigest()[:16]

    def stamped(self, table: Table) -> Table:
        """A table with the id of the selection in front of each row and the time of publication behind."""
        n = len(table)
        return Table(
            table.name,
            (SELECTION_ID, *table.columns, PUBLISHED_AT),
            ((self.selection_id,) * n, *table.values, (moment(self.published_at),) * n),
        )

    def item_rows(self) -> Table:
        """The rows of the table of item parameters."""
        return self.stamped(self.items)

    def facts(self, rows: Mapping[str, int]) -> dict[str, Any]:
        """The row of the table of publications: its columns by name.

        Parameters
        ----------
        rows : mapping
            How many rows each table of results has; 0 for those that are not named.
        """
        calibration, origin = self.calibration, self.origin
        return {
            "selection_id": self.selection_id,
            "selection": self.selection.canonical(),
            "selection_words": self.selection.describe(),
            "calibration": self.asked,
            "source_fingerprint": origin.fingerprint,
            "as_of": moment(origin.as_of),
            "package_version": origin.package_version,
            "model": calibration.model,
            "prior": calibration.options.prior,
            "status": calibration.status.code,
            "log_likelihood": known(calibration.log_likelihood),
            "n_persons": calibration.n_persons,
            "share": origin.share,
            "computed_at": None if origin.computed_at is None else moment(origin.computed_at),
            **{table: rows.get(table, 0) for table in RESULTS.values()},
            "published_at": moment(self.published_at),
        }

    def facts_rows(self, rows: Mapping[str, int]) -> Table:
        """:meth:`facts` as a table of one row."""
        facts = self.facts(rows)
        columns = TABLES["publications"]
        return Table("publications", columns, tuple((facts[column.name],) for column in columns))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a publication did: rows of each table, bytes written, seconds, and where it can be read."""

    selection_id: str
    rows: Mapping[str, int]
    n_bytes: int
    seconds: float
    where: tuple[str, ...]
    bytes_billed: int = 0


def of_report(report: ExamReport, asked: str, results: frozenset[str]) -> Publication:
    """The publication of an exam on its own calibration, which must be there."""
    assert report.calibration is not None  # noqa: S101 - callers ask for it first, which says why there is none
    provenance = report.provenance
    origin = Origin(
        provenance.fingerprint,
        provenance.as_of,
        provenance.package_version,
        provenance.selection.share or 1.0,
        provenance.computed_at,
    )
    items = items_table(report)
    return Publication(report.selection, asked, report.calibration, items, origin, datetime.now(UTC), results)


def of_file(
    calibration: Calibration, selection: Selection, stamp: Stamp, version: str, results: frozenset[str]
) -> Publication:
    """The publication of an exam on the calibration of a file."""
    told = calibration.provenance
    share, computed = told.get("share"), told.get("computed_at")
    origin = Origin(
        stamp.fingerprint,
        stamp.as_of,
        version,
        float(share) if isinstance(share, int | float) else 1.0,
        _time(computed),
    )
    asked, items = asked_for(None, None, calibration), file_items(calibration)
    return Publication(selection, asked, calibration, items, origin, datetime.now(UTC), results)


def results_of(only: Collection[str] | None) -> frozenset[str]:
    """The results asked for: all of them where none are named.

    Raises
    ------
    SelectionError
        For a name that is none.
    """
    wrong = [name for name in only or () if name not in RESULTS]
    if wrong or (only is not None and not only):
        raise SelectionError(f"Publish {', '.join(RESULTS)} or some of these, not {', '.join(wrong) or 'none'}.")
    return frozenset(only or RESULTS)


def asked_for(model: str | CalibrationOptions | None, prior: str | None, file: Calibration | None) -> str:
    """The calibration asked for, in words that stay the same when it is made again from new answers.

    A calibration file counts by its model and the exam that it is from, not by its numbers.
    """
    if file is not None:
        origin = file.provenance
        exams = [str(exam) for exam in origin.get("exams") or ()]
        of = json.dumps([origin.get("subject"), exams], ensure_ascii=False) if origin else "an unknown exam"
        return f"{file.model} file of {of}"
    if isinstance(model, CalibrationOptions):
        usual = CalibrationOptions(model=model.model)
        own = {
            name: getattr(model, name)
            for name in ("prior", "guessing_prior", "upper_prior")
            if getattr(model, name) != getattr(usual, name)
        }
        return " ".join([model.model, *(f"{name}={value}" for name, value in own.items())])
    return "default" if model is None else f"{model} prior={prior}" if prior else model


def file_items(calibration: Calibration) -> Table:
    """The item parameters of a calibration file; what is told of answers, not of the curve, is empty."""
    items, errors = calibration.items, calibration.standard_errors
    known = {
        "item_id": items.item_ids,
        "item_name": calibration.item_names,
        "n": calibration.n_answers,
        "discrimination": items.discrimination,
        "difficulty": items.difficulty,
        "guessing": items.guessing,
        "upper_asymptote": items.upper_asymptote,
        "intercept": items.intercept,
        **{f"{name}_se": getattr(errors, name) for name in _WITH_ERROR},
    }
    empty = (None,) * len(items)
    return table_of("items", {name: known.get(name, empty) for name in ITEM_COLUMNS})


_WITH_ERROR = ("discrimination", "difficulty", "guessing", "intercept", "upper_asymptote")


def _time(text: object) -> datetime | None:
    """A time that a file tells; None for none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def known(value: float) -> float | None:
    """A number, or None where it cannot be had."""
    return value if math.isfinite(value) else None


def moment(time: datetime) -> str:
    """A time in UTC as every target takes it: ``2026-11-21T09:30:00.000000Z``."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
