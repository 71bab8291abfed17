"""The HTTP side of the simulated stores: who may ask, what it costs, and what goes wrong when it is to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from graphql import DocumentNode, GraphQLError, graphql_sync, parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from amazon_pipeline.simulator.catalog import Catalog
from amazon_pipeline.simulator.clock import Clock
from amazon_pipeline.simulator.shopify.answers import Asked, root, store_schema
from amazon_pipeline.simulator.shopify.bulk import BulkOperations
from amazon_pipeline.simulator.shopify.cost import MOST_OF_A_QUERY, Points, requested
from amazon_pipeline.simulator.shopify.world import PREFIX, STORES, StoreAccount, StoreWorld

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
_HTML = "<!DOCTYPE html><html><head><title>Something went wrong</title></head><body>Please try again.</body></html>"
_STATUSES = {
    "401": (401, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}),
    "402": (402, {"errors": "Unavailable Shop"}),
    "403": (403, {"errors": "[API] This action requires merchant approval for read_orders scope."}),
    "404": (404, {"errors": "Not Found"}),
    "423": (423, {"errors": "Unavailable Shop"}),
    "429": (429, {"errors": "Exceeded 2 calls per second for api client."}),
    "500": (500, {"errors": "Internal Server Error"}),
}
FAULTS = (
    *_STATUSES, "503-html", "html", "truncated", "throttled", "errors-beside-data", "null-data", "stuck-cursor",
    "bulk-failed", "bulk-expired", "bulk-truncated",
)  # fmt: skip
"""What can go wrong, by name."""


@dataclass
class Store:
    """One simulated store behind its address."""

    world: StoreWorld
    clock: Clock
    asked: list[str] = field(default_factory=list)
    """The operations asked for, oldest first."""
    personal: list[str] = field(default_factory=list)
    """What of a person was ever asked for."""
    _faults: list[list[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.points = Points(*self.world.account.bucket)
        self.bulk = BulkOperations(self.world, self.take_fault)

    def add_fault(self, kind: str, times: int | None = 1) -> None:
        """Let the next ``times`` answers (None: all until cleared) go wrong."""
        if kind not in FAULTS:
            raise ValueError(f"{kind} is no fault of a store; there are {', '.join(FAULTS)}")
        self._faults.append([kind, times])

    def clear_faults(self) -> None:
        """All is well again."""
        self._faults.clear()

    def take_fault(self, *kinds: str) -> str | None:
        """The next fault of one of these kinds, used up by one."""
        for fault in self._faults:
            if fault[0] in kinds and fault[1] != 0:
                if fault[1] is not None:
                    fault[1] -= 1
                return str(fault[0])
        return None


class Stores:
    """The application that answers for all stores, each under ``/shopify/<key>``."""

    def __init__(self, clock: Clock, seed: int, catalog: Catalog, accounts: Sequence[StoreAccount] = STORES) -> None:
        today: date = clock().date()
        self.by_key = {one.key: Store(StoreWorld(one, seed, catalog, today), clock) for one in accounts}
        self.app = Starlette(
            routes=[
                Route(f"{PREFIX}/{{key}}/admin/api/{{version}}/graphql.json", self._graphql, methods=["POST"]),
                Route(f"{PREFIX}/{{key}}/bulk/{{number:int}}.jsonl", self._file, methods=["GET"]),
            ]
        )

    async def _graphql(self, request: Request) -> Response:
        store = self.by_key.get(request.path_params["key"])
        if store is None:
            return JSONResponse({"errors": "Not Found"}, 404)
        response = self._answer(store, request, await request.body())
        version = request.path_params["version"]
        response.headers["X-Shopify-API-Version"] = version if version in VERSIONS else VERSIONS[0]
        response.headers["X-Request-Id"] = str(uuid.uuid4())
        return response

    def _answer(self, store: Store, request: Request, body: bytes) -> Response:
        fault = store.take_fault(*_STATUSES, "503-html", "html")
        if fault in _STATUSES:
            return JSONResponse(_STATUSES[fault][1], _STATUSES[fault][0], {"Retry-After": "2.0"})
        if fault is not None:
            return Response(_HTML, 503 if fault == "503-html" else 200, media_type="text/html")
        if request.headers.get("x-shopify-access-token") != store.world.account.token:
            return JSONResponse(_STATUSES["401"][1], 401)
        try:
            asked = json.loads(body)
            document = parse(asked["query"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"errors": {"query": "Required parameter missing or invalid"}}, 400)
        except GraphQLError as error:
            return JSONResponse({"errors": [error.formatted]})
        store.bulk.base_url = f"{str(request.base_url).rstrip('/')}{PREFIX}/{store.world.account.key}"
        return _executed(store, document, asked)

    async def _file(self, request: Request) -> Response:
        store = self.by_key.get(request.path_params["key"])
        found = store.bulk.file(request.path_params["number"]) if store else None
        if found is None:
            return Response(status_code=404)
        whole, sent = found
        return Response(whole[:sent], media_type="application/jsonl")


def _executed(store: Store, document: DocumentNode, asked: dict[str, Any]) -> Response:
    now, variables = store.clock(), asked.get("variables") or {}
    cost = requested(document, variables)
    extensions: dict[str, Any] = {"cost": {"requestedQueryCost": cost, "actualQueryCost": None}}
    if cost > MOST_OF_A_QUERY:
        message = f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST_OF_A_QUERY})."
        too_costly = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": MOST_OF_A_QUERY}
        return JSONResponse({"errors": [{"message": message, "extensions": too_costly}]})
    if store.take_fault("throttled") or not store.points.take(cost, now):
        extensions["cost"]["throttleStatus"] = store.points.status
        throttled = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return JSONResponse({"errors": [throttled], "extensions": extensions})
    fault = store.take_fault("truncated", "errors-beside-data", "null-data", "stuck-cursor")
    context = Asked(store.world, now, is_stuck=fault == "stuck-cursor", bulk=store.bulk)
    result = graphql_sync(
        store_schema(),
        asked["query"],
        root(context),
        variable_values=variables,
        operation_name=asked.get("operationName"),
    )
    store.asked += [one.name.value for one in document.definitions if getattr(one, "operation", None) and one.name]  # type: ignore[attr-defined]
    store.personal += context.personal
    used = min(cost, _objects(result.data))
    store.points.give_back(cost - used)
    extensions["cost"] |= {"actualQueryCost": used, "throttleStatus": store.points.status}
    body = {**result.formatted, "extensions": extensions}
    if fault == "errors-beside-data":
        body["errors"] = [{"message": "Internal error. Looks like something went wrong on our end."}]
    if fault == "null-data":
        body["data"] = None
    text = json.dumps(body)
    return Response(text[: len(text) // 2] if fault == "truncated" else text, media_type="application/json")


def _objects(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_objects(one) for one in value.values())
    return sum(_objects(one) for one in value) if isinstance(value, list) else 0
