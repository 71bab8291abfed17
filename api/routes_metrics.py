"""``GET /metrics``, for Prometheus."""

from __future__ import annotations

from contextlib import suppress

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.responses import Response

from api.documented import metrics_answer
from api.errors import PublishedFileUnreadable
from api.snapshot import SnapshotStore


def add_routes(app: FastAPI, registry: CollectorRegistry, store: SnapshotStore) -> None:
    """Put the address on the application."""

    @app.get(
        "/metrics",
        summary="Figures of this process, for Prometheus",
        operation_id="metrics",
        response_class=Response,
        responses=metrics_answer(),
    )
    async def scrape() -> Response:
        with suppress(PublishedFileUnreadable):  # one of the figures says so
            await store.current()
        return Response(
            generate_latest(registry),
            media_type=CONTENT_TYPE_PLAIN_0_0_4,
            headers={"Cache-Control": "no-store"},
        )
