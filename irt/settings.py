"""Settings from the environment: one table of names, defaults and meanings, and the checks of their values."""

from __future__ import annotations

import difflib
import ipaddress
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from irt.errors import SettingsError

T = TypeVar("T")

_DEFAULT_FOLDER = Path("data/responses")
_DEFAULT_SOURCE: tuple[Path, str | None] = (_DEFAULT_FOLDER, None)
_DEFAULT_CACHE: Path | None = Path("data/cache")
_DEFAULT_SAMPLE: int | None = 200_000
_BYTE_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
#: Names as BigQuery has them, and nothing that could end a quoted name.
_PROJECT = r"(?:[a-z0-9.-]+:)?[A-Za-z0-9_-]+"
_TABLE = rf"{_PROJECT}\.\w+\.[\w-](?:[\w -]*[\w-])?"
_COLUMN = r"[\w&%=+:'<>#|-][\w &%=+:'<>#|-]{0,299}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings; ``supported`` is False for a name that later versions will use."""

    name: str
    default: str
    meaning: str
    supported: bool = True


#: Every setting, in the order in which it is shown.
SETTINGS = (
    Setting(
        "ITEMWISE_SOURCE",
        "parquet:data/responses",
        "Where answers live: `parquet:FOLDER` or `bigquery:PROJECT.DATASET.TABLE`. The default folder is filled with "
        "the sample exams on first start.",
    ),
    Setting(
        "ITEMWISE_COLUMNS",
        "(the names of the contract)",
        "What a BigQuery table calls its columns, as JSON: "
        '`{"student_id": "pupil", "correct": "is_right"}`. Columns that are not named keep the name of the contract.',
    ),
    Setting(
        "ITEMWISE_GROUPS",
        "(every other text column of imported files; none of a BigQuery table)",
        "Columns of the answers that split students into groups to compare, separated by commas: `gender,school`.",
    ),
    Setting(
        "ITEMWISE_SAMPLE",
        "200000",
        "Above so many students an exam is calibrated on a sample of about so many, drawn by a hash of their ids; "
        "`off` for always everybody.",
    ),
    Setting(
        "ITEMWISE_CACHE",
        "data/cache",
        "Folder for calibrations, answers of a warehouse and its bill of the day, kept across restarts; or `off`.",
    ),
    Setting("ITEMWISE_MINIMUM_GROUP", "10", "Smallest group of students that is compared with another (2 or more)."),
    Setting("ITEMWISE_PATH_PREFIX", "/", "Path under which a reverse proxy shows the dashboard, such as `/exams/`."),
    Setting(
        "ITEMWISE_PORTAL_ORIGINS",
        "(none)",
        "Sites that may show the dashboard in a frame, separated by commas: `https://portal.example.org`. "
        "Without it only the dashboard's own site may.",
    ),
    Setting(
        "ITEMWISE_ALLOW_ANONYMOUS",
        "0",
        "`1` serves readers on other machines although nobody is asked who they are. "
        "Without it the dashboard answers its own machine only.",
    ),
    Setting(
        "ITEMWISE_LINK_KEY",
        "(made once, kept in ITEMWISE_CACHE)",
        "Secret of 32 characters or more from which links to a student are made. With `ITEMWISE_CACHE=off` and "
        "without it, such links end with the process.",
    ),
    Setting("HOST", "127.0.0.1", "Address on which the server listens."),
    Setting("PORT", "8050", "Port on which the server listens."),
    Setting("ITEMWISE_BIGQUERY_PROJECT", "(the table's)", "Project that runs the queries and pays for them."),
    Setting("ITEMWISE_BIGQUERY_LOCATION", "(found by BigQuery)", "Where the table is stored, such as `EU`."),
    Setting(
        "ITEMWISE_BIGQUERY_ASK_BYTES", "1GB", "A query that reads more is not run before a reader has agreed to it."
    ),
    Setting("ITEMWISE_BIGQUERY_MAX_BYTES", "100GB", "Most bytes that one query may read; sent with every job."),
    Setting("ITEMWISE_BIGQUERY_DAY_BYTES", "1TB", "Most bytes that all queries of a day (UTC) may be billed for."),
    Setting("ITEMWISE_BIGQUERY_PRICE", "6.25", "US dollars for 2^40 bytes read, to show what a query costs."),
    Setting(
        "ITEMWISE_BIGQUERY_ENDPOINT",
        "(the service's own)",
        "Another address of BigQuery. An `http://` address must be on this machine; it is asked without credentials.",
    ),
    Setting(
        "ITEMWISE_STORAGE_ENDPOINT",
        "(the service's own)",
        "Another address of Google Cloud Storage, under the same rules.",
    ),
    Setting("ITEMWISE_EMBED_KEYS", "(none)", "Keys of signed links from a portal.", supported=False),
)

_UNSUPPORTED = "Not in this version, which refuses to start when it is set."


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs.

    Parameters
    ----------
    folder : Path
        The embedded store.
    is_default_folder : bool
        Whether answers live in a folder that nobody named: only then is it filled with the sample exams.
    table : str, optional
        ``project.dataset.table`` in BigQuery, which then takes the place of the embedded store.
    columns : mapping of str to str
        What the BigQuery table calls columns of the contract.
    groups : tuple of str
        Columns that split students into groups.
    sample : int, optional
        Students above which an exam is calibrated on a sample of about so many; None: never.
    cache : Path, optional
        Where calibrations and answers of a warehouse are kept; None: nowhere.
    minimum_group : int
    path_prefix : str
        Begins and ends with a slash.
    portal_origins : tuple of str
        ``scheme://host[:port]`` of the sites that may frame the dashboard.
    allow_anonymous : bool
    link_key : bytes, optional
        None: a new one for each process.
    host : str
    port : int
    billing_project : str, optional
        Who pays for queries; None: the project of the table.
    location : str, optional
    ask_bytes, max_bytes, day_bytes : int
        What a query may read without asking, at all, and all queries of a day (UTC).
    price : float
        US dollars for 2**40 bytes.
    bigquery_endpoint, storage_endpoint : str, optional
        Addresses other than the services' own; ``http://`` is on this machine and is asked without credentials.
    """

    folder: Path = _DEFAULT_FOLDER
    is_default_folder: bool = True
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    groups: tuple[str, ...] = ()
    sample: int | None = _DEFAULT_SAMPLE
    cache: Path | None = _DEFAULT_CACHE
    minimum_group: int = 10
    path_prefix: str = "/"
    portal_origins: tuple[str, ...] = ()
    allow_anonymous: bool = False
    link_key: bytes | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8050
    billing_project: str | None = None
    location: str | None = None
    ask_bytes: int = 10**9
    max_bytes: int = 10**11
    day_bytes: int = 10**12
    price: float = 6.25
    bigquery_endpoint: str | None = None
    storage_endpoint: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """The settings of this process; an empty value counts as not set.

        Raises
        ------
        SettingsError
            One sentence for the first setting with an unknown name or a value that cannot be used.
        """
        environment = os.environ if environment is None else environment
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        _refuse_unknown(given)
        folder, table = _read(given, "ITEMWISE_SOURCE", _source, _DEFAULT_SOURCE)
        columns = _read(given, "ITEMWISE_COLUMNS", _columns, dict[str, str]())
        if columns and table is None:
            raise SettingsError(
                "ITEMWISE_COLUMNS names the columns of a BigQuery table, and ITEMWISE_SOURCE names none; "
                "files are imported under the contract's own names. Unset it to start.",
                setting="ITEMWISE_COLUMNS",
            )
        return cls(
            folder=folder,
            is_default_folder=table is None and folder == _DEFAULT_FOLDER,
            table=table,
            columns=columns,
            sample=_read(given, "ITEMWISE_SAMPLE", _sample, _DEFAULT_SAMPLE),
            groups=_read(given, "ITEMWISE_GROUPS", _groups, ()),
            cache=_read(given, "ITEMWISE_CACHE", _cache, _DEFAULT_CACHE),
            minimum_group=_read(given, "ITEMWISE_MINIMUM_GROUP", _whole(2, 1_000_000), 10),
            path_prefix=_read(given, "ITEMWISE_PATH_PREFIX", _prefix, "/"),
            portal_origins=_read(given, "ITEMWISE_PORTAL_ORIGINS", _origins, ()),
            allow_anonymous=_read(given, "ITEMWISE_ALLOW_ANONYMOUS", _switch, False),
            link_key=_read(given, "ITEMWISE_LINK_KEY", _secret, b"") or None,
            host=_read(given, "HOST", _host, "127.0.0.1"),
            port=_read(given, "PORT", _whole(1, 65535), 8050),
            billing_project=_read(given, "ITEMWISE_BIGQUERY_PROJECT", _name(_PROJECT, "a project's id"), None),
            location=_read(given, "ITEMWISE_BIGQUERY_LOCATION", _name(r"[A-Za-z0-9-]+", "a location such as EU"), None),
            ask_bytes=_read(given, "ITEMWISE_BIGQUERY_ASK_BYTES", byte_count(0), 10**9),
            max_bytes=_read(given, "ITEMWISE_BIGQUERY_MAX_BYTES", byte_count(1), 10**11),
            day_bytes=_read(given, "ITEMWISE_BIGQUERY_DAY_BYTES", byte_count(1), 10**12),
            price=_read(given, "ITEMWISE_BIGQUERY_PRICE", _price, 6.25),
            bigquery_endpoint=_read(given, "ITEMWISE_BIGQUERY_ENDPOINT", _endpoint, None),
            storage_endpoint=_read(given, "ITEMWISE_STORAGE_ENDPOINT", _endpoint, None),
        )

    @property
    def source(self) -> str:
        """The source in the words of the settings."""
        return f"parquet:{self.folder}" if self.table is None else f"bigquery:{self.table}"


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]").split("%")[0]).is_loopback
    except ValueError:
        return False


def check_bind(host: str, settings: Settings) -> None:
    """Refuse to listen where other machines can ask, unless the settings say so.

    Raises
    ------
    SettingsError
    """
    if not is_loopback(host) and not settings.allow_anonymous:
        raise SettingsError(
            f"Listening on {host or 'every address'} would show students' results to anyone who can reach it; "
            "listen on 127.0.0.1, or set ITEMWISE_ALLOW_ANONYMOUS=1 if something in front of it checks who asks.",
            setting="HOST",
        )


def settings_markdown() -> str:
    """The table of settings in Markdown, as in the README."""
    rows = [f"| `{s.name}` | {_code(s.default)} | {s.meaning if s.supported else _later(s)} |" for s in SETTINGS]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def settings_text() -> str:
    """The table of settings for a terminal."""
    wide = max(len(s.name) for s in SETTINGS)
    lines = []
    for s in SETTINGS:
        meaning = (s.meaning if s.supported else _later(s)).replace("`", "")
        lines += [f"  {s.name:<{wide}}  {meaning}", f"  {'':<{wide}}  Default: {s.default}"]
    return "\n".join(lines)


def _later(setting: Setting) -> str:
    """The meaning of a setting that this version does not take."""
    return f"{setting.meaning} {_UNSUPPORTED}"


def _code(default: str) -> str:
    """A default as code, unless it is a remark in parentheses."""
    return default if default.startswith("(") else f"`{default}`"


def _refuse_unknown(given: Mapping[str, str]) -> None:
    """A misspelt setting would be ignored in silence; a later one would promise what this version does not do."""
    known = {s.name: s for s in SETTINGS}
    for name in sorted(given):
        if name in known and not known[name].supported:
            raise SettingsError(
                f"{name} is not supported by this version of Itemwise; unset it to start.", setting=name
            )
        if name.startswith("ITEMWISE_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else "see python app.py --help for those there are."
            raise SettingsError(f"There is no setting {name}; {hint}", setting=name)


def _read(given: Mapping[str, str], name: str, parse: Callable[[str], T], default: T) -> T:
    """A parsed setting, or its default. ``parse`` raises ValueError with what was expected."""
    if name not in given:
        return default
    try:
        return parse(given[name])
    except ValueError as error:
        shown = "a value of this length" if name == "ITEMWISE_LINK_KEY" else repr(given[name])
        raise SettingsError(f"{name} must be {error}, not {shown}.", setting=name) from None


def _source(value: str) -> tuple[Path, str | None]:
    """The folder of the embedded store and, where answers live in BigQuery, its table."""
    kind, _, name = value.partition(":")
    if kind == "bigquery":
        if not re.fullmatch(_TABLE, name):
            raise ValueError("bigquery:PROJECT.DATASET.TABLE, with letters, digits, _ and - in the names")
        return _DEFAULT_FOLDER, name
    if kind != "parquet" or not name:
        raise ValueError("parquet:FOLDER or bigquery:PROJECT.DATASET.TABLE")
    return _no_file(Path(name).expanduser(), "parquet:FOLDER"), None


def _columns(value: str) -> dict[str, str]:
    """Contract name -> name in the table. Which contract names there are is checked where the table is opened."""
    wanted = 'a JSON object of texts such as {"correct": "is_right"}'
    try:
        found = json.loads(value, object_pairs_hook=_once)
    except ValueError as error:
        raise ValueError(str(error) if isinstance(error, _Twice) else wanted) from None
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found.values()):
        raise ValueError(wanted)
    if odd := [name for name in found.values() if not re.fullmatch(_COLUMN, name)]:
        raise ValueError(f"{wanted} (there is no column {odd[0]!r} in BigQuery)")
    return found


class _Twice(ValueError):
    """A name that stands twice in an object."""


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON in which each name stands once."""
    for k, (name, _) in enumerate(pairs):
        if name in dict(pairs[:k]):
            raise _Twice(f"a JSON object with each name once ({name!r} is there twice)")
    return dict(pairs)


def _sample(value: str) -> int | None:
    try:
        return None if value == "off" else _whole(100, 999_999_999)(value)
    except ValueError as error:
        raise ValueError(f"{error}, or off") from None


def byte_count(lowest: int) -> Callable[[str], int]:
    """A reader of numbers of bytes such as ``1000000``, ``5GB``, ``2TB``; it raises ValueError with what it expects."""

    def parse(value: str) -> int:
        found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,3})?) ?([KMGTP]?B)?", value.upper(), re.ASCII)
        n_bytes = round(float(found[1]) * _BYTE_UNITS[found[2] or ""]) if found else -1
        if n_bytes < lowest:
            raise ValueError("a number of bytes such as 1000000, 5GB or 2TB")
        return n_bytes

    return parse


def _price(value: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", value, re.ASCII):
        raise ValueError("a number of US dollars such as 6.25")
    return float(value)


def _name(pattern: str, wanted: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(wanted)
        return value

    return parse


def _endpoint(value: str) -> str:
    """Without encryption only on this machine: a request carries the key to the data."""
    if not _is_origin(value.rstrip("/")):
        raise ValueError("an address such as https://bigquery.example.org or http://127.0.0.1:9050")
    if value.startswith("http://") and not is_loopback(urlsplit(value).hostname or ""):
        raise ValueError("an https:// address (http:// is for this machine only)")
    return value.rstrip("/")


def _cache(value: str) -> Path | None:
    return None if value == "off" else _no_file(Path(value).expanduser(), "a folder or off")


def _no_file(folder: Path, wanted: str) -> Path:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{wanted} (there is a file of that name)")
    return folder


def _groups(value: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in value.split(","))
    if not all(names):
        raise ValueError("column names separated by commas")
    return tuple(dict.fromkeys(names))


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return int(value)

    return parse


def _prefix(value: str) -> str:
    path = f"/{value.strip('/')}/" if value.strip("/") else "/"
    if not re.fullmatch(r"/(?:(?!\.{1,2}/)[A-Za-z0-9._~-]+/)*", path):
        raise ValueError("a path such as /exams/")
    return path


def _origins(value: str) -> tuple[str, ...]:
    origins = tuple(origin.strip() for origin in value.split(","))
    if not all(_is_origin(origin) for origin in origins):
        raise ValueError("origins separated by commas, such as https://portal.example.org")
    return origins


def _is_origin(origin: str) -> bool:
    """Scheme, host and perhaps a port, and nothing that could end the header's directive."""
    if not re.fullmatch(r"https?://[A-Za-z0-9.\-\[\]:]+", origin):
        return False
    try:
        parts = urlsplit(origin)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _switch(value: str) -> bool:
    if value not in ("0", "1"):
        raise ValueError("0 or 1")
    return value == "1"


def _secret(value: str) -> bytes:
    if len(value) < 32:
        raise ValueError("32 characters or more")
    return value.encode()


def _host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:_%\[\]-]+", value):
        raise ValueError("a host name or address")
    return value.strip("[]")
