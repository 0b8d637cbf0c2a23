"""Serve a table of exam answers as BigQuery would: ``python -m tests.warehouse [--port N] [--answers sample]``.

With a command behind ``--`` it runs that on the table and stops with it:
``python -m tests.warehouse -- python app.py``.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

from tests.warehouse.control import register_control
from tests.warehouse.demo import put_folder, put_sample
from tests.warehouse.warehouse import PAGE_BYTES, Warehouse


def main() -> int:
    """Serve until Ctrl-C, or as long as the command runs."""
    given = _parser().parse_args()
    warehouse = Warehouse(port=given.port, page_bytes=given.page_bytes)
    if given.control:
        register_control(warehouse)
    with warehouse:
        settings = {"ITEMWISE_BIGQUERY_ENDPOINT": warehouse.endpoint}
        if given.answers == "sample":
            settings = put_sample(warehouse)
        elif given.answers != "none":
            settings = put_folder(warehouse, Path(given.answers))
        line = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        if given.command:
            return _run(given.command, {**os.environ, **settings})
        return _wait()


def _wait() -> int:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1):
        pass
    return 0


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command to its end, or until this process is told to end (Ctrl-C reaches both)."""
    child = subprocess.Popen(command, env=environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: child.terminate())
    return max(0, child.wait())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.warehouse", description=__doc__, allow_abbrev=False)
    parser.add_argument("--port", type=int, default=0, help="port to serve on (default: any free one)")
    parser.add_argument(
        "--answers",
        default="sample",
        help="sample: the sample exams as a school's own table; a folder of Parquet files; none",
    )
    parser.add_argument("--page-bytes", type=int, default=PAGE_BYTES, help="size of a page of an answer")
    parser.add_argument(
        "--control", action="store_true", help="take orders from another process (tests.warehouse.control)"
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="what to run on it, behind --")
    return parser


if __name__ == "__main__":
    sys.argv = [argument for k, argument in enumerate(sys.argv) if argument != "--" or "--" in sys.argv[:k]]
    sys.exit(main())
