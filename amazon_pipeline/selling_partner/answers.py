"""Strict reading of what Amazon answered: the documented success, or one typed error of ``errors.py``.

The library under this client looks at no HTTP status and takes an HTML page for an empty success, so every answer is
judged here before the library sees it. No message carries a token or a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn

from amazon_pipeline.errors import (
    AccessDenied,
    LoginRefused,
    MalformedAnswer,
    PageTokenExpired,
    RequestRejected,
    ServiceFailure,
    Throttled,
)
from amazon_pipeline.selling_partner.operations import Operation

TOKEN_OPERATION: Final = "LWA token"  # noqa: S105  # the name errors give to a call of the token endpoint

_SECRETS = re.compile(r"(Atz[ar]\||amzn1\.(oa2-cs|application-oa2-client)\.)\S*")
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_|%~.-]{40,}")
_LWA_REMEDIES: Final = {
    "invalid_grant": "the refresh token is revoked, expired or mistyped: authorise the application again in Seller "
    "Central and put the new token into AMAZON_REFRESH_TOKEN",
    "invalid_client": "the client id or secret is wrong, or the secret was rotated: check AMAZON_LWA_APP_ID and put "
    "the current secret into AMAZON_LWA_CLIENT_SECRET",
    "unauthorized_client": "the refresh token belongs to another application than AMAZON_LWA_APP_ID: use the "
    "token and the client id of one and the same application",
    "invalid_scope": "the scope asked for is not granted to this application: check its roles in the developer console",
    "invalid_request": "a credential is incomplete: check AMAZON_REFRESH_TOKEN, AMAZON_LWA_APP_ID and "
    "AMAZON_LWA_CLIENT_SECRET for missing characters",
}


class AccessTokenExpired(AccessDenied):
    """Amazon calls the access token expired or unknown: worth one refresh and one more call, then an AccessDenied."""


@dataclass(frozen=True)
class Received:
    """One HTTP answer, read to its end. Header names are lower case; ``page_token`` is the one the request sent."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    page_token: str | None = None

    @property
    def request_id(self) -> str | None:
        """Amazon's id of the call, which its support asks for."""
        return self.headers.get("x-amzn-requestid")

    @property
    def announced_rate(self) -> float | None:
        """``x-amzn-RateLimit-Limit`` in requests per second, when present and a number."""
        try:
            return float(self.headers["x-amzn-ratelimit-limit"])
        except (KeyError, ValueError):
            return None

    @property
    def answered_at(self) -> datetime | None:
        """The ``Date`` header: Amazon's clock when it answered, to the second."""
        try:
            moment = parsedate_to_datetime(self.headers["date"])
        except (KeyError, TypeError, ValueError):
            return None
        return moment if moment.tzinfo else None

    def retry_after(self, now: datetime) -> float | None:
        """``Retry-After`` in seconds from ``now``, from either of its two forms; None when absent or unreadable."""
        value = self.headers.get("retry-after", "").strip()
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
        except (TypeError, ValueError):
            return None


def read_answer(operation: Operation, received: Received, now: datetime) -> dict[str, Any]:
    """The documented success of ``operation`` (fractional numbers as Decimal), or the typed error for what came."""
    if received.status == operation.success:
        return _success(operation, received)
    _raise_unless_client_error(operation.name, received, now)
    objection = _objection(received)
    if received.status in (401, 403):
        _raise_denied(operation, received, objection)
    if received.status == 400 and received.page_token and ("token" in objection.lower() or _silent(received)):
        # Amazon says "Next token is invalid or expired" or, at times, nothing at all (models#4946, models#2467)
        raise PageTokenExpired(
            f"Amazon no longer accepts the page token; read the window again from its first page ({objection})",
            operation=operation.name,
            status=400,
            request_id=received.request_id,
        )
    raise RequestRejected(
        f"Amazon objects to the request: {objection}",
        operation=operation.name,
        status=received.status,
        request_id=received.request_id,
    )


def read_login(received: Received, now: datetime) -> dict[str, Any]:
    """The token endpoint's answer, with a usable ``access_token``. Raises LoginRefused, or a TransientError.

    Error codes: https://datatracker.ietf.org/doc/html/rfc6749#section-5.2. Amazon's description is not quoted, because
    it may repeat a credential.
    """
    body = _parsed(received.content)
    if received.status == 200:
        token = body.get("access_token") if isinstance(body, dict) else None
        if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
            _raise_malformed(TOKEN_OPERATION, received, "without a usable access token")
        assert isinstance(body, dict)  # noqa: S101  # told by the check above
        return body
    _raise_unless_client_error(TOKEN_OPERATION, received, now)
    code = body.get("error") if isinstance(body, dict) else None
    if not isinstance(code, str) or not re.fullmatch(r"\w{1,40}", code):
        _raise_malformed(
            TOKEN_OPERATION, received, "that Login with Amazon would not give; check AMAZON_LWA_ENDPOINT if it is set"
        )
    remedy = _LWA_REMEDIES.get(code, "check the credentials, and AMAZON_LWA_ENDPOINT if it is set")
    raise LoginRefused(
        f"Login with Amazon refused the credentials ({code}): {remedy}",
        code=code,
        status=received.status,
        request_id=received.request_id,
    )


def member(body: Mapping[str, Any], path: Sequence[str]) -> Any:
    """What stands at ``path`` in nested objects; None where a step is missing or not an object."""
    value: Any = body
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _success(operation: Operation, received: Received) -> dict[str, Any]:
    body = _parsed(received.content)
    if not isinstance(body, dict):
        _raise_malformed(operation.name, received, "that is not a JSON object")
    if body.get("errors"):
        _raise_malformed(operation.name, received, f"that reports errors: {_objection(received)}")
    rows = member(body, operation.rows)
    documented = ".".join(operation.rows)
    if operation.rows_are_many:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            _raise_malformed(operation.name, received, f"without the list {documented!r}")
    elif not isinstance(rows, dict):
        _raise_malformed(operation.name, received, f"without the object {documented!r}")
    elif missing := [name for name in operation.row_key if not (isinstance(rows.get(name), str) and rows[name])]:
        _raise_malformed(operation.name, received, f"without {' and '.join(missing)}")
    token = member(body, operation.token_path) if operation.token_path else None
    if token is not None and not isinstance(token, str):
        _raise_malformed(operation.name, received, "whose page token is not text")
    return body


def _raise_unless_client_error(name: str, received: Received, now: datetime) -> None:
    """Raise for every status but a 4xx that is the caller's fault."""
    status, request_id = received.status, received.request_id
    if status == 429:
        retry_after = received.retry_after(now)
        raise Throttled("Amazon's quota is used up", operation=name, retry_after=retry_after, request_id=request_id)
    if status >= 500 or status in (408, 425):
        message = "Amazon's service failed; nothing is wrong on this side"
        raise ServiceFailure(message, operation=name, status=status, request_id=request_id)
    if status < 400:
        what = "a redirect" if 300 <= status < 400 else "a success status that is not documented"
        message = f"Amazon answered with {what}; check that AMAZON_SP_API_ENDPOINT and AMAZON_LWA_ENDPOINT are right"
        raise MalformedAnswer(message, operation=name, status=status, request_id=request_id)


def _raise_denied(operation: Operation, received: Received, objection: str) -> NoReturn:
    said = objection.lower()
    if received.status == 401 or ("token" in said and ("expired" in said or "revoked" in said or "invalid" in said)):
        raise AccessTokenExpired(
            f"Amazon rejects the access token even when it is new; check the application's authorisation ({objection})",
            operation=operation.name,
            status=received.status,
            request_id=received.request_id,
        )
    role = f'the role "{operation.role}"' if operation.role else "a role (any one will do)"
    raise AccessDenied(
        f"Amazon denies access: give the application {role} and authorise it again; if it has it, check that "
        f"AMAZON_REGION and the marketplace are the seller's and that the authorisation is not over ({objection})",
        operation=operation.name,
        status=received.status,
        request_id=received.request_id,
    )


def _raise_malformed(name: str, received: Received, what: str) -> NoReturn:
    raise MalformedAnswer(
        f"Amazon sent an answer {what}", operation=name, status=received.status, request_id=received.request_id
    )


def _parsed(content: bytes) -> Any:
    """The JSON document, or None when it is none. Fractions become Decimal, never float."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _errors(received: Received) -> list[dict[str, Any]]:
    body = _parsed(received.content)
    errors = body.get("errors") if isinstance(body, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _silent(received: Received) -> bool:
    """Whether Amazon gave a code and not a word more."""
    errors = _errors(received)
    return bool(errors) and not any(error.get("message") or error.get("details") for error in errors)


def _objection(received: Received) -> str:
    """Amazon's own words, short and without anything that could be a credential, a page token or a URL's query."""
    errors = _errors(received)
    if not errors:
        return "no readable reason given"
    words = "; ".join(
        " ".join(str(error[field]) for field in ("code", "message", "details") if error.get(field)) for error in errors
    )
    if received.page_token:
        words = words.replace(received.page_token, "[redacted]")
    return quoted(words)


def quoted(words: str) -> str:
    """Words of Amazon's that may be shown: one short line, without anything that could be a credential or a link."""
    words = _OPAQUE.sub("[redacted]", _SECRETS.sub("[redacted]", words))
    words = " ".join(words.split())
    return words if len(words) <= 300 else words[:299] + "…"
