"""What /openapi.json says about the data addresses: their answers, the live events, and how to give the key."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.models import ErrorBody, SetupRequired, Success

DESCRIPTION: Final = """\
An Amazon seller's orders, FBA stock and inbound shipments, as of the newest published file.

Data comes as `{"success": true, "data": …}`, a failure, also at an address that is not in this document, as \
`{"success": false, "error", "message", "retryable"}`. HEAD is answered like GET, without the body. \
While the credentials are missing, data addresses answer 200 with `setupRequired`. Money is a JSON number, exact to \
the currency's minor unit; times are ISO 8601 in UTC. `null` means that Amazon has not said: it is never 0."""

_REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": ErrorBody, "description": "this host name is not served"},
    401: {"model": ErrorBody, "description": "the key is missing or wrong"},
    413: {"model": ErrorBody, "description": "the request has a body that is too large"},
    429: {
        "model": ErrorBody,
        "description": "too many wrong keys came from this address",
        "headers": {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer", "minimum": 1}}},
    },
    500: {"model": ErrorBody, "description": "something is wrong here; the log of the server has it"},
}


def answers_with(data: type[BaseModel], *, paged: bool = False) -> dict[int | str, dict[str, Any]]:
    """The documented responses of a data address whose ``data`` is this model."""
    envelope = Success[data]  # type: ignore[valid-type]  # a model made at run time, for the documentation
    responses: dict[int | str, dict[str, Any]] = {
        200: {
            "model": envelope | SetupRequired,
            "description": "the data; or, while the credentials are missing, what to set",
            "headers": {"ETag": {"description": "for If-None-Match", "schema": {"type": "string"}}},
        },
        304: {"description": "not modified since the answer with the ETag given in If-None-Match"},
        422: {"model": ErrorBody, "description": "a parameter is unknown or has a bad value; the message names it"},
        503: {"model": ErrorBody, "description": "the published file cannot be read at the moment"},
    }
    if paged:
        responses[409] = {"model": ErrorBody, "description": "a newer file was published: start without a cursor"}
    return _REFUSALS | responses


def service_answers(good: type[BaseModel], failure: str | None = None) -> dict[int | str, dict[str, Any]]:
    """The documented responses of /health and /ready."""
    refusals = _REFUSALS
    if failure is not None:
        refusals |= {503: {"model": ErrorBody, "description": failure}}
    return {200: {"model": good, "description": str(good.__doc__)}} | refusals


def metrics_answer() -> dict[int | str, dict[str, Any]]:
    """The documented responses of /metrics."""
    content = {"text/plain": {"schema": {"type": "string"}}}
    return {200: {"description": "Prometheus's text format, version 0.0.4", "content": content}} | _REFUSALS


_EVENTS_TEXT: Final = """\
Server-sent events, without end; each has an increasing `id`, and a client that reconnects with `Last-Event-ID` gets \
what it missed. The `data` is JSON:

- `amazon-sync-started`: `{timestamp, runId}`
- `amazon-sync-completed`: `{inventory {totalSKUs, totalQuantity, lowStockItems}, orders {totalOrders, totalRevenue, \
unshippedOrders}, timestamp, runId}`
- `amazon-low-stock-alert`: `{count, items [{sku, productName, marketplaceId, fulfillableQuantity, inboundQuantity, \
status}], timestamp}`; at most the five most critical items
- `amazon-sync-error`: `{error, streams, timestamp, runId}`"""
_EVENTS: Final[dict[str, Any]] = {
    "get": {
        "summary": "Live events of the syncs",
        "operationId": "events",
        "description": _EVENTS_TEXT,
        "parameters": [
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "schema": {"type": "integer", "minimum": 0},
                "description": "id of the last event seen; without it only new events come",
            },
            {
                "name": "lastEventId",
                "in": "query",
                "required": False,
                "schema": {"type": "integer", "minimum": 0},
                "description": "the same, for clients that cannot set a header",
            },
        ],
        "responses": {
            "200": {
                "description": "the stream",
                "content": {
                    "text/event-stream": {
                        "schema": {"type": "string"},
                        "example": "id: 7\nevent: amazon-sync-started\n"
                        'data: {"timestamp":"2026-11-22T12:00:00Z","runId":"5b1c"}\n\n',
                    }
                },
            },
            **{
                str(status): {
                    "description": description,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
                }
                for status, description in (
                    *((status, refusal["description"]) for status, refusal in _REFUSALS.items()),
                    (422, "a parameter is unknown or has a bad value"),
                    (503, "the event log cannot be read at the moment"),
                )
            },
        },
    }
}

_THIS_DOCUMENT: Final[dict[str, Any]] = {
    "get": {
        "summary": "This document",
        "operationId": "openapi",
        "responses": {
            "200": {
                "description": "OpenAPI 3.1",
                "content": {"application/json": {"schema": {"type": "object", "required": ["openapi", "paths"]}}},
            }
        },
    }
}


def _as_query(parameter: dict[str, Any]) -> None:
    """Say of a query parameter what is true of it: it may be empty, which is as if it were not there; never null."""
    schema = parameter["schema"]
    if schema.get("type") != "array":
        parameter["allowEmptyValue"] = True
    kinds = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
    if kinds:
        (kind,) = kinds
        schema |= kind
    parameter.setdefault("description", schema.get("description", ""))


def openapi(app: FastAPI, *, key_needed: bool) -> dict[str, Any]:
    """The document: FastAPI's for the path operations, the event stream, and the key where one is needed."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, openapi_version="3.1.0"
    )
    for path in document["paths"].values():
        for parameter in path["get"].get("parameters", ()):
            _as_query(parameter)
    document["paths"]["/api/sse"] = _EVENTS
    document["paths"]["/openapi.json"] = _THIS_DOCUMENT
    if key_needed:
        schemes = {
            "key": {"type": "http", "scheme": "bearer"},
            "session": {"type": "apiKey", "in": "cookie", "name": "amazon_pipeline_session"},
        }
        document["components"]["securitySchemes"] = schemes
        document["security"] = [{"key": []}, {"session": []}]
        document["paths"]["/health"]["get"]["security"] = []
    return document
