"""Counts of requests in windows of time, exact over all processes that share a file: a storage for ``limits``.

SQLite keeps them: a process that is killed in the middle leaves no half of a count behind. Keys are digests of callers,
and the file ends with the server.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from limits.storage import Storage

_TABLE = (
    "CREATE TABLE IF NOT EXISTS windows (key TEXT PRIMARY KEY, ends REAL NOT NULL, n INTEGER NOT NULL) WITHOUT ROWID"
)
#: One statement, so that of two processes that count at once neither is lost. A window that ends much later than one
#: that begins now is from before the clock was set back: its caller must not wait until the old time comes again.
_COUNT = """
INSERT INTO windows VALUES (:key, :now + :seconds, :amount)
ON CONFLICT (key) DO UPDATE SET
    n = CASE WHEN ends > :now AND ends < :now + 2 * :seconds THEN n + :amount ELSE :amount END,
    ends = CASE WHEN ends > :now AND ends < :now + 2 * :seconds THEN ends ELSE :now + :seconds END
RETURNING n
"""
#: Seconds that another process's write is waited for, and between two removals of windows that have ended.
_PATIENCE, _SWEEP_EVERY = 2.0, 60.0


class SharedWindows(Storage):
    """Fixed windows, each beginning with the first request that is counted in it.

    Parameters
    ----------
    file : Path, optional
        Shared by processes; None: this process alone counts.
    """

    STORAGE_SCHEME = None

    def __init__(self, file: Path | None) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._swept = time.time()
        self._database = sqlite3.connect(
            ":memory:" if file is None else str(file),
            timeout=_PATIENCE,
            isolation_level=None,  # each statement by itself
            check_same_thread=False,  # one thread at a time, by the lock
        )
        for order in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = OFF", _TABLE):
            self._database.execute(order)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What a storage may fail with."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, and say how many there are now in the window, which takes so many seconds."""
        now = time.time()
        with self._lock:
            if now > self._swept + _SWEEP_EVERY:
                self._swept = now
                self._database.execute("DELETE FROM windows WHERE ends <= ?", (now,))
            asked = {"key": key, "now": now, "seconds": expiry, "amount": amount}
            (count,) = self._database.execute(_COUNT, asked).fetchall()[0]
        return int(count)

    def get(self, key: str) -> int:
        """How many there are in the window of a key."""
        return self._window(key)[1]

    def get_expiry(self, key: str) -> float:
        """When the window of a key ends; now, if there is none."""
        return self._window(key)[0]

    def check(self) -> bool:
        """Whether it can be read."""
        try:
            self.get("")
        except sqlite3.Error:
            return False
        return True

    def reset(self) -> int:
        """Forget everything; how many windows there were."""
        with self._lock:
            return self._database.execute("DELETE FROM windows").rowcount

    def clear(self, key: str) -> None:
        """Forget the window of a key."""
        with self._lock:
            self._database.execute("DELETE FROM windows WHERE key = ?", (key,))

    def _window(self, key: str) -> tuple[float, int]:
        """When a window ends, and how many there are in it."""
        now = time.time()
        with self._lock:
            found = self._database.execute("SELECT ends, n FROM windows WHERE key = ? AND ends > ?", (key, now))
            rows = found.fetchall()
        return (float(rows[0][0]), int(rows[0][1])) if rows else (now, 0)
