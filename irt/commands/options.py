"""Options that commands share: which answers, how a file is read, which model, where the result goes."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from irt.errors import IrtError
from irt.selection import AttemptPolicy, MissingPolicy
from irt.serialise import FORMATS, format_of
from irt.settings import byte_count

#: Models that a calibration can be asked for by name.
MODELS = ("1PL", "2PL", "3PL", "4PL")
PRIORS = ("weak",)
#: Options whose value is MEAN,SD: it may begin with a minus, as an option does.
NORMAL = ("--guessing-prior", "--upper-prior")


def add_selection(parser: argparse.ArgumentParser) -> None:
    """SELECT: a file, or an exam of the configured source."""
    select = parser.add_argument_group("which answers")
    select.add_argument("--data", type=Path, metavar="FILE", help="a file of answers; it is not stored")
    select.add_argument("--subject", metavar="S", help="subject")
    select.add_argument("--exam", nargs="+", action="extend", default=[], metavar="E", help="exam")
    select.add_argument("--class", dest="class_name", metavar="C", help="class whose students are shown")
    select.add_argument(
        "--missing",
        choices=[policy.value for policy in MissingPolicy],
        default="ignore",
        help="what a missing answer counts as (default: ignore)",
    )
    select.add_argument(
        "--attempts",
        choices=[policy.value for policy in AttemptPolicy],
        default="first",
        help="which of several attempts counts (default: first)",
    )
    select.add_argument(
        "--share",
        type=_share,
        metavar="SHARE",
        help="share of the students to calibrate on, drawn at random, such as 0.05, or all "
        "(default: all, of very large exams a sample)",
    )
    add_leave(select)
    add_layout(parser)


def add_leave(parser: argparse._ActionsContainer) -> None:
    """What may be spent on reading a warehouse."""
    parser.add_argument(
        "--allow-bytes",
        type=_size,
        default=0,
        metavar="N",
        help="read up to so many bytes a question from a warehouse without asking, such as 5GB",
    )


def add_layout(parser: argparse.ArgumentParser) -> None:
    """What a file does not say itself."""
    layout = parser.add_argument_group("how a file is read")
    layout.add_argument("--key", type=Path, metavar="FILE", help="the right options: a file with item_id, answer_key")
    layout.add_argument("--student", metavar="COLUMN", help="the column that names the student")
    layout.add_argument(
        "--items",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN",
        help="columns that are items (Q* for all that begin with Q)",
    )
    layout.add_argument(
        "--properties",
        nargs="+",
        action="extend",
        default=[],
        metavar="COLUMN",
        help="columns that are properties of students",
    )
    layout.add_argument(
        "--omitted",
        choices=["missing", "wrong"],
        default="missing",
        help="what an empty answer is, with a key (default: missing)",
    )
    layout.add_argument("--encoding", metavar="NAME", help="default: the first of UTF-8, cp932 and cp1252 that fits")


def add_model(parser: argparse.ArgumentParser) -> None:
    """The model to fit and its priors."""
    model = parser.add_argument_group("the model")
    model.add_argument("--model", choices=MODELS, help="default: by the answers per item, and said on stderr")
    model.add_argument("--prior", choices=PRIORS, help="wide priors, for few answers; with --model")
    model.add_argument(
        "--guessing-prior",
        type=_normal,
        default=argparse.SUPPRESS,
        metavar="MEAN,SD",
        help="3PL, 4PL: normal prior of logit(guessing), or none (default: -1.1,0.5)",
    )
    model.add_argument(
        "--upper-prior",
        type=_normal,
        default=argparse.SUPPRESS,
        metavar="MEAN,SD",
        help="4PL: normal prior of logit(upper asymptote), or none (default: 3,1)",
    )


def add_calibration(parser: argparse.ArgumentParser) -> None:
    """A calibration file, or the model to fit."""
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="a calibration file (default: fitted to the answers)"
    )
    add_model(parser)


def _share(text: str) -> float:
    """A share of the students; 1 from ``all``."""
    if text == "all":
        return 1.0
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"a share is above 0 and at most 1, or all, not {text!r}")
    return share


def _size(text: str) -> int:
    """A number of bytes."""
    try:
        return byte_count(0)(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it takes {error}, not {text!r}") from None


def _normal(text: str) -> tuple[float, float] | None:
    """A normal prior from ``MEAN,SD``; None from ``none``."""
    if text == "none":
        return None
    try:
        mean, sd = (float(part) for part in text.split(","))
    except ValueError:
        mean, sd = math.nan, math.nan
    if not (math.isfinite(mean) and math.isfinite(sd) and sd > 0):
        raise argparse.ArgumentTypeError(f"a prior is MEAN,SD with SD above 0, or none, not {text!r}")
    return mean, sd


def _table_file(name: str) -> Path:
    """A file that a table can be written to, refused before the work and not after it."""
    try:
        format_of(Path(name))
    except IrtError as error:
        raise argparse.ArgumentTypeError(error.message.rstrip(".")) from None
    return _writable(name)


def json_file(name: str) -> Path:
    """A file for a calibration."""
    if Path(name).suffix.lower() != ".json":
        raise argparse.ArgumentTypeError(f"a calibration file is JSON: {name} must end in .json")
    return _writable(name)


def _writable(name: str) -> Path:
    """A file in a folder that is there."""
    path = Path(name)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent} to write {path.name} to")
    return path


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where a table goes."""
    parser.add_argument(
        "--out", type=_table_file, metavar="FILE", help=f"{', '.join(FORMATS)} (default: CSV on stdout)"
    )
