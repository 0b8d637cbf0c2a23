"""A refusal of the guard: its code, its sentence, and how it is answered."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from dashboard.problems import CODES, problem
from irt.errors import AccessError

#: What a client that was refused is told of the way in (RFC 6750).
_CHALLENGE = 'Bearer realm="Itemwise"'


class Refused(AccessError):
    """Somebody who is not let in; ``code`` is one of :data:`dashboard.problems.CODES`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def of_token(self) -> bool:
        """Whether a token was sent and is not taken."""
        return CODES[self.code].status == HTTPStatus.UNAUTHORIZED and self.code != "token_missing"


def answer(refused: Refused, *, to_program: bool) -> Response:
    """The answer to a refused request: a problem for programs, else the sentence; never a redirect."""
    if to_program:
        response = problem(refused.code, refused.message)
    else:
        response = Response(f"{refused.message}\n", CODES[refused.code].status, mimetype="text/plain")
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        error = ', error="invalid_token"' if refused.of_token else ""
        response.headers["WWW-Authenticate"] = _CHALLENGE + error
    return response
