"""The last known state of a table on disk: no answers, only what the warehouse tells of the table itself."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from irt.kept_files import KeptFiles
from irt.warehouse.table_state import Field, TableState

_log = logging.getLogger(__name__)

_FORMAT = "itemwise-state/1"
#: Bytes of the states of all tables.
_LIMIT = 2**20


@dataclass(frozen=True, slots=True)
class Known:
    """What was told of a table: its state, and of each table behind it what changes with its rows, and since when."""

    state: TableState
    tokens: tuple[tuple[str, datetime], ...]


class KeptState:
    """The last known state of one table; see :class:`irt.sources.absence.Keeping`.

    Parameters
    ----------
    folder : Path, optional
        Shared by worker processes; None: nothing is kept.
    key : str
        The table, and how it is read.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self._files = KeptFiles(folder, ".state", _LIMIT)
        self._key = key

    def read(self) -> tuple[Known, float] | None:
        """The state, and when it was last found to be true (seconds since 1970)."""
        try:
            path = self._files.find(self._key)
            return None if path is None else _decoded(path.read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            _log.warning("The last known state of the table cannot be read, and does not stand in.")
            return None

    def write(self, state: Known, at: float) -> None:
        """Keep a state. A full disk costs the file, not the answer."""
        try:
            self._files.write(self._key, [_encoded(state, at)])
        except OSError as error:
            _log.warning("The state of the table could not be kept: %s.", error.strerror)


def _encoded(known: Known, at: float) -> bytes:
    """A state as the content of a file."""
    tokens = [[token, since.isoformat()] for token, since in known.tokens]
    table = {**asdict(known.state), "modified": known.state.modified.isoformat()}
    return json.dumps({"format": _FORMAT, "at": at, "table": table, "tokens": tokens}).encode()


def _decoded(content: bytes) -> tuple[Known, float]:
    """A state from a file. Raises ValueError, KeyError or TypeError for what is none."""
    told = json.loads(content)
    if told["format"] != _FORMAT or not told["tokens"]:
        raise ValueError("not a state")
    table = told["table"]
    fields = tuple(Field(**field) for field in table["fields"])
    state = TableState(**{**table, "fields": fields, "modified": datetime.fromisoformat(table["modified"])})
    tokens = tuple((str(token), datetime.fromisoformat(since)) for token, since in told["tokens"])
    return Known(state, tokens), float(told["at"])
