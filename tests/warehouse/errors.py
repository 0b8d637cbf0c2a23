"""What the service answers when it refuses: status, reason and sentence, in its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: reason -> HTTP status and a sentence as the service words it.
REASONS: dict[str, tuple[int, str]] = {
    "invalid": (400, "Invalid value."),
    "invalidQuery": (400, "Syntax error: Unexpected end of statement."),
    "bytesBilledLimitExceeded": (400, "Query exceeded limit for bytes billed: 1000000. 10485760 or higher required."),
    "billingTierLimitExceeded": (400, "Query exceeded resource limits for tier 1. Tier 3 or higher required."),
    "resourcesExceeded": (400, "Resources exceeded during query execution: The query could not be executed in memory."),
    "tableUnavailable": (400, "Something went wrong with the table you queried. Contact the table owner."),
    "timeout": (400, "The job timed out."),
    "authError": (401, "Request had invalid authentication credentials. Expected OAuth 2 access token."),
    "accessDenied": (403, "Access Denied: User does not have bigquery.jobs.create permission in the project."),
    "quotaExceeded": (403, "Quota exceeded: Your project exceeded quota for query bytes scanned."),
    "rateLimitExceeded": (403, "Exceeded rate limits: too many api requests per user per method."),
    "billingNotEnabled": (403, "Billing has not been enabled for this project. Enable billing."),
    "responseTooLarge": (403, "Response too large to return."),
    "blocked": (403, "The operation was blocked."),
    "notFound": (404, "Not found: Table or dataset was not found in location US"),
    "duplicate": (409, "Already Exists"),
    "conditionNotMet": (412, "At least one of the pre-conditions you specified did not hold."),
    "tooManyRequests": (429, "Too many requests."),
    "stopped": (499, "Job execution was cancelled: User requested cancellation"),
    "internalError": (500, "An internal error occurred and the request could not be completed."),
    "notImplemented": (501, "Not implemented."),
    "badGateway": (502, "Bad gateway."),
    "backendError": (503, "Error encountered during execution. Retrying may solve the problem."),
    "gatewayTimeout": (504, "The service did not answer in time."),
}

#: The reason that goes with a status where none is named.
USUAL = {
    400: "invalid",
    401: "authError",
    403: "accessDenied",
    404: "notFound",
    409: "duplicate",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    499: "stopped",
    500: "internalError",
    501: "notImplemented",
    502: "badGateway",
    503: "backendError",
    504: "gatewayTimeout",
}

_STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass
class ApiError(Exception):
    """A refusal of the service."""

    reason: str
    message: str = ""
    status: int = 0

    def __post_init__(self) -> None:
        status, sentence = REASONS.get(self.reason, (400, "The request failed."))
        self.status = self.status or status
        self.message = self.message or sentence
        super().__init__(self.message)

    def proto(self, debug: bool = False) -> dict[str, str]:
        """The error as it stands in a job (``status.errorResult``)."""
        place = {"location": "query"} if self.reason in ("invalidQuery", "bytesBilledLimitExceeded") else {}
        return {"reason": self.reason, "message": self.message, **place}

    def body(self) -> dict[str, Any]:
        """The error as the body of an answer."""
        return {
            "error": {
                "code": self.status,
                "message": self.message,
                "errors": [{"domain": "global", **self.proto()}],
                "status": _STATUS_WORDS.get(self.status, "UNKNOWN"),
            }
        }


def refusal(status: int, reason: str | None = None, message: str = "") -> ApiError:
    """The error for a status, with its usual reason unless one is named."""
    return ApiError(reason or USUAL.get(status, "invalid"), message, status)


def beyond(what: str) -> ApiError:
    """What the real service can do and this double cannot: said aloud instead of answered wrongly."""
    return ApiError("invalidQuery", f"Not implemented by the test double: {what}.")
