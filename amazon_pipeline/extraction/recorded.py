"""Outcomes as text, for a step that is tried again in another process."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from amazon_pipeline.errors import ShopifyTransient
from amazon_pipeline.extraction.stream import Fetched, Outcome
from amazon_pipeline.landing import Landing


def as_text(outcome: Outcome) -> str:
    """The outcome without its exception; batches by their place."""
    fetched = outcome.fetched
    return json.dumps(
        {
            "status": outcome.status,
            "may_pass": _may_pass(outcome.error),
            "message": outcome.message,
            "succeeded_at": outcome.succeeded_at.isoformat() if outcome.succeeded_at else None,
            "api_calls": outcome.api_calls,
            "throttled_calls": outcome.throttled_calls,
            "quota_wait_seconds": outcome.quota_wait_seconds,
            "duration_seconds": outcome.duration_seconds,
            "quota_left": dict(outcome.quota_left),
            "clock_ahead_seconds": outcome.clock_ahead_seconds,
            "fetched": {
                "pages": fetched.pages,
                "rows": fetched.rows,
                "bytes": fetched.bytes,
                "batches": [(batch.manifest.stream, one) for one, batch in fetched.batches.items()],
                "note": fetched.note,
                "is_available": fetched.is_available,
                "was_due": fetched.was_due,
            },
        }
    )


def _may_pass(error: Exception | None) -> dict[str, Any] | None:
    """What a store's passing failure can be raised again from."""
    if not isinstance(error, ShopifyTransient):
        return None
    return {
        "message": error.reason,
        "store": error.store,
        "operation": error.operation,
        "status": error.status,
        "request_id": error.request_id,
    }


def slow_failure(texts: Iterable[str], *, seconds: float) -> ShopifyTransient | None:
    """The passing failure, among recorded outcomes of a store, that took so many seconds or more."""
    for kept in map(json.loads, texts):
        if kept["may_pass"] and kept["duration_seconds"] >= seconds:
            return ShopifyTransient(**kept["may_pass"])
    return None


def from_text(stream: str, text: str, landing: Landing) -> Outcome:
    """The outcome back; its batches are read where they landed."""
    kept: dict[str, Any] = json.loads(text)
    fetched = kept.pop("fetched")
    kept.pop("may_pass")
    batches = {one: batch for where, one in fetched.pop("batches") if (batch := landing.batch(where, one))}
    succeeded = kept.pop("succeeded_at")
    return Outcome(
        stream=stream,
        succeeded_at=datetime.fromisoformat(succeeded) if succeeded else None,
        fetched=Fetched(**fetched, batches=batches),
        **kept,
    )
