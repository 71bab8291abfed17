"""The application under test: in this process over ASGI, or over real HTTP; time stands where a test puts it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from amazon_pipeline.settings import Settings
from api.app import DashboardApi
from api.http_protocol import BoundedProtocol
from api.server import Server, listen
from tests.api.published_account import NOW, SELLER

CREDENTIALS = {
    "AMAZON_REFRESH_TOKEN": "Atzr|secret-refresh",
    "AMAZON_LWA_APP_ID": "amzn1.application-oa2-client.secret-id",
    "AMAZON_LWA_CLIENT_SECRET": "secret-of-the-client",
    "AMAZON_SELLER_ID": SELLER,
}
DATA_PATHS = (
    "/api/v1/dashboard/executive",
    "/api/v1/dashboard/amazon-inventory",
    "/api/v1/dashboard/amazon-orders",
    "/api/v1/dashboard/amazon-shipments",
    "/api/v1/dashboard/amazon-sales",
    "/api/v1/dashboard/alerts",
    "/api/v1/dashboard/sync-status",
    "/api/v1/dashboard/amazon-restock",
    "/api/v1/dashboard/amazon-inventory/daily",
    "/api/v1/dashboard/amazon-inventory/history",
    "/api/v1/dashboard/sales",
)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def settings_for(data_dir: Path, **variables: str) -> Settings:
    """Complete settings, whatever the environment says; a variable set to nothing is missing."""
    given = {**CREDENTIALS, "AMAZON_DATA_DIR": str(data_dir), **variables}
    return Settings.model_validate({name: value for name, value in given.items() if value != ""})


class Client:
    """An application in this process, asked over ASGI; its event loop runs only while it is asked."""

    def __init__(self, app: DashboardApi, address: str = "127.0.0.1") -> None:
        self.app = app
        self._runner = asyncio.Runner()
        self._lifespan = app.router.lifespan_context(app)
        self._runner.run(self._lifespan.__aenter__())
        self.address = address
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(self._serve), base_url="http://localhost")

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app({**scope, "client": (self.address, 50_000)}, receive, send)

    @property
    def cookies(self) -> httpx.Cookies:
        """What a browser would keep."""
        return self._http.cookies

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request and its whole answer."""
        return self._runner.run(self._http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def together(self, *paths: str) -> list[httpx.Response]:
        """Several GETs at the same time."""

        async def ask() -> list[httpx.Response]:
            return list(await asyncio.gather(*(self._http.get(path) for path in paths)))

        return self._runner.run(ask())

    def close(self) -> None:
        """End the application's life."""
        self._runner.run(self._http.aclose())
        self._runner.run(self._lifespan.__aexit__(None, None, None))
        self._runner.close()


@dataclass
class Running:
    """A server on a free port of this machine."""

    url: str
    server: Server
    thread: threading.Thread = field(repr=False)

    def stop(self) -> None:
        """Stop as on SIGTERM, and wait for the end."""
        self.server.should_exit = True
        self.thread.join(10)
        assert not self.thread.is_alive(), "the server did not stop"


@contextmanager
def serving(app: DashboardApi, *, protocol: type[BoundedProtocol] = BoundedProtocol) -> Iterator[Running]:
    """Serve the application over real HTTP for the length of the block."""
    listener = listen("127.0.0.1", 0)
    server = Server(app, protocol=protocol)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    running = Running(f"http://127.0.0.1:{listener.getsockname()[1]}", server, thread)
    try:
        yield running
    finally:
        running.stop()


def body_of(client: Client, path: str, **parameters: Any) -> Any:
    """``data`` of a good answer, with its numbers as exact decimals."""
    response = client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    body = json.loads(response.text, parse_float=Decimal)
    assert body["success"] is True
    return body["data"]
