"""Settings from the environment: read once at the start, checked one by one and against each other."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from irt import setting_values as values
from irt import tokens
from irt.callers import Grant, read_grants
from irt.errors import SettingsError
from irt.setting_table import SETTINGS, settings_markdown, settings_text
from irt.setting_values import DEFAULT_FOLDER, Proxy, byte_count, is_loopback

__all__ = [
    "DEFAULT_HEADER",
    "SETTINGS",
    "Settings",
    "byte_count",
    "check_bind",
    "is_loopback",
    "settings_markdown",
    "settings_text",
]

T = TypeVar("T")

_DEFAULT_SOURCE: tuple[Path, str | None] = (DEFAULT_FOLDER, None)
_DEFAULT_CACHE: Path | None = Path("data/cache")
_DEFAULT_SAMPLE: int | None = 200_000
_DEFAULT_LIMIT: str | None = "600/minute"
#: Where a login proxy names who asks.
DEFAULT_HEADER = "X-Remote-User"


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
    link_key : bytes, optional
        None: a new one for each process.
    embed_keys : Keys, optional
        Whose signed tokens are taken; None: nobody's.
    login_proxies : tuple of networks and "unix"
        Peers whose ``login_header`` says who asks; empty: nobody's does.
    login_header : str
    login_grants : mapping of str to Grant, optional
        What each login may see, ``"*"`` for every other one; None: each sees everything.
    allow_anonymous : bool
    audit_log : Path, optional
        None: the ordinary log.
    rate_limit : str, optional
        In the notation of ``limits``; None: no limit.
    timeout : float
        Seconds that a caller waits for a computation.
    stale : float
        Seconds for which kept answers stand in for an unreachable warehouse; 0: they do not.
    metrics_key : bytes, optional
        Whoever has it may read the metrics.
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
    link_key: bytes | None = field(default=None, repr=False)
    embed_keys: tokens.Keys | None = None
    login_proxies: tuple[Proxy, ...] = ()
    login_header: str = DEFAULT_HEADER
    login_grants: Mapping[str, Grant] | None = field(default=None, repr=False)
    allow_anonymous: bool = False
    audit_log: Path | None = None
    rate_limit: str | None = _DEFAULT_LIMIT
    timeout: float = 50.0
    stale: float = 86_400.0
    metrics_key: bytes | None = field(default=None, repr=False)
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
        settings = cls(
            folder=folder,
            is_default_folder=table is None and folder == DEFAULT_FOLDER,
            table=table,
            columns=_read(given, "ITEMWISE_COLUMNS", values.read_columns, dict[str, str]()),
            sample=_read(given, "ITEMWISE_SAMPLE", values.read_sample, _DEFAULT_SAMPLE),
            groups=_read(given, "ITEMWISE_GROUPS", values.read_groups, ()),
            cache=_read(given, "ITEMWISE_CACHE", values.read_cache, _DEFAULT_CACHE),
            minimum_group=_read(given, "ITEMWISE_MINIMUM_GROUP", values.whole_number(2, 1_000_000), 10),
            path_prefix=_read(given, "ITEMWISE_PATH_PREFIX", values.read_prefix, "/"),
            portal_origins=_read(given, "ITEMWISE_PORTAL_ORIGINS", values.read_origins, ()),
            link_key=_read(given, "ITEMWISE_LINK_KEY", values.read_secret, b"") or None,
            embed_keys=_read(given, "ITEMWISE_EMBED_KEYS", tokens.read_keys, None),
            login_proxies=_read(given, "ITEMWISE_LOGIN_PROXIES", values.read_proxies, ()),
            login_header=_read(given, "ITEMWISE_LOGIN_HEADER", values.read_header, DEFAULT_HEADER),
            login_grants=_read(given, "ITEMWISE_LOGIN_GRANTS", read_grants, None),
            allow_anonymous=_read(given, "ITEMWISE_ALLOW_ANONYMOUS", values.read_switch, False),
            audit_log=_read(given, "ITEMWISE_AUDIT_LOG", values.read_log, None),
            rate_limit=_read(given, "ITEMWISE_RATE_LIMIT", values.read_limit, _DEFAULT_LIMIT),
            timeout=_read(given, "ITEMWISE_TIMEOUT", values.read_seconds, 50.0),
            stale=_read(given, "ITEMWISE_STALE", values.read_duration, 86_400.0),
            metrics_key=_read(given, "ITEMWISE_METRICS_KEY", values.read_header_secret, b"") or None,
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
        _refuse_contradictions(given, settings)
        return settings

    @property
    def source(self) -> str:
        """The source in the words of the settings."""
        return f"parquet:{self.folder}" if self.table is None else f"bigquery:{self.table}"


def check_bind(host: str, settings: Settings) -> None:
    """Refuse to listen where other machines can ask, unless the settings say who may.

    Raises
    ------
    SettingsError
    """
    asked = settings.embed_keys is not None or bool(settings.login_proxies)
    if not is_loopback(host) and not asked and not settings.allow_anonymous:
        raise SettingsError(
            f"Listening on {host or 'every address'} would show students' results to anyone who can reach it; "
            "listen on 127.0.0.1, or say who may ask: ITEMWISE_EMBED_KEYS for a portal, ITEMWISE_LOGIN_PROXIES for a "
            "login proxy, or ITEMWISE_ALLOW_ANONYMOUS=1 if something in front of it checks who asks.",
            setting="HOST",
        )


def _refuse_contradictions(given: Mapping[str, str], settings: Settings) -> None:
    """Settings that are right one by one and do not go together."""
    if settings.columns and settings.table is None:
        raise SettingsError(
            "ITEMWISE_COLUMNS names the columns of a BigQuery table, and ITEMWISE_SOURCE names none; "
            "files are imported under the contract's own names. Unset it to start.",
            setting="ITEMWISE_COLUMNS",
        )
    for name in ("ITEMWISE_EMBED_KEYS", "ITEMWISE_LOGIN_PROXIES"):
        if settings.allow_anonymous and name in given:
            raise SettingsError(
                f"ITEMWISE_ALLOW_ANONYMOUS=1 lets everybody in, and {name} asks who they are; unset one of them to "
                "start.",
                setting="ITEMWISE_ALLOW_ANONYMOUS",
            )
    for name in ("ITEMWISE_LOGIN_HEADER", "ITEMWISE_LOGIN_GRANTS"):
        if name in given and not settings.login_proxies:
            raise SettingsError(
                f"{name} is about a login proxy, and ITEMWISE_LOGIN_PROXIES names none; set it, or unset {name}.",
                setting=name,
            )


def _refuse_unknown(given: Mapping[str, str]) -> None:
    """A misspelt setting would be ignored in silence."""
    known = {s.name for s in SETTINGS}
    for name in sorted(given):
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
        secret = any(s.secret for s in SETTINGS if s.name == name)
        shown = "the value that is set (not shown: it is a secret)" if secret else repr(given[name])
        raise SettingsError(f"{name} must be {error}, not {shown}.", setting=name) from None
