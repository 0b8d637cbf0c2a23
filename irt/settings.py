"""Settings from the environment: one table of names, defaults and meanings, and the checks of their values."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from irt import setting_values as values
from irt.errors import SettingsError
from irt.setting_values import DEFAULT_FOLDER, byte_count, is_loopback

T = TypeVar("T")

_DEFAULT_SOURCE: tuple[Path, str | None] = (DEFAULT_FOLDER, None)
_DEFAULT_CACHE: Path | None = Path("data/cache")
_DEFAULT_SAMPLE: int | None = 200_000


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

    folder: Path = DEFAULT_FOLDER
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
        folder, table = _read(given, "ITEMWISE_SOURCE", values.read_source, _DEFAULT_SOURCE)
        columns = _read(given, "ITEMWISE_COLUMNS", values.read_columns, dict[str, str]())
        if columns and table is None:
            raise SettingsError(
                "ITEMWISE_COLUMNS names the columns of a BigQuery table, and ITEMWISE_SOURCE names none; "
                "files are imported under the contract's own names. Unset it to start.",
                setting="ITEMWISE_COLUMNS",
            )
        return cls(
            folder=folder,
            is_default_folder=table is None and folder == DEFAULT_FOLDER,
            table=table,
            columns=columns,
            sample=_read(given, "ITEMWISE_SAMPLE", values.read_sample, _DEFAULT_SAMPLE),
            groups=_read(given, "ITEMWISE_GROUPS", values.read_groups, ()),
            cache=_read(given, "ITEMWISE_CACHE", values.read_cache, _DEFAULT_CACHE),
            minimum_group=_read(given, "ITEMWISE_MINIMUM_GROUP", values.whole_number(2, 1_000_000), 10),
            path_prefix=_read(given, "ITEMWISE_PATH_PREFIX", values.read_prefix, "/"),
            portal_origins=_read(given, "ITEMWISE_PORTAL_ORIGINS", values.read_origins, ()),
            allow_anonymous=_read(given, "ITEMWISE_ALLOW_ANONYMOUS", values.read_switch, False),
            link_key=_read(given, "ITEMWISE_LINK_KEY", values.read_secret, b"") or None,
            host=_read(given, "HOST", values.read_host, "127.0.0.1"),
            port=_read(given, "PORT", values.whole_number(1, 65535), 8050),
            billing_project=_read(given, "ITEMWISE_BIGQUERY_PROJECT", values.read_project, None),
            location=_read(given, "ITEMWISE_BIGQUERY_LOCATION", values.read_location, None),
            ask_bytes=_read(given, "ITEMWISE_BIGQUERY_ASK_BYTES", byte_count(0), 10**9),
            max_bytes=_read(given, "ITEMWISE_BIGQUERY_MAX_BYTES", byte_count(1), 10**11),
            day_bytes=_read(given, "ITEMWISE_BIGQUERY_DAY_BYTES", byte_count(1), 10**12),
            price=_read(given, "ITEMWISE_BIGQUERY_PRICE", values.read_price, 6.25),
            bigquery_endpoint=_read(given, "ITEMWISE_BIGQUERY_ENDPOINT", values.read_endpoint, None),
            storage_endpoint=_read(given, "ITEMWISE_STORAGE_ENDPOINT", values.read_endpoint, None),
        )

    @property
    def source(self) -> str:
        """The source in the words of the settings."""
        return f"parquet:{self.folder}" if self.table is None else f"bigquery:{self.table}"


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
