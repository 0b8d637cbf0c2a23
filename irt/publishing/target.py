"""Where results are published to, as typed: ``bigquery:PROJECT.DATASET[.PREFIX]``, ``gs://BUCKET/PREFIX``, ..."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from irt.errors import SettingsError

if TYPE_CHECKING:
    from irt.settings import Settings
    from irt.warehouse.jobs import Jobs

#: How targets are written, as in help and messages.
FORMS = ("bigquery:PROJECT.DATASET[.PREFIX]", "gs://BUCKET/PREFIX", "parquet:FOLDER")

_PROJECT = re.compile(r"(?:[a-z0-9.-]{1,60}:)?[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_DATASET = re.compile(r"[A-Za-z0-9_]{1,1024}")
_PREFIX = re.compile(r"[A-Za-z0-9_]{1,200}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_FOLDER_NAME = re.compile(r"[\w .=@+,()-]{1,200}")


@dataclass(frozen=True, slots=True)
class DatasetTarget:
    """Tables of a BigQuery dataset; ``prefix`` and ``_`` go in front of their names.

    ``jobs`` puts work to the warehouse; nothing is asked of it before something is published.
    """

    project: str
    dataset: str
    prefix: str = ""
    jobs: Jobs | None = field(default=None, compare=False, repr=False)

    def table(self, name: str) -> str:
        """The full name of a table."""
        return f"{self.project}.{self.dataset}.{self.prefix.rstrip('_') + '_' if self.prefix else ''}{name}"

    def connected(self) -> Jobs:
        """What puts work to the warehouse. Raises SettingsError where the target was not opened with settings."""
        if self.jobs is None:
            raise SettingsError(f"{self} was named without the settings of a warehouse: use open_target.", setting="to")
        return self.jobs

    def __str__(self) -> str:
        return f"bigquery:{self.project}.{self.dataset}{'.' + self.prefix if self.prefix else ''}"


@dataclass(frozen=True, slots=True)
class BucketTarget:
    """Objects of a Cloud Storage bucket whose names begin with ``prefix``, which ends with ``/`` unless it is empty.

    ``endpoint``: address of another service than Google's; None: Google's.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None

    def __str__(self) -> str:
        return f"gs://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """Parquet files in a folder, which is made where it is not there."""

    folder: Path

    def __str__(self) -> str:
        return f"parquet:{self.folder}"


Target = DatasetTarget | BucketTarget | FolderTarget


def open_target(text: str, settings: Settings) -> Target:
    """The target that a text names, reached as the settings say. Raises SettingsError as :func:`parse_target` does."""
    target = parse_target(text)
    if isinstance(target, BucketTarget):
        return replace(target, endpoint=settings.storage_endpoint)
    if isinstance(target, DatasetTarget):
        from irt.opening import open_jobs

        return replace(target, jobs=open_jobs(settings, target.table("publications")))
    return target


def parse_target(text: str) -> Target:
    """The target that a text names.

    Parameters
    ----------
    text : str
        One of :data:`FORMS`.

    Raises
    ------
    SettingsError
        With what was expected, if it names none.
    """
    kind, _, rest = text.strip().partition(":")
    if kind == "bigquery":
        return _dataset(rest)
    if kind == "gs" and rest.startswith("//"):
        return _bucket(rest[2:])
    if kind == "parquet" and rest:
        folder = Path(rest).expanduser()
        if folder.exists() and not folder.is_dir():
            raise SettingsError(f"{folder} is a file: publish to a folder, parquet:FOLDER.", setting="to")
        return FolderTarget(folder)
    raise SettingsError(f"Publish to one of {', '.join(FORMS)}, not to {text!r}.", setting="to")


def _dataset(text: str) -> DatasetTarget:
    """``PROJECT.DATASET[.PREFIX]``; a project may have a domain in front, ``example.com:project``."""
    domain, colon, names = text.rpartition(":")
    project, *others = names.split(".")
    project = domain + colon + project
    if not _PROJECT.fullmatch(project) or len(others) not in (1, 2) or not _DATASET.fullmatch(others[0]):
        raise SettingsError(f"A BigQuery target is {FORMS[0]}, not bigquery:{text}.", setting="to")
    prefix = others[1] if len(others) == 2 else ""
    if len(others) == 2 and not _PREFIX.fullmatch(prefix):
        raise SettingsError(f"The prefix of tables is letters, digits and _, not {prefix!r}.", setting="to")
    return DatasetTarget(project, others[0], prefix)


def _bucket(text: str) -> BucketTarget:
    """``BUCKET[/PREFIX]``."""
    bucket, _, prefix = text.partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise SettingsError(f"A bucket has lower case letters, digits, - _ and . only, not {bucket!r}.", setting="to")
    parts = [part for part in prefix.split("/") if part]
    if not all(_FOLDER_NAME.fullmatch(part) and part.strip(".") for part in parts):
        raise SettingsError(f"The prefix in a bucket is a path such as results/2026, not {prefix!r}.", setting="to")
    return BucketTarget(bucket, "".join(f"{part}/" for part in parts))
