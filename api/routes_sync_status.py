"""``GET /api/v1/dashboard/sync-status``: how the last fetch of each stream went."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import FastAPI, Query, Request
from starlette.responses import Response

from api.answers import Answers, Reading, Resource
from api.documented import answers_with
from api.exact_json import Json, Raw
from api.models_lists import SyncStatusData
from api.parameters import Parameters
from api.queries import json_object, utc

_ROW: Final = json_object(
    sellerId="seller_id",
    stream="stream",
    lastSuccessAt=utc("last_success_at"),
    watermark=utc("watermark"),
    rowsChanged="rows_changed",
    rowsQuarantined="rows_quarantined",
    apiCalls="api_calls",
    throttledCalls="throttled_calls",
    quotaWaitSeconds="round(quota_wait_seconds, 3)",
    backlog="backlog",
    status="status",
    message="message",
)


class SyncStatusParameters(Parameters):
    """None; any parameter is refused."""


def add_routes(app: FastAPI, answers: Answers) -> None:
    """Put the address on the application."""

    @app.get(
        "/api/v1/dashboard/sync-status",
        summary="How the last fetch of each stream went",
        operation_id="syncStatus",
        responses=answers_with(SyncStatusData),
    )
    async def sync_status(request: Request, parameters: Annotated[SyncStatusParameters, Query()]) -> Response:
        return await answers.answer(request, SYNC_STATUS, parameters)


def _make(reading: Reading, _parameters: SyncStatusParameters) -> dict[str, Json]:
    streams: list[Json] = []
    if reading.database is not None:
        sql = f"SELECT {_ROW} FROM mart.sync_status ORDER BY stream, seller_id"
        streams = [Raw(text) for (text,) in reading.database.rows(sql)]
    return {"streams": streams}


SYNC_STATUS = Resource("sync-status", ("publication",), _make)
