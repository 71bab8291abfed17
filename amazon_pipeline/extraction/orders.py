"""The orders stream: everything changed since the last complete window, through ``searchOrders``.

Windows overlap, and the next one starts from the ``lastUpdatedBefore`` that Amazon echoed, not from our clock. A window
that could not be read whole is gone on with, from its last landed page, within the life of Amazon's page token.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amazon_pipeline.errors import PageTokenExpired, PaginationLoop
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.landing import Batch, LandedPage
from amazon_pipeline.selling_partner.client import Resume
from amazon_pipeline.selling_partner.orders import search_orders

STREAM: Final = "orders"

OVERLAP: Final = timedelta(minutes=2)
"""How far a window reaches back into the one before, for orders that Amazon indexed late."""

DATA_DELAY: Final = timedelta(minutes=3)
"""Amazon wants windows to end at least two minutes ago (model orders_2026-01-01); one more for a clock that is off."""

FIRST_REACH: Final = timedelta(hours=49)
"""How far the first window reaches back: two times 24 hours for the metrics, and one to spare."""

CURSOR_LIFE: Final = timedelta(hours=23)
"""Amazon's page tokens live 24 hours; an older cursor is not tried."""

_LOOK_BACK: Final = timedelta(days=3)


def fetch_orders(
    extraction: Extraction, fetched: Fetched, *, marketplace_ids: Sequence[str], watermark: datetime | None
) -> None:
    """Finish the window that was left open, if any, then read the next one.

    ``watermark`` is the committed one; a newer complete batch on disk counts more, since its pages need no second call.
    """
    now = extraction.clock()
    batches = extraction.landing.batches(STREAM, since=(now - _LOOK_BACK).date())
    for batch in batches:
        if batch.manifest.status == "open":
            _finish(extraction, fetched, batch)
    known = [watermark] if watermark else []
    known += [end for batch in batches if (end := _window_end(batch))]
    start = max(known) - OVERLAP if known else now - FIRST_REACH
    end = extraction.clock() - DATA_DELAY
    if end > start:
        batch = extraction.landing.open_batch(
            STREAM,
            source=extraction.source,
            at=extraction.clock(),
            params={"marketplace_ids": list(marketplace_ids), "window_start": start, "window_end": end},
        )
        _read(extraction, fetched, batch, marketplace_ids, (start, end), resume=None)


def _window_end(batch: Batch) -> datetime | None:
    """What a complete batch's window reached, as Amazon echoed it."""
    found = batch.manifest.facts.get("window_end") if batch.manifest.status == "complete" else None
    return _instant(found)


def _finish(extraction: Extraction, fetched: Fetched, batch: Batch) -> None:
    """Go on with an open batch from its last landed page, if Amazon still takes its token; else close it."""
    last = batch.last_page()
    params = batch.manifest.params
    if last is None:
        batch.close("abandoned", at=extraction.clock(), facts={"why": "cut off before its first page"})
    elif last.next_token is None:
        _complete(extraction, batch)
    elif extraction.clock() - last.received_at > CURSOR_LIFE:
        batch.close("partial", at=extraction.clock(), facts={"why": "its page token expired"})
    else:
        start, end = _instant(params["window_start"]), _instant(params["window_end"])
        if start is None or end is None:
            batch.close("partial", at=extraction.clock(), facts={"why": "its manifest names no window"})
            return
        resume = Resume(last.params, last.next_token, last.number + 1)
        _read(extraction, fetched, batch, params["marketplace_ids"], (start, end), resume=resume)


def _read(
    extraction: Extraction,
    fetched: Fetched,
    batch: Batch,
    marketplace_ids: Sequence[str],
    window: tuple[datetime, datetime],
    *,
    resume: Resume | None,
) -> None:
    try:
        fetched.land(
            batch,
            search_orders(
                extraction.client,
                marketplace_ids=marketplace_ids,
                last_updated_after=window[0],
                last_updated_before=window[1],
                resume=resume,
            ),
        )
    except (PageTokenExpired, PaginationLoop) as error:
        # its rows are good; the window is read again from where the last complete one ended
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        if resume is not None and isinstance(error, PageTokenExpired):
            return
        raise
    _complete(extraction, batch)


def _complete(extraction: Extraction, batch: Batch) -> None:
    pages = list(batch.pages())
    batch.close(
        "complete",
        at=extraction.clock(),
        facts={
            "window_start": batch.manifest.params.get("window_start"),
            "window_end": min(_echo(page, batch) for page in pages),
            "orders": sum(len(page.body.get("orders") or []) for page in pages),
        },
    )


def _echo(page: LandedPage, batch: Batch) -> datetime:
    """Up to when Amazon says this page knows: the ``lastUpdatedBefore`` it echoes, or else the one we asked for."""
    found = _instant(page.body.get("lastUpdatedBefore")) or _instant(batch.manifest.params.get("window_end"))
    return found or page.received_at - DATA_DELAY


def _instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
