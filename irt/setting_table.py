"""The table of settings: names, defaults and meanings, as the README and the help of app.py show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table; the value of a ``secret`` is never repeated."""

    name: str
    default: str
    meaning: str
    secret: bool = False


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
    Setting(
        "ITEMWISE_MINIMUM_GROUP",
        "10",
        "Smallest group of students (2 or more) that is compared with another and, to readers who may not see names, "
        "shown by itself.",
    ),
    Setting("ITEMWISE_PATH_PREFIX", "/", "Path under which a reverse proxy shows the dashboard, such as `/exams/`."),
    Setting(
        "ITEMWISE_PORTAL_ORIGINS",
        "(none)",
        "Sites that may show the dashboard in a frame, separated by commas: `https://portal.example.org` (`http://` "
        "only on this machine). Without it only the dashboard's own site may.",
    ),
    Setting(
        "ITEMWISE_EMBED_KEYS",
        "(none)",
        "Keys with which portals sign who may see what: a JWK set, as JSON or as the path of a file that is read at "
        "the start. `python -m irt token --new-key EdDSA --out FILE` makes one.",
        secret=True,
    ),
    Setting(
        "ITEMWISE_LOGIN_PROXIES",
        "(none)",
        "Where a school's own login proxy asks from: addresses and networks, separated by commas, such as "
        "`10.0.0.5, fd00::/64`; `unix` for a socket. Whom it names in `ITEMWISE_LOGIN_HEADER` is let in.",
    ),
    Setting(
        "ITEMWISE_LOGIN_HEADER",
        "X-Remote-User",
        "The header in which the login proxy names who asks. It must take this header out of what browsers send.",
    ),
    Setting(
        "ITEMWISE_LOGIN_GRANTS",
        "(each login sees everything)",
        "A JSON file of what each login may see: "
        '`{"ada": {"subjects": ["Mathematics"], "exams": "*", "classes": ["7a"], "names": true}}`; `"*"` stands for '
        "every other login, and without it they are refused.",
    ),
    Setting(
        "ITEMWISE_ALLOW_ANONYMOUS",
        "0",
        "`1` serves readers on other machines although nobody is asked who they are; not beside `ITEMWISE_EMBED_KEYS` "
        "or `ITEMWISE_LOGIN_PROXIES`. Without any of the three the dashboard answers its own machine only.",
    ),
    Setting(
        "ITEMWISE_AUDIT_LOG",
        "(the ordinary log)",
        "File to which one line is added for each look at data and each refusal: who, what scope, when.",
    ),
    Setting(
        "ITEMWISE_RATE_LIMIT",
        "600/minute",
        "How often one caller may ask, such as `600/minute` or `600/minute, 20/second`; or `off`.",
    ),
    Setting(
        "ITEMWISE_TIMEOUT",
        "50",
        "Seconds after which whoever waits for a computation is told to come back; it goes on meanwhile.",
    ),
    Setting(
        "ITEMWISE_STALE",
        "24h",
        "How long kept answers stand in for a warehouse that cannot be reached, such as `90m`, `24h` or `7d`; or "
        "`off`.",
    ),
    Setting(
        "ITEMWISE_METRICS_KEY",
        "(none: metrics are shown in the password-less mode on this machine only)",
        "Secret of 32 characters or more with which `/metrics` may be read: `Authorization: Bearer ...`.",
        secret=True,
    ),
    Setting(
        "ITEMWISE_LINK_KEY",
        "(made once, kept in ITEMWISE_CACHE)",
        "Secret of 32 characters or more from which links to a student are made. With `ITEMWISE_CACHE=off` and "
        "without it, such links end with the process.",
        secret=True,
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
)


def settings_markdown() -> str:
    """The table in Markdown, as in the README."""
    rows = [f"| `{s.name}` | {_code(s.default)} | {s.meaning} |" for s in SETTINGS]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def settings_text() -> str:
    """The table for a terminal."""
    wide = max(len(s.name) for s in SETTINGS)
    lines = []
    for s in SETTINGS:
        lines += [f"  {s.name:<{wide}}  {s.meaning.replace('`', '')}", f"  {'':<{wide}}  Default: {s.default}"]
    return "\n".join(lines)


def _code(default: str) -> str:
    """A default as code, unless it is a remark in parentheses."""
    return default if default.startswith("(") else f"`{default}`"
