"""The command line: one module for what commands share, and one for each group of them."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from irt.commands.arguments import parse
from irt.commands.run import COMMANDS
from irt.errors import ConfirmationNeeded, IrtError, SourceError

#: Exit codes: done, the input is unusable, the source cannot be reached; 1 is a defect of ours.
DONE, DEFECT, UNUSABLE, UNREACHABLE = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    try:
        _run(parse(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output has seen enough (head). Nothing more may be written, also not at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    except ConfirmationNeeded as error:
        return _say(f"{error} To go on, add --allow-bytes {error.facts['bytes']}.", UNUSABLE)
    except SourceError as error:
        return _say(error, UNREACHABLE)
    except IrtError as error:
        return _say(error, UNUSABLE)
    except Exception as error:
        # The place of a defect, without its message: that may hold answers.
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"
        return _say(f"Something went wrong on our side ({place}). Please report it.", DEFECT)
    return DONE


def _run(options: argparse.Namespace) -> None:
    """The command; where reading costs more than goes without asking, once more with the leave of the reader.

    What was read before is kept, so that nothing is read twice.
    """
    while True:
        try:
            COMMANDS[options.command](options)
            return
        except ConfirmationNeeded as needed:
            if not _agreed(needed):
                raise
            options.allow_bytes = needed.facts["bytes"]


def _agreed(needed: ConfirmationNeeded) -> bool:
    """Whether a reader at a terminal agrees to what reading costs; nobody does elsewhere."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"{needed}\nRead it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(sentence: object, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code
