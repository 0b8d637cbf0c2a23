"""What can be typed: commands and their options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from irt.errors import IrtError
from irt.scoring.ability import METHODS
from irt.selection import AttemptPolicy, MissingPolicy
from irt.serialise import FORMATS, format_of

#: Models that a calibration can be asked for by name.
MODELS = ("1PL", "2PL")
PRIORS = ("weak",)

_DESCRIPTION = """\
How each question of an exam works, and what each student can be expected to answer correctly.

Answers come from a file (--data FILE; nothing of it is stored) or from the configured source (--subject S --exam E).
Tables go to stdout as CSV, or to --out FILE, whose ending says the format: .csv, .json, .parquet.
Warnings and the choice of the model go to stderr."""
_EPILOG = """\
exit codes: 0 done, 2 the input is unusable (one sentence says why), 3 the source cannot be reached
settings: python app.py --help"""


class _Parser(argparse.ArgumentParser):
    """A parser that refuses with one sentence instead of its usage."""

    def error(self, message: str) -> NoReturn:
        """Say what was wrong and where help is; exit with 2."""
        sys.stderr.write(f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.\n")
        sys.exit(2)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command and its options; exits with 2 and one sentence where they cannot be understood."""
    return parser().parse_args(arguments)


def parser() -> argparse.ArgumentParser:
    """The whole command line: every command with its options."""
    whole = _Parser(
        prog="python -m irt",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    importing = _command(commands, "import", "store files of answers (CSV, TSV, XLSX; long or wide)")
    importing.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of answers")
    importing.add_argument("--subject", metavar="S", help="subject, for files that do not name it")
    importing.add_argument("--exam", metavar="E", help="exam, for files that do not name it")
    importing.add_argument("--into", type=Path, metavar="FOLDER", help="the store (default: the configured one)")
    _add_layout(importing)

    checking = _command(commands, "check", "what the data holds, and what will be left out and why")
    _add_selection(checking)
    _add_output(checking)

    items = _command(commands, "items", "classical statistics and item parameters, one row an item")
    _add_selection(items)
    _add_model(items)
    _add_output(items)

    calibrating = _command(commands, "calibrate", "fit a model and write the calibration file (JSON)")
    _add_selection(calibrating)
    _add_model(calibrating)
    calibrating.add_argument("--out", type=_json_file, metavar="FILE", help="the calibration file (default: stdout)")

    scoring = _command(commands, "score", "abilities, one row a student")
    _add_selection(scoring)
    _add_calibration(scoring)
    scoring.add_argument("--method", choices=METHODS, default="EAP", help="how abilities are estimated (default: EAP)")
    _add_output(scoring)

    chances = _command(commands, "probabilities", "chance of a right answer, one row a student and item")
    _add_selection(chances)
    _add_calibration(chances)
    _add_output(chances)
    return whole


def _command(commands: argparse._SubParsersAction[_Parser], name: str, meaning: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=meaning, description=f"{meaning[:1].upper()}{meaning[1:]}.", allow_abbrev=False
    )


def _add_selection(parser: argparse.ArgumentParser) -> None:
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
    _add_layout(parser)


def _add_layout(parser: argparse.ArgumentParser) -> None:
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


def _add_model(parser: argparse.ArgumentParser) -> None:
    model = parser.add_argument_group("the model")
    model.add_argument("--model", choices=MODELS, help="default: by the answers per item, and said on stderr")
    model.add_argument("--prior", choices=PRIORS, help="wide priors, for few answers; with --model")


def _add_calibration(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="a calibration file (default: fitted to the answers)"
    )
    _add_model(parser)


def _table_file(name: str) -> Path:
    """A file that a table can be written to, refused before the work and not after it."""
    try:
        format_of(Path(name))
    except IrtError as error:
        raise argparse.ArgumentTypeError(error.message.rstrip(".")) from None
    return _writable(name)


def _json_file(name: str) -> Path:
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


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=_table_file, metavar="FILE", help=f"{', '.join(FORMATS)} (default: CSV on stdout)"
    )
