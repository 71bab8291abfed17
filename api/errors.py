"""What the API answers when it cannot do what was asked: one shape, the right status, nothing of our insides.

ApiError
├── InvalidParameter          422  names the parameter
├── Unauthorized              401  no key, or a wrong one
├── LockedOut                 429  too many wrong keys from this address
├── CrossSite                 403  a form sent from another site
├── HostRefused               400  a Host header we do not serve
├── BodyTooLarge              413
├── PageMissing               404  a page or file that is not part of this installation
├── MethodRefused             405  the event stream is only for reading
├── DataMovedOn               409  a cursor of an older published file
├── NothingPublished          503  /ready before the first publish
├── PublishedFileUnreadable   503  may be mended by the next sync
└── EventLogUnreadable        503  the same for the live events
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

_MOST_PROBLEMS: Final = 5


class ApiError(Exception):
    """Base: ``status`` is the HTTP status, ``error`` a short word for programs, ``message`` a sentence for people."""

    status: ClassVar[int] = 500
    error: ClassVar[str] = "internal-error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = dict(headers or {})


class InvalidParameter(ApiError):
    """A query parameter is unknown or has a bad value; the message names it."""

    status, error = 422, "invalid-parameter"

    def __init__(self, name: str, problem: str, *more: tuple[str, str]) -> None:
        problems = ((name, problem), *more)
        super().__init__(" ".join(f'Parameter "{name[:64]}": {problem}.' for name, problem in problems))


class Unauthorized(ApiError):
    """The key is missing or wrong."""

    status, error = 401, "unauthorized"

    def __init__(self) -> None:
        super().__init__(
            "This API needs its key: send it as Authorization: Bearer KEY, or log in at /login.",
            headers={"WWW-Authenticate": "Bearer"},
        )


class LockedOut(ApiError):
    """Too many wrong keys came from this address. ``seconds`` is how long it has to wait."""

    status, error, retryable = 429, "locked-out", True

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"Too many wrong keys from this address. Try again in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
        )


class CrossSite(ApiError):
    """A form was sent here by a page of another site."""

    status, error = 403, "cross-site"

    def __init__(self) -> None:
        super().__init__("This form has to be sent from its own page.")


class HostRefused(ApiError):
    """The Host header names a host that this server does not serve."""

    status, error = 400, "host-refused"

    def __init__(self) -> None:
        super().__init__("This host name is not served here. Add it to AMAZON_ALLOWED_HOSTS and restart.")


class BodyTooLarge(ApiError):
    """The request's body is longer than any this API takes."""

    status, error = 413, "body-too-large"

    def __init__(self) -> None:
        super().__init__("The request body is too large.")


class PageMissing(ApiError):
    """A page or file that this installation does not have."""

    status, error = 404, "not-found"


class MethodRefused(ApiError):
    """The event stream was asked for with another method than GET."""

    status, error = 405, "method-not-allowed"

    def __init__(self) -> None:
        super().__init__("This address does not take that method.", headers={"Allow": "GET, HEAD"})


class DataMovedOn(ApiError):
    """The cursor belongs to a published file that a newer one has replaced."""

    status, error, retryable = 409, "data-moved-on", True

    def __init__(self) -> None:
        super().__init__("The data has moved on since this cursor was given. Start again without a cursor.")


class NothingPublished(ApiError):
    """No sync has published anything yet."""

    status, error, retryable = 503, "nothing-published", True

    def __init__(self) -> None:
        super().__init__("Nothing has been published yet. The first sync will do it.")


class PublishedFileUnreadable(ApiError):
    """The published file is there and cannot be read."""

    status, error, retryable = 503, "data-unreadable", True

    def __init__(self) -> None:
        super().__init__("The published data cannot be read at the moment. The next sync publishes it anew.")


class EventLogUnreadable(ApiError):
    """The log of events cannot be read."""

    status, error, retryable = 503, "events-unreadable", True

    def __init__(self) -> None:
        super().__init__("The live events cannot be read at the moment. Try again shortly.")


def error_response(error: ApiError) -> JSONResponse:
    """The contract's body for an error, never to be stored by a cache."""
    return _response(error.status, error.error, error.message, retryable=error.retryable, headers=error.headers)


def internal_error_response() -> JSONResponse:
    """500 without a word about what broke; the log has it."""
    return _response(
        500, "internal-error", "Something went wrong on our side; the log has the details.", retryable=True
    )


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` in the contract's shape."""

    async def on_api_error(_request: Request, error: Exception) -> Response:
        if not isinstance(error, ApiError):  # Starlette's handler type is wider than what it is registered for
            raise error
        return error_response(error)

    async def on_invalid(_request: Request, error: Exception) -> Response:
        if not isinstance(error, RequestValidationError):
            raise error
        return error_response(_invalid(error.errors()))

    async def on_http_exception(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = _allowed(app, request)
        phrase = HTTPStatus(error.status_code).phrase
        message = {
            404: "There is nothing at this address. /openapi.json lists what there is.",
            405: "This address does not take that method.",
        }.get(error.status_code, f"{phrase}.")
        word = phrase.lower().replace(" ", "-")
        return _response(error.status_code, word, message, retryable=False, headers=headers)

    async def on_anything(_request: Request, _error: Exception) -> Response:
        return internal_error_response()

    app.add_exception_handler(Exception, on_anything)
    app.add_exception_handler(ApiError, on_api_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http_exception)


def _allowed(app: FastAPI, request: Request) -> str:
    """The methods that the request's address takes; a directory of files is only read."""
    scope = {"type": "http", "path": request.scope["path"], "method": "GET", "root_path": "", "headers": []}
    routes = [route for route in app.routes if route.matches(scope)[0] is not Match.NONE]
    methods = {method for route in routes for method in getattr(route, "methods", None) or ("GET",)}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


def _invalid(problems: Sequence[Any]) -> InvalidParameter:
    named = [_named_problem(problem) for problem in problems[:_MOST_PROBLEMS]]
    return InvalidParameter(*named[0], *named[1:])


def _named_problem(problem: Any) -> tuple[str, str]:
    name = next(str(part) for part in reversed(problem["loc"]) if isinstance(part, str))  # of a list also the place
    if problem["type"] == "extra_forbidden":
        return name, "is not a parameter of this address"
    text = str(problem["msg"]).removeprefix("Value error, ")
    return name, text[:1].lower() + text[1:]


def _response(
    status: int, error: str, message: str, *, retryable: bool, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    body = {"success": False, "error": error, "message": message, "retryable": retryable}
    return JSONResponse(body, status, {"Cache-Control": "no-store", **(headers or {})})
