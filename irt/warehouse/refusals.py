"""What the client of BigQuery raises -> SourceError: a reason, whether trying again may help, and what to do.

The service's own messages may quote values of the table and are never passed on; permissions, numbers of bytes and
kinds of things are read out of them.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from irt.errors import SourceError
from irt.sources.spending import over_limit

_log = logging.getLogger(__name__)

#: Reasons of the service that mean that it is not there just now.
_PASSING = frozenset({"backendError", "internalError", "badGateway", "jobBackendError", "jobInternalError"})
_RATE = frozenset({"rateLimitExceeded", "jobRateLimitExceeded"})
#: A permission of IAM, which is a word of the service and holds no value.
_PERMISSION = re.compile(r"\bbigquery\.[a-zA-Z]+\.[a-zA-Z]+\b")


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of the service: the question's name, the table it is about, who pays, where, with which cap."""

    name: str
    table: str
    project: str
    location: str | None = None
    endpoint: str | None = None
    max_bytes: int | None = None
    sql: str = ""

    @property
    def dataset(self) -> str:
        """The dataset of the table."""
        return self.table.rpartition(".")[0]


def refusal(error: Exception, asked: Asked) -> SourceError | None:
    """The refusal that stands for an error; None for one that comes neither from the service nor from the network."""
    cause = _cause(error)
    found = _by_kind(cause, asked) or _by_answer(cause, asked)
    if found is not None:
        # The kind of error only: its message may quote values. Louder where it is ours to mend.
        level = logging.ERROR if found.facts["reason"] == "query" else logging.INFO
        _log.log(level, "BigQuery, %s: %s (%s).", asked.name, found.facts["reason"], type(cause).__name__)
    return found


def _cause(error: Exception) -> Exception:
    """What lies behind errors that only say that trying was given up."""
    while type(error).__name__ == "RetryError" and isinstance(getattr(error, "cause", None), Exception):
        error = error.cause  # type: ignore[attr-defined]
    return error


def _by_kind(error: Exception, asked: Asked) -> SourceError | None:
    """Errors of the network, of logging in, and answers that are none."""
    kinds = {kind.__module__.split(".")[0] + "." + kind.__name__ for kind in type(error).__mro__}
    if kinds & {"google.TransportError", "requests.ConnectionError", "requests.ChunkedEncodingError"}:
        return _unreachable(asked)
    if "google.GoogleAuthError" in kinds or "google.Unauthorized" in kinds:
        return _credentials(asked)
    if isinstance(error, TimeoutError) or kinds & {"requests.Timeout", "concurrent.TimeoutError"}:
        return _timeout(asked)
    if isinstance(error, ValueError | KeyError | TypeError | AttributeError) and "google.GoogleAPIError" not in kinds:
        return SourceError(
            f"{_service(asked)} gave an answer that cannot be understood. Try again; if it stays so, check "
            "ITEMWISE_BIGQUERY_ENDPOINT.",
            reason="unavailable",
            again=True,
        )
    if "google.RetryError" in kinds or "requests.RequestException" in kinds or isinstance(error, OSError):
        return _unreachable(asked)
    return None


def _by_answer(error: Exception, asked: Asked) -> SourceError | None:
    """Errors that the service itself has answered with."""
    code = getattr(error, "code", None)
    if code is None:
        return None
    told = getattr(error, "errors", None) or [{}]
    reason = str(told[0].get("reason", "")) if isinstance(told[0], dict) else ""
    message = str(getattr(error, "message", ""))
    by_reason: dict[str, Callable[[], SourceError]] = {
        "bytesBilledLimitExceeded": lambda: over_limit(asked.max_bytes or 0, _need(message)),
        "accessDenied": lambda: _access(asked, message),
        "billingNotEnabled": lambda: _billing(asked),
        "authError": lambda: _credentials(asked),
        "required": lambda: _credentials(asked),
        "quotaExceeded": lambda: _quota(asked),
        "notFound": lambda: _not_found(asked, message),
        "responseTooLarge": _too_large,
        "resourcesExceeded": _too_large,
        "stopped": lambda: _timeout(asked) if "timed out" in message.lower() else _cancelled(),
        "timeout": lambda: _timeout(asked),
        **dict.fromkeys(_RATE, _busy),
        **dict.fromkeys(_PASSING, lambda: _unavailable(asked)),
    }
    if reason in by_reason:
        return by_reason[reason]()
    return _by_code(int(code), asked, message)


def _by_code(code: int, asked: Asked, message: str) -> SourceError:
    """What the number of an answer says where it gives no reason of its own."""
    if code == 401:
        return _credentials(asked)
    if code == 403:
        return _access(asked, message)
    if code == 404:
        return _not_found(asked, message)
    if code == 429:
        return _busy()
    if code in (408, 504):
        return _timeout(asked)
    if code >= 500:
        return _unavailable(asked)
    if "limit for bytes billed" in message:
        return over_limit(asked.max_bytes or 0, _need(message))
    if "concurrent update" in message:
        return _conflict()
    if "without a filter over column" in message:
        return _partition(asked)
    return _query(asked)


def _service(asked: Asked) -> str:
    """The service in words."""
    return f"BigQuery at {asked.endpoint}" if asked.endpoint else "BigQuery"


def _credentials(asked: Asked) -> SourceError:
    where = "It takes no requests without them. " if (asked.endpoint or "").startswith("http://") else ""
    return SourceError(
        f"{_service(asked)} does not accept the credentials of this machine. {where}"
        "Log in with: gcloud auth application-default login; or name the key file of a service account in "
        "GOOGLE_APPLICATION_CREDENTIALS. Then start Itemwise again.",
        reason="credentials",
        again=False,
    )


def _access(asked: Asked, message: str) -> SourceError:
    """Which permission is missing, and where."""
    found = _PERMISSION.search(message)
    permission = found[0] if found else ("bigquery.tables.get" if asked.name == "table" else "bigquery.tables.getData")
    if permission.startswith("bigquery.jobs."):
        where, role = f"project {asked.project}", "roles/bigquery.jobUser"
    else:
        where, role = f"dataset {asked.dataset}", "roles/bigquery.dataViewer"
    also = "" if found else f" and bigquery.jobs.create on project {asked.project}"
    return SourceError(
        f"BigQuery refuses access: the account of this machine needs the permission {permission} on {where}{also} "
        f"(it is part of {role}). Ask the owner of the project to grant it.",
        reason="access",
        again=False,
        permission=permission,
        project=asked.project,
        dataset=asked.dataset,
    )


def _billing(asked: Asked) -> SourceError:
    return SourceError(
        f"Project {asked.project} has no billing account, so BigQuery does not run this. Link one to the project, or "
        "name a project that has one in ITEMWISE_BIGQUERY_PROJECT.",
        reason="access",
        again=False,
        project=asked.project,
    )


def _quota(asked: Asked) -> SourceError:
    return SourceError(
        f"The quota of project {asked.project} for reading BigQuery is used up. It is renewed every day; its owner can "
        "raise it in the Google Cloud console (IAM & Admin, Quotas). Answers that were read before can still be seen.",
        reason="quota",
        again=False,
        project=asked.project,
    )


def _busy() -> SourceError:
    return SourceError(
        "BigQuery takes no more requests from this project just now. Try again in a minute.", reason="quota", again=True
    )


def _too_large() -> SourceError:
    return SourceError(
        "This is more than BigQuery computes or returns at once. Choose less: one exam, or a sample of the students.",
        reason="quota",
        again=False,
    )


def _not_found(asked: Asked, message: str) -> SourceError:
    """What is not there: the project, the dataset or the table; or it lies elsewhere."""
    found = re.search(r"Not found: (Project|Dataset|Table|Job)\b", message)
    what = (found[1] if found else "Table").lower()
    name = {"project": asked.project, "dataset": asked.dataset, "job": "of the query"}.get(what, asked.table)
    elsewhere = (
        f"ITEMWISE_BIGQUERY_LOCATION is {asked.location}: is that where it is stored?"
        if asked.location
        else "If it is stored in another region, name that in ITEMWISE_BIGQUERY_LOCATION."
    )
    return SourceError(
        f"BigQuery has no {what} {name}. Check the name in ITEMWISE_SOURCE (PROJECT.DATASET.TABLE). {elsewhere}",
        reason="not_found",
        again=what == "job",
        what=what,
        name=name,
    )


def _timeout(asked: Asked) -> SourceError:
    query = "; the query was told to stop. Try again, or choose less: one exam, or a sample of the students."
    return SourceError(
        f"{_service(asked)} did not answer in time{query if asked.sql else '. Try again in a minute.'}",
        reason="timeout",
        again=True,
    )


def _cancelled() -> SourceError:
    return SourceError("The query was stopped on request. Nothing was changed.", reason="cancelled", again=True)


def _partition(asked: Asked) -> SourceError:
    return SourceError(
        f"The table {asked.table} may only be read with a filter on the column that it is partitioned by, and Itemwise "
        "reads whole exams. Switch its require_partition_filter off; clustering by exam_name makes reading cheap too.",
        reason="table",
        again=False,
        table=asked.table,
    )


def _conflict() -> SourceError:
    return SourceError(
        "Somebody else was writing to the same tables at this moment. Nothing was changed; try again.",
        reason="conflict",
        again=True,
    )


def _unreachable(asked: Asked) -> SourceError:
    return SourceError(
        f"{_service(asked)} cannot be reached. Check the network"
        f"{' and ITEMWISE_BIGQUERY_ENDPOINT' if asked.endpoint else ''}, then try again.",
        reason="unavailable",
        again=True,
    )


def _unavailable(asked: Asked) -> SourceError:
    return SourceError(
        f"{_service(asked)} is out of order just now. Try again in a minute.", reason="unavailable", again=True
    )


def _query(asked: Asked) -> SourceError:
    """A query that the service does not understand is ours to mend."""
    mark = hashlib.sha256(asked.sql.encode()).hexdigest()[:8]
    return SourceError(
        f"BigQuery did not understand a query of Itemwise ({asked.name}, {mark}). That is a fault of Itemwise or of a "
        f"view behind {asked.table}; please report it with this name.",
        reason="query",
        again=False,
        question=asked.name,
        mark=mark,
    )


def _need(message: str) -> int | None:
    """How many bytes a query would have needed, where the service says so."""
    found: Any = re.search(r"(\d+) or higher required", message)
    return int(found[1]) if found else None
