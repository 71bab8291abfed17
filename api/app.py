"""``create_app``: the application from its settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from amazon_pipeline.events import EventLog
from amazon_pipeline.settings import Settings
from api import (
    documented,
    errors,
    routes_alerts,
    routes_channel_sales,
    routes_executive,
    routes_inventory,
    routes_login,
    routes_metrics,
    routes_orders,
    routes_pages,
    routes_restock,
    routes_sales,
    routes_service,
    routes_shipments,
    routes_stock_history,
    routes_sync_status,
)
from api.access_log import AccessLog
from api.answers import Answers
from api.auth import Guard
from api.gate import Gate
from api.metrics import RequestMetrics, StateMetrics
from api.proxies import BehindProxies
from api.snapshot import SnapshotStore
from api.sse import Hub
from api.watch import Watch

_HERE: Final = Path(__file__).parent
_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")
_EVENTS: Final = "/api/sse"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class DashboardApi(FastAPI):
    """FastAPI behind our gate. ``hub`` is the event stream, which the server closes before it stops."""

    def __init__(self, *, hub: Hub, gated: Callable[[ASGIApp], ASGIApp], key_needed: bool, **options: Any) -> None:
        super().__init__(**options)
        self.hub = hub
        self._gated = gated
        self._key_needed = key_needed

    def build_middleware_stack(self) -> ASGIApp:
        """FastAPI's own stack, inside the gate."""
        return self._gated(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = documented.openapi(self, key_needed=self._key_needed)
        return self.openapi_schema


def create_app(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = _utc_now,
    hub: Hub | None = None,
    access_log: AccessLog | None = None,
    worker: str = "",
    static_dir: Path = _HERE / "static",
    docs_dir: Path = _HERE.parent / "docs",
) -> DashboardApi:
    """The application. Opens nothing until the first request; one per process and data directory.

    ``clock`` says what time it is (aware, UTC). ``hub`` is for tests that want other intervals. ``access_log`` gets a
    line for each request. ``worker`` is this process's name among several, in /metrics.
    """
    log = EventLog(settings.state)
    store = SnapshotStore(settings.published_path)
    answers = Answers(settings, store, log, clock)
    guard = Guard(settings.api_key, clock) if settings.api_key else None
    stream = hub or Hub(log)
    metrics = RequestMetrics(worker=worker)
    registry = CollectorRegistry()
    registry.register(metrics)
    registry.register(StateMetrics(answers, stream, store, clock, worker=worker))

    def gated(inside: ASGIApp) -> ASGIApp:
        gate = Gate(
            inside,
            answers=answers,
            guard=guard,
            allowed_hosts=(*_LOOPBACK_NAMES, *settings.allowed_hosts),
            streams={_EVENTS: stream},
        )
        watched = Watch(
            _cross_origin(gate, settings.cors_origins),
            routes={_EVENTS, *(getattr(route, "path", "") for route in app.routes)},
            streams={_EVENTS},
            metrics=metrics,
            access_log=access_log,
        )
        return BehindProxies(watched, settings.trusted_proxies) if settings.trusted_proxies else watched

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        stream.start()
        yield
        await stream.close()
        store.close()
        if access_log is not None:
            access_log.flush()

    app = DashboardApi(
        hub=stream,
        gated=gated,
        key_needed=guard is not None,
        title="Amazon Pipeline",
        version=version("amazon-pipeline"),
        description=documented.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    errors.install(app)
    for module in (
        routes_executive,
        routes_inventory,
        routes_restock,
        routes_stock_history,
        routes_orders,
        routes_shipments,
        routes_sales,
        routes_channel_sales,
        routes_alerts,
        routes_sync_status,
    ):
        module.add_routes(app, answers)
    routes_service.add_routes(app, store)
    routes_metrics.add_routes(app, registry, store)
    routes_login.add_routes(app, guard)
    routes_pages.add_routes(app, static_dir, docs_dir)
    return app


def _cross_origin(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Let pages of these origins read; a cookie is never sent across sites, so they need the key itself."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET"],
        allow_headers=["Authorization", "If-None-Match", "Last-Event-ID"],
        expose_headers=["ETag"],
    )
