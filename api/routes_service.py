"""``/health`` and ``/ready``, for whatever watches over the process."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.responses import JSONResponse, Response

from api.documented import service_answers
from api.errors import NothingPublished
from api.models import Health, Ready
from api.snapshot import SnapshotStore

_NO_STORE = {"Cache-Control": "no-store"}


def add_routes(app: FastAPI, store: SnapshotStore) -> None:
    """Put the addresses on the application."""

    @app.get("/health", summary="The process lives", operation_id="health", responses=service_answers(Health))
    async def health() -> Response:
        return JSONResponse({"status": "ok"}, headers=_NO_STORE)

    @app.get(
        "/ready",
        summary="A published database is open",
        operation_id="ready",
        responses=service_answers(Ready, "nothing is published yet, or it cannot be read at the moment"),
    )
    async def ready() -> Response:
        if await store.current() is None:
            raise NothingPublished
        return JSONResponse({"status": "ready"}, headers=_NO_STORE)
