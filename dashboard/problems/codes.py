"""Everything that an answer can refuse, by its code: programs may rely on the codes, so this list only grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One way in which a request is refused.

    Parameters
    ----------
    name : str
        Stable: other programs branch on it.
    status : int
        The one HTTP status that it comes with.
    title : str
        The same for every problem of the code (RFC 9457).
    meaning : str
        What happened.
    advice : str
        What to do.
    retry_after : int, optional
        Seconds after which the same request may be answered; None: not by waiting.
    """

    name: str
    status: int
    title: str
    meaning: str
    advice: str
    retry_after: int | None = None

    @property
    def type(self) -> str:
        """The URI that names the code in ``type``."""
        return f"urn:itemwise:problem:{self.name}"


_ACCESS = (
    Code("token_missing", 401, "No access token", "The call carries no access token.", "Send Authorization: Bearer."),
    Code("token_expired", 401, "Access token ended", "The access token has ended.", "Get a new one from the portal."),
    Code(
        "token_invalid",
        401,
        "Access token refused",
        "The access token is forged, malformed, signed with an unknown key or meant for another service.",
        "Get a new one; if that is refused too, compare the keys of portal and server.",
    ),
    Code(
        "grant_invalid",
        401,
        "Grant not understood",
        "The access token is signed well, but what it grants cannot be understood, so that it grants nothing.",
        "Mend what the portal signs.",
    ),
    Code(
        "not_permitted",
        403,
        "Not permitted",
        "The caller is known and may not do this, or nobody may from where the request comes.",
        "Ask whoever runs the portal or the server.",
    ),
    Code(
        "foreign_host",
        403,
        "Foreign host name",
        "The request came under a name that this server does not answer to.",
        "Call it by the name that it is known under.",
    ),
    Code(
        "cross_site",
        403,
        "Sent by another site",
        "A page of another site sent the request.",
        "Call from a program, or from the dashboard itself.",
    ),
    Code(
        "rate_limited",
        429,
        "Too many requests",
        "The caller has asked more often than is allowed.",
        "Wait for as long as Retry-After says.",
        retry_after=60,
    ),
)

_REQUEST = (
    Code(
        "bad_request",
        400,
        "The request has faults",
        "Parameters or the body are not as described; errors lists every fault.",
        "Mend what errors names.",
    ),
    Code(
        "unusable_answers",
        400,
        "The answers cannot be used",
        "The answers, stored or sent, break the rules that they are read by.",
        "Mend what the sentence names.",
    ),
    Code("unknown_path", 404, "No such path", "There is nothing at this path.", "See the list of calls."),
    Code(
        "not_there",
        404,
        "Not there",
        "A subject, exam, class, item or student is not there, or not within what the caller may see.",
        "Look at GET /catalogue.",
    ),
    Code("method_not_allowed", 405, "Method not allowed", "The path has no such method.", "Use one that Allow names."),
    Code(
        "not_acceptable",
        406,
        "No such format",
        "Accept names only formats that the call does not answer in.",
        "Accept application/json, or text/csv for lists.",
    ),
    Code(
        "list_changed",
        409,
        "The list changed",
        "The answers changed since the first page of this list, so that its pages would not belong together.",
        "Begin again at the first page.",
    ),
    Code("too_large", 413, "Too large", "The request holds more than is taken at once.", "Send it in parts."),
    Code(
        "unsupported_media_type",
        415,
        "Not JSON",
        "The body is not application/json.",
        "Send JSON with Content-Type: application/json.",
    ),
    Code(
        "too_few_answers",
        422,
        "Too few answers",
        "The selection is there, but has too few answers for what was asked.",
        "Ask for more answers: another exam, a larger share, several exams.",
    ),
    Code(
        "no_model",
        422,
        "No model can be fitted",
        "The answers allow no model: for example, nothing puts the exams on one scale.",
        "Ask for another selection or model.",
    ),
    Code(
        "confirmation",
        422,
        "Reading needs leave",
        "Reading a warehouse would cost more than goes without asking; bytes and cost say how much.",
        "Repeat the call with allow_bytes, if the caller may spend.",
    ),
    Code(
        "internal",
        500,
        "Internal error",
        "Something went wrong on the server, which wrote down where.",
        "Tell whoever runs it the request_id.",
    ),
)

#: The codes of what a source of answers fails for are its reasons (``SourceError.facts["reason"]``).
_SOURCE = (
    Code(
        "computing",
        503,
        "Still computing",
        "The computation takes longer than a request may wait. It goes on, and what it finds is kept.",
        "Repeat the call after Retry-After seconds.",
        retry_after=10,
    ),
    Code(
        "unavailable",
        503,
        "Answers out of reach",
        "The place where the answers are cannot be reached or read.",
        "Repeat the call after Retry-After seconds; if that fails too, look at the server.",
        retry_after=30,
    ),
    Code(
        "changed",
        503,
        "Answers changed",
        "The answers changed again and again while they were read.",
        "Repeat the call when the import has ended.",
        retry_after=30,
    ),
    Code(
        "quota",
        503,
        "Warehouse busy",
        "The warehouse takes no more requests just now.",
        "Repeat the call later.",
        retry_after=30,
    ),
    Code(
        "conflict",
        503,
        "Changed at the same time",
        "Somebody else changed the same tables at the same time.",
        "Repeat the call.",
        retry_after=30,
    ),
    Code("timeout", 503, "Query too slow", "A query took longer than it may.", "Ask for less.", retry_after=30),
    Code(
        "cancelled",
        503,
        "Query stopped",
        "Somebody stopped the query.",
        "Repeat the call, if it is still wanted.",
        retry_after=30,
    ),
    Code(
        "access",
        503,
        "Warehouse refuses the server",
        "The server's account may not read the table.",
        "Give it the role that the sentence names.",
    ),
    Code(
        "credentials",
        503,
        "No credentials",
        "The server has no credentials that the warehouse takes.",
        "Set them up on the server.",
    ),
    Code(
        "byte_limit",
        503,
        "Too much to read",
        "A query would read more than ever goes.",
        "Ask for less, or raise the limit on the server.",
    ),
    Code(
        "day_budget",
        503,
        "Budget used up",
        "What may be read today has been read.",
        "Ask tomorrow, or raise the budget on the server.",
    ),
    Code("not_found", 503, "Table not there", "The table of the settings is not there.", "Mend the settings."),
    Code(
        "table",
        503,
        "Table not as agreed",
        "The table's columns are not those of the responses table.",
        "Mend the table, or the setting that maps its columns.",
    ),
    Code("query", 503, "Query refused", "The warehouse refused a query.", "Tell whoever runs the server."),
)

#: Every code, by its name.
CODES: dict[str, Code] = {code.name: code for code in (*_ACCESS, *_REQUEST, *_SOURCE)}
#: Codes that are reasons of a source.
SOURCE_CODES = frozenset(code.name for code in _SOURCE)


def with_status(status: int) -> tuple[Code, ...]:
    """The codes that come with a status."""
    return tuple(code for code in CODES.values() if code.status == status)
