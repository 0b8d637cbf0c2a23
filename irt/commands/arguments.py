"""What can be typed: commands and their options."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from irt.commands.options import (
    NORMAL,
    add_calibration,
    add_layout,
    add_model,
    add_output,
    add_selection,
    json_file,
)
from irt.commands.publish import add_target
from irt.commands.token import add_token
from irt.comparing import METHODS as LINKING_METHODS
from irt.scoring.ability import METHODS
from irt.scoring.chances import KINDS
from irt.serialise import COUNTS_COLUMNS

#: Questions of analysts: the command and what it answers.
QUESTIONS = {
    "fit": "how well the model describes each item, one row an item",
    "model-fit": "how well the model describes the exam, as JSON",
    "models": "the 1PL, 2PL and 3PL beside each other, one row a model",
    "dif": "whether items favour one of two groups of equally able students, one row an item",
    "dimension": "whether the items measure one thing, one row a dimension",
    "prediction": "how well the models predict answers held back from them, one row a model",
    "information": "how precisely the exam measures at each ability, one row an ability",
    "score-table": "the ability that each number of right answers stands for, one row a score",
    "drift": "whether items that two exams share became harder or easier, one row an item",
    "counts": "what the answers add up to without a model, counted where they are, one row an item",
}
#: Those that rest on one model.
OF_A_MODEL = ("fit", "model-fit", "dimension", "information", "score-table", "drift")

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
    return parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))


def _joined(arguments: Sequence[str]) -> list[str]:
    """``--guessing-prior -1.1,0.5`` as one word: a value that begins with a minus would be taken for an option."""
    found: list[str] = []
    for word in arguments:
        if found and found[-1] in NORMAL:
            found[-1] += f"={word}"
        else:
            found.append(word)
    return found


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
    add_layout(importing)

    checking = _command(commands, "check", "what the data holds, and what will be left out and why")
    add_selection(checking)
    add_output(checking)

    items = _command(commands, "items", "classical statistics and item parameters, one row an item")
    add_selection(items)
    add_model(items)
    add_output(items)

    calibrating = _command(commands, "calibrate", "fit a model and write the calibration file (JSON)")
    add_selection(calibrating)
    add_model(calibrating)
    calibrating.add_argument("--out", type=json_file, metavar="FILE", help="the calibration file (default: stdout)")

    scoring = _command(commands, "score", "abilities, one row a student")
    add_selection(scoring)
    add_calibration(scoring)
    scoring.add_argument("--method", choices=METHODS, default="EAP", help="how abilities are estimated (default: EAP)")
    add_output(scoring)

    chances = _command(commands, "probabilities", "chance of a right answer, one row a student and item")
    add_selection(chances)
    add_calibration(chances)
    chances.add_argument(
        "--kind",
        choices=KINDS,
        default=KINDS[0],
        help="the curve at the estimated ability, or averaged over what is not known of it (default: estimate)",
    )
    add_output(chances)

    publishing = _command(
        commands, "publish", "item parameters, abilities and probabilities to BigQuery, a bucket or a folder"
    )
    add_selection(publishing)
    add_calibration(publishing)
    add_target(publishing)

    _add_questions(commands)

    paying = _command(commands, "spending", "what reading a warehouse has cost today, one row a query")
    paying.set_defaults(allow_bytes=0)
    add_output(paying)

    add_token(_command(commands, "token", "make a signed token for trying, read one, or make the keys that sign"))

    linking = _command(
        commands, "link", "put a calibration file on the scale of another one, by the items that both have"
    )
    linking.add_argument("calibration", type=Path, metavar="FILE", help="the calibration file to move")
    linking.add_argument("--base", type=Path, required=True, metavar="FILE", help="the calibration file with the scale")
    linking.add_argument(
        "--method", choices=LINKING_METHODS, default=LINKING_METHODS[0], help=f"default: {LINKING_METHODS[0]}"
    )
    linking.add_argument("--out", type=json_file, metavar="FILE", help="the moved calibration file (default: stdout)")
    return whole


def _add_questions(commands: argparse._SubParsersAction[_Parser]) -> None:
    """What analysts ask of a selection."""
    for name, meaning in QUESTIONS.items():
        asking = _command(commands, name, meaning)
        add_selection(asking)
        if name in OF_A_MODEL:
            add_model(asking)
        if name == "dif":
            _add_groups(asking)
        if name == "counts":
            asking.add_argument(
                "--what",
                choices=tuple(COUNTS_COLUMNS),
                default="items",
                help="one row an item, an option of an item, or a score (default: items)",
            )
        if name == "prediction":
            asking.add_argument("--bins", action="store_true", help="one row a model and range of chances")
        if name == "dimension":
            asking.add_argument(
                "--pairs", action="store_true", help="one row a pair of items that depend on each other"
            )
        add_output(asking)


def _add_groups(parser: argparse.ArgumentParser) -> None:
    """Which students are compared with which."""
    groups = parser.add_argument_group("the groups")
    groups.add_argument(
        "--group",
        required=True,
        metavar="COLUMN",
        help="column that splits the students: a property such as gender, class_name, student_grade",
    )
    groups.add_argument("--reference", metavar="V", help="value of the reference group (default: the largest)")
    groups.add_argument("--focal", metavar="V", help="value of the focal group (default: the largest of the others)")
    groups.add_argument(
        "--purify", action="store_true", help="match students on the items that show no difference, found in turns"
    )


def _command(commands: argparse._SubParsersAction[_Parser], name: str, meaning: str) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=meaning, description=f"{meaning[:1].upper()}{meaning[1:]}.", allow_abbrev=False
    )
