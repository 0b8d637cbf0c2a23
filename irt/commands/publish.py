"""The command that publishes: to tables of BigQuery, objects of a bucket, or files of a folder."""

from __future__ import annotations

import argparse
import sys

from irt.calibration import Calibration
from irt.commands.chosen import Chosen, chosen
from irt.commands.progress import working
from irt.errors import IrtError, SelectionError
from irt.publishing import FORMS, RESULTS, Receipt, Target, open_target, results_of
from irt.selection import FULL_SCOPE
from irt.settings import Settings
from irt.sources.spending import shown_bytes


def add_target(parser: argparse.ArgumentParser) -> None:
    """Where to publish, and what."""
    parser.add_argument("--to", required=True, metavar="TARGET", help=", ".join(FORMS))
    parser.add_argument(
        "--only",
        type=_results,
        metavar="RESULTS",
        help=f"some of {','.join(RESULTS)} (default: all); what is left out is not kept from an earlier publication",
    )


def publish(options: argparse.Namespace) -> None:
    """Publish, and say what was written where."""
    target = open_target(options.to, Settings.from_environment())
    file = _file(options)
    with chosen(options) as choice:
        if file is None:
            choice.calibration()
        try:
            with working(f"Publishing to {target}") as say:
                receipt = choice.service.publish(
                    FULL_SCOPE,
                    choice.selection,
                    target,
                    model=choice.model,
                    prior=choice.prior,
                    calibration=file,
                    only=options.only,
                    tell=say,
                )
        except KeyboardInterrupt:
            sys.stderr.write(f"Stopped. What was published to {target} before is as it was.\n")
            raise
        sys.stdout.write(_told(choice, target, receipt))


def _file(options: argparse.Namespace) -> Calibration | None:
    """The calibration file that was named; None for none."""
    if options.calibration is None:
        return None
    if options.model is not None:
        raise SelectionError("--calibration brings its own model: leave out --model.")
    return Calibration.load(options.calibration)


def _told(choice: Chosen, target: Target, receipt: Receipt) -> str:
    """What was published, a line each."""
    words = choice.service.resolve(FULL_SCOPE, choice.selection).describe()
    tables = "".join(f"  {name}: {n:,} rows\n" for name, n in receipt.rows.items())
    where = "".join(f"  {place}\n" for place in receipt.where)
    billed = f", {shown_bytes(receipt.bytes_billed)} billed" if receipt.bytes_billed else ""
    size = f", {shown_bytes(receipt.n_bytes)}" if receipt.n_bytes else ""
    return (
        f"{words}: published to {target} as {receipt.selection_id} in {receipt.seconds:,.1f} s{size}{billed}.\n"
        f"{tables}{where}"
    )


def _results(text: str) -> frozenset[str]:
    """Some of the results, separated by commas."""
    try:
        return results_of([name.strip() for name in text.split(",")])
    except IrtError as error:
        raise argparse.ArgumentTypeError(error.message.rstrip(".")) from None
