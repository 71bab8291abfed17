"""The wrong answers, in the words of those who give them: Amazon's API, its gateway, Login with Amazon, and S3."""

from __future__ import annotations

import json

from starlette.responses import Response

from amazon_pipeline.simulator.faults import DOWNLOAD, LOGIN, Fault
from amazon_pipeline.simulator.refusals import Refusal, denied, invalid_input, quota_exceeded
from amazon_pipeline.simulator.routes_documents import denied_by_store

REASONS = {
    200: "OK", 429: "Too Many Requests", 500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout",
}  # fmt: skip
CODES = {500: "InternalFailure", 502: "ServiceUnavailable", 503: "ServiceUnavailable", 504: "GatewayTimeout"}
LOGIN_ERRORS = {
    "invalid_grant": (400, "The request has an invalid grant parameter : refresh_token."),
    "invalid_client": (401, "Client authentication failed"),
    "unauthorized_client": (400, "Not authorized for requested operation"),
}


def wrong_answer(fault: Fault, operation: str, token_parameter: str) -> Response:
    """What is answered in place of the account's own answer."""
    name = fault.kind.name
    if name in LOGIN_ERRORS:
        status, text = LOGIN_ERRORS[name]
        return _json(status, {"error": name, "error_description": text})
    if name == "expired-link":
        return denied_by_store("Request has expired")
    if name in ("html-200", "empty-200"):
        return _html(200) if name == "html-200" else Response(b"", 200, media_type="application/json")
    refusal = _refusal(fault, token_parameter)
    if refusal is not None:
        return _json(refusal.status, refusal.body)
    number, _, form = name.partition("-")
    return _failure(int(number), form, operation, fault)


def _refusal(fault: Fault, token_parameter: str) -> Refusal | None:
    """Answers of the API itself; None if it is not one of them."""
    match fault.kind.name:
        case "400":
            return invalid_input(fault.word("parameter", "marketplaceIds"), "is not valid (simulated fault)")
        case "401":
            return Refusal(401, "Unauthorized", "Access to requested resource is denied.")
        case "role-403":
            return denied()
        case "no-fba":
            return Refusal(400, "InvalidInput", "The seller is not registered for Fulfillment by Amazon.")
        case "expired-page-token":
            return invalid_input(token_parameter, "has expired")
    return None


def _failure(status: int, form: str, operation: str, fault: Fault) -> Response:
    """A failure by its number; ``form`` is how its body looks."""
    if form == "html":
        return _html(status)
    if form == "empty":
        return Response(b"", status)
    if form == "message":
        return _json(status, {"message": REASONS[status]})
    if operation == DOWNLOAD:
        text = f"<Error><Code>{REASONS[status].replace(' ', '')}</Code><Message>Please try again.</Message></Error>"
        answer = Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', status, media_type="application/xml")
    elif operation == LOGIN:
        answer = _json(status, {"error": "server_error", "error_description": REASONS[status]})
    elif status == 429:
        answer = _json(429, quota_exceeded().body)
    else:
        text = "We encountered an internal error. Please try again."
        answer = _json(status, Refusal(status, CODES[status], text).body)
    if form == "retry-after":
        answer.headers["retry-after"] = f"{fault.number('seconds', 30):.0f}"
    return answer


def _json(status: int, body: object) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


def _html(status: int) -> Response:
    return Response(
        f"<html><head><title>{status} {REASONS[status]}</title></head>"
        f"<body><center><h1>{status} {REASONS[status]}</h1></center></body></html>",
        status,
        media_type="text/html",
    )
