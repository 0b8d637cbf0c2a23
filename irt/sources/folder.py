"""Which Parquet files of a folder are live, and how that changes in one step.

Imported files count only when ``manifest.json`` names them; the manifest is written beside and renamed into place, so
that the set of live files changes at one instant, for every reader in every process, or not at all. A process that
is killed leaves files that no manifest names: they are never read, and the next import removes them. Files that an
import took the place of stay on disk for a while, so that readers who began with them can end. Any other
``*.parquet`` file in the folder (put there by hand) is live as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from irt.errors import SourceError
from irt.sources.protocol import Stamp

FORMAT = "itemwise-store/1"
#: For how many seconds at least a replaced file is kept for readers who began before.
GRACE = 60.0
_MANIFEST = "manifest.json"
_IMPORTED = "import-"
_PART = ".part-"


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """The live files at one instant: ``imported`` were written by imports, ``foreign`` were put there by hand."""

    imported: tuple[Path, ...]
    foreign: tuple[Path, ...]

    @property
    def all(self) -> tuple[Path, ...]:
        """All of them, in the order of their names."""
        return tuple(sorted(self.imported + self.foreign))


class StoreFolder:
    """A folder of Parquet files of which some are live."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = path.is_dir()

    def live(self) -> LiveFiles:
        """The live files now; none if there is no folder yet. Raises SourceError, also if it was there and is gone."""
        there = self.path.is_dir()
        if self._seen and not there:
            raise SourceError(
                f"The folder {self.path} is gone. Bring it back, or start again to begin an empty one.",
                reason="not_found",
                again=False,
            )
        self._seen = there
        try:
            imported = tuple(self.path / name for name in self._manifest().files)
            foreign = tuple(
                sorted(file for file in self.path.glob("*.parquet") if not file.name.startswith((_IMPORTED, _PART)))
            )
        except OSError as error:
            raise _unreadable(self.path, error) from error
        return LiveFiles(imported, foreign)

    def stamp(self) -> Stamp:
        """Name, size and time of the live files as a fingerprint, and the time of the newest."""
        for _ in range(5):
            files = self.live().all
            try:
                states = [(file.name, file.stat()) for file in files]
                break
            except FileNotFoundError:
                continue  # an import replaced the file between the two looks
            except OSError as error:
                raise _unreadable(self.path, error) from error
        else:
            raise SourceError(f"Files that {self.path / _MANIFEST} names are missing. Import them again.")
        lines = [f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states]
        newest = max((state.st_mtime for _, state in states), default=0.0)
        return Stamp(
            fingerprint=hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16],
            as_of=datetime.fromtimestamp(newest, UTC),
        )

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Hold the folder for one import at a time; leftovers of a killed one are removed first."""
        try:
            import fcntl
        except ImportError:
            raise SourceError("Importing needs a system with POSIX file locks (Linux, macOS).") from None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise SourceError(f"Answers cannot be stored in {self.path}: {error.strerror}.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # released by the system also if the process is killed
            self._sweep()
            yield
        except OSError as error:
            raise SourceError(f"Answers cannot be stored in {self.path}: {error.strerror}.") from error
        finally:
            os.close(lock)

    def give_up(self, part: Path) -> SourceError:
        """Remove what was written of a file, and say why an import fails: most often its disk is full."""
        free = shutil.disk_usage(self.path).free / 2**20
        part.unlink(missing_ok=True)
        return SourceError(
            f"Answers cannot be stored in {self.path}: writing failed. Check that its disk has space "
            f"(there were {free:,.0f} MB left) and can be written. Nothing was stored."
        )

    def part(self) -> Path:
        """A new path for a file that is being written."""
        return self.path / f"{_PART}{uuid.uuid4().hex}.parquet"

    def finish(self, part: Path, content: str) -> Path:
        """Give a written file its name. It is not live before :meth:`publish` names it."""
        to_disk(part)
        file = self.path / f"{_IMPORTED}{content}-{uuid.uuid4().hex[:8]}.parquet"
        os.replace(part, file)
        return file

    def publish(self, imported: Sequence[Path]) -> None:
        """Make exactly these imported files live."""
        before, names = self._manifest(), sorted(file.name for file in imported)
        now = time.time()
        retired = {name: at for name, at in before.retired.items() if 0 <= now - at < GRACE}
        retired |= dict.fromkeys(set(before.files) - set(names), now)
        part = self.path / f"{_PART}{uuid.uuid4().hex}.json"
        part.write_text(json.dumps({"format": FORMAT, "files": names, "retired": retired}, indent=1))
        to_disk(part)
        to_disk(self.path)
        os.replace(part, self.path / _MANIFEST)
        to_disk(self.path)
        self._sweep()

    def _manifest(self) -> _Manifest:
        """What the manifest says."""
        try:
            text = (self.path / _MANIFEST).read_text()
        except FileNotFoundError:
            return _Manifest((), {})
        try:
            found = json.loads(text)
            if found["format"] == FORMAT:
                files = tuple(Path(name).name for name in found["files"])  # names only: never out of the folder
                return _Manifest(files, {str(name): float(at) for name, at in found.get("retired", {}).items()})
        except (ValueError, KeyError, TypeError, AttributeError):
            pass
        raise SourceError(f"{self.path / _MANIFEST} is not a list of files that this version understands ({FORMAT}).")

    def _sweep(self) -> None:
        """Remove what the manifest does not name, and replaced files after their time."""
        manifest, now = self._manifest(), time.time()
        named = {*manifest.files, *(name for name, at in manifest.retired.items() if 0 <= now - at < GRACE)}
        for file in [*self.path.glob(f"{_IMPORTED}*.parquet"), *self.path.glob(f"{_PART}*")]:
            if file.name not in named:
                file.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Manifest:
    """Names of the imported files that are live, and when others were replaced (seconds since 1970)."""

    files: tuple[str, ...]
    retired: Mapping[str, float]


def _unreadable(path: Path, error: OSError) -> SourceError:
    """A folder that may not be read; or a disk, or a drive on the network, that does not answer just now."""
    reason = "access" if isinstance(error, PermissionError) else "unavailable"
    return SourceError(f"The folder {path} cannot be read: {error.strerror}.", reason=reason, again=True)


def content_of(file: Path) -> str:
    """A hash of what a file holds: the same answers in the same order give the same hash."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def to_disk(path: Path) -> None:
    """Wait until a file (or the entries of a folder) would survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
