"""The HTTP application: who may ask, how often, and what every answer carries."""

from __future__ import annotations

import html
import uuid
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from amazon_pipeline.simulator import (
    account,
    routes_inbound,
    routes_inventory,
    routes_orders,
    routes_sales,
    routes_sellers,
)
from amazon_pipeline.simulator.buckets import Bucket
from amazon_pipeline.simulator.calls import TOKEN_CALL, UNKNOWN, Call, RecordCalls
from amazon_pipeline.simulator.operations import Ask, Operation, PageSizes, Seller
from amazon_pipeline.simulator.parameters import Query
from amazon_pipeline.simulator.refusals import Refusal, no_such_path, quota_exceeded
from amazon_pipeline.simulator.routes_login import LoginRefused, check_login, login_answer
from amazon_pipeline.simulator.tokens import AccessTokens, Notes
from amazon_pipeline.simulator.world import World

SERVER = "amazon-pipeline-simulator"
OPERATIONS: tuple[Operation, ...] = (
    *routes_orders.OPERATIONS,
    *routes_inventory.OPERATIONS,
    *routes_inbound.OPERATIONS,
    *routes_sellers.OPERATIONS,
    *routes_sales.OPERATIONS,
)
RATE_HEADER = "x-amzn-RateLimit-Limit"
RATE_HEADER_ON = (200, 400, 404)
"""The models list the header on these answers and not on 403, 429 and 5xx."""

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(world: World, calls: list[Call], *, quota_speed: float = 1.0, pages: PageSizes | None = None) -> ASGIApp:
    """The simulated SP-API and Login with Amazon over ``world``; every call is appended to ``calls``."""
    notes = Notes(world.seed)
    access = AccessTokens(notes)
    seller = Seller(world, notes, pages or PageSizes())
    routes = [
        Route("/", _front_page, methods=["GET"]),
        Route("/auth/o2/token", _login(world, access), methods=["POST"]),
        *(
            Route(one.path, _endpoint(one, seller, access, Bucket(one.rate, one.burst, quota_speed)), methods=["GET"])
            for one in OPERATIONS
        ),
    ]
    app: ASGIApp = Starlette(routes=routes, exception_handlers={HTTPException: _unknown_path})
    # Outermost last, and around all of Starlette, so that even its own 500 is recorded and signed.
    for middleware in (
        Middleware(RecordCalls, calls=calls, clock=world.clock, name_of=_operation_name),
        Middleware(SignAnswers),
    ):
        app = middleware.cls(app, *middleware.args, **middleware.kwargs)
    return app


def _endpoint(operation: Operation, seller: Seller, access: AccessTokens, bucket: Bucket) -> Endpoint:
    async def answer(request: Request) -> Response:
        now = seller.world.clock()
        status, body = 200, {}
        try:
            access.check(request.headers.get("x-amz-access-token"), now)
            if not bucket.take(now):
                raise quota_exceeded()
            query = Query(request.query_params.multi_items(), operation.parameters)
            body = operation.answer(Ask(seller, query, request.path_params, now))
        except Refusal as refusal:
            status, body = refusal.status, refusal.body
        response = JSONResponse(body, status)
        if status in RATE_HEADER_ON:
            response.headers[RATE_HEADER] = bucket.header
        return response

    answer.__name__ = operation.name
    return answer


def _login(world: World, access: AccessTokens) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            check_login(request.headers.get("content-type", ""), await request.body())
        except LoginRefused as refusal:
            return JSONResponse(refusal.body, refusal.status)
        return JSONResponse(login_answer(access.issue(world.clock())), headers={"cache-control": "no-store"})

    answer.__name__ = TOKEN_CALL
    return answer


async def _front_page(request: Request) -> Response:
    base = str(request.base_url).rstrip("/")
    settings = "\n".join(f'{name}="{value}"' for name, value in account.environment(base).items())
    return HTMLResponse(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Simulated Amazon seller</title>"
        "<h1>A simulated Amazon seller</h1>"
        f"<p>{html.escape(account.STORE_NAME)} does not exist: its orders, stock and buyers are made up. "
        "This server answers like Login with Amazon and the Selling Partner API. To use it:</p>"
        f"<pre>{html.escape(settings)}</pre></html>"
    )


async def _unknown_path(_request: Request, error: Exception) -> Response:
    """Amazon's gateway answers 403 to a path it does not know, and to a method it does not offer."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    refusal = no_such_path()
    return JSONResponse(refusal.body, refusal.status)


def _operation_name(scope: Scope) -> str:
    return getattr(scope.get("endpoint"), "__name__", UNKNOWN)


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
