"""The HTTP application: who may ask, how often, and what every answer carries."""

from __future__ import annotations

import html
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amazon_pipeline.simulator import (
    account,
    routes_documents,
    routes_inbound,
    routes_inventory,
    routes_orders,
    routes_reports,
    routes_sales,
    routes_sellers,
)
from amazon_pipeline.simulator.buckets import Bucket
from amazon_pipeline.simulator.calls import TOKEN_CALL, UNKNOWN, Call, RecordCalls
from amazon_pipeline.simulator.connections import Connections
from amazon_pipeline.simulator.faults import DOWNLOAD, Faults
from amazon_pipeline.simulator.faulty import IN_THE_ANSWER, Levers, SpoilAnswers
from amazon_pipeline.simulator.operations import RATE_HEADER, RATE_HEADER_ON, Ask, Operation, PageSizes, Seller
from amazon_pipeline.simulator.parameters import Query
from amazon_pipeline.simulator.refusals import Refusal, no_such_path, quota_exceeded
from amazon_pipeline.simulator.reports import DEFAULT_SECONDS, Reports
from amazon_pipeline.simulator.routes_documents import Documents
from amazon_pipeline.simulator.routes_login import LoginRefused, check_login, login_answer
from amazon_pipeline.simulator.shopify.app import Stores
from amazon_pipeline.simulator.shopify.world import PREFIX, store_environment
from amazon_pipeline.simulator.tokens import AccessTokens, Notes
from amazon_pipeline.simulator.world import World

SERVER = "amazon-pipeline-simulator"
OPERATIONS: tuple[Operation, ...] = (
    *routes_orders.OPERATIONS,
    *routes_inventory.OPERATIONS,
    *routes_inbound.OPERATIONS,
    *routes_sellers.OPERATIONS,
    *routes_sales.OPERATIONS,
    *routes_reports.OPERATIONS,
)

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Simulated:
    """The application, and what else can be pulled and read."""

    world: World
    quota_speed: float = 1.0
    pages: PageSizes = field(default_factory=PageSizes)
    report_seconds: float = DEFAULT_SECONDS
    calls: list[Call] = field(default_factory=list)
    """Every request so far, oldest first."""
    faults: Faults = field(default_factory=Faults)
    connections: Connections = field(default_factory=Connections)

    def __post_init__(self) -> None:
        notes = Notes(self.world.seed)
        access = AccessTokens(notes)
        seller = Seller(self.world, notes, self.pages, Reports(self.world.clock, self.report_seconds))
        buckets = {one.name: Bucket(one.rate, one.burst, self.quota_speed) for one in OPERATIONS}
        self.stores = Stores(self.world.clock, self.world.seed, self.world.catalog)
        self._levers = Levers(buckets, access, self.world.clock, self.connections)
        self.app = self._around(_routes(seller, access, buckets))

    def stop(self) -> None:
        """Let go of whatever hangs; to be called on the server's own loop."""
        self._levers.stop.set()

    def _around(self, routes: list[Route]) -> ASGIApp:
        """The routes, and around all of Starlette, so that even its own 500 is recorded and signed, the rest."""

        def name_of(scope: Scope) -> str:
            return next((one.name for one in routes if one.matches(scope)[0] is Match.FULL), UNKNOWN)

        app: ASGIApp = Starlette(routes=routes, exception_handlers={HTTPException: _unknown_path})
        app = SpoilAnswers(app, self.faults, name_of, self._levers)
        app = RecordCalls(app, self.calls, self.world.clock, name_of)
        return SignAnswers(_StoresBeside(app, self.stores.app))


def _routes(seller: Seller, access: AccessTokens, buckets: Mapping[str, Bucket]) -> list[Route]:
    front_page = Route("/", _front_page, methods=["GET"], name=UNKNOWN)
    login = Route("/auth/o2/token", _login(seller.world, access), methods=["POST"], name=TOKEN_CALL)
    documents = Route(routes_documents.PATH, Documents(seller).answer, methods=["GET"], name=DOWNLOAD)
    return [
        front_page,
        login,
        documents,
        *(
            Route(one.path, _endpoint(one, seller, access, buckets[one.name]), methods=[one.method], name=one.name)
            for one in OPERATIONS
        ),
    ]


def _endpoint(operation: Operation, seller: Seller, access: AccessTokens, bucket: Bucket) -> Endpoint:
    async def answer(request: Request) -> Response:
        now = seller.world.clock()
        sent = await request.body() if operation.method == "POST" else b""
        host = str(request.base_url).rstrip("/")
        fault = request.scope.get(IN_THE_ANSWER)
        status: int
        body: dict[str, Any]
        try:
            access.check(request.headers.get("x-amz-access-token"), now)
            if not bucket.take(now):
                raise quota_exceeded()
            query = Query(request.query_params.multi_items(), operation.parameters)
            body = operation.answer(Ask(seller, query, request.path_params, now, host, sent, fault))
            status = operation.success
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        response = JSONResponse(body, status)
        if status in RATE_HEADER_ON:
            response.headers[RATE_HEADER] = bucket.header
        return response

    return answer


def _login(world: World, access: AccessTokens) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            check_login(request.headers.get("content-type", ""), await request.body())
        except LoginRefused as refusal:
            return JSONResponse(refusal.body, refusal.status)
        return JSONResponse(login_answer(access.issue(world.clock())), headers={"cache-control": "no-store"})

    return answer


class _StoresBeside:
    """ASGI: what goes to a Shopify store, and all else to Amazon."""

    def __init__(self, amazon: ASGIApp, stores: ASGIApp) -> None:
        self._amazon = amazon
        self._stores = stores

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_for_a_store = str(scope.get("path", "")).startswith(f"{PREFIX}/")
        await (self._stores if is_for_a_store else self._amazon)(scope, receive, send)


async def _front_page(request: Request) -> Response:
    base = str(request.base_url).rstrip("/")
    settings = "\n".join(f'{name}="{value}"' for name, value in account.environment(base).items())
    stores = "".join(f"{name}='{value}'" for name, value in store_environment(base).items())
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Simulated Amazon seller</title>"
        "<h1>A simulated Amazon seller</h1>"
        f"<p>{html.escape(account.STORE_NAME)} does not exist: its orders, stock and buyers are made up. "
        "This server answers like Login with Amazon and the Selling Partner API. To use it:</p>"
        f"<pre>{html.escape(settings)}</pre>"
        "<p>Beside it are two simulated Shopify stores:</p>"
        f"<pre>{html.escape(stores)}</pre></html>"
    )


async def _unknown_path(_request: Request, error: Exception) -> Response:
    """Amazon's gateway answers 403 to a path it does not know, and to a method it does not offer."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    refusal = no_such_path()
    return JSONResponse(refusal.body, refusal.status)


class SignAnswers:
    """ASGI middleware: every answer has a request id, and says that it comes from the simulator."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sign(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["server"] = SERVER
                headers["x-amzn-RequestId"] = str(uuid.uuid4())
            await send(message)

        await self._app(scope, receive, sign)
