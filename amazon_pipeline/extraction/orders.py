"""The orders stream: everything changed since the last complete window, through ``searchOrders``.

Windows overlap, and the next one starts from the ``lastUpdatedBefore`` that Amazon echoed, not from our clock. Fresh
changes come first; a window that could not be read whole is then gone on with, from its last landed page, within the
life of Amazon's page token. While there is such a backlog, fresh changes are read once an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from amazon_pipeline.errors import (
    LandingCorrupt,
    PageTokenExpired,
    PaginationLoop,
    RequestRejected,
    SellingPartnerError,
)
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.extraction.windows import Window, contiguous_end
from amazon_pipeline.landing import Batch, LandedPage, Manifest
from amazon_pipeline.selling_partner.client import Resume
from amazon_pipeline.selling_partner.orders import get_order, search_orders

STREAM: Final = "orders"

OVERLAP: Final = timedelta(minutes=2)
"""How far a window reaches back into the one before, for orders that Amazon indexed late."""

OVERLAP_ORDERS: Final = 10
SHORTEST_OVERLAP: Final = timedelta(seconds=15)
"""Where orders change so fast that the overlap would read more than these anew, it is shorter: a tenth of a page at the
most, since a page costs three minutes of quota. An order that is missed there comes with its next change."""

DATA_DELAY: Final = timedelta(minutes=3)
"""Amazon wants windows to end at least two minutes ago (model orders_2026-01-01); one more for a clock that is off."""

FRESH_DURING_BACKLOG: Final = timedelta(hours=1)
"""While an older window is open, fresh changes are read this often and not at each sync: every window ends with a page
that is not full, and those pages would keep the older window waiting for days."""

FIRST_REACH: Final = timedelta(hours=49)
"""How far the first window reaches back: two times 24 hours for the metrics, and one to spare."""

CURSOR_LIFE: Final = timedelta(hours=23)
"""Amazon's page tokens live 24 hours; an older cursor is not tried."""

_NOT_FOUND: Final = 404
_LOOK_BACK: Final = timedelta(days=3)


def fetch_orders(
    extraction: Extraction,
    fetched: Fetched,
    *,
    marketplace_ids: Sequence[str],
    watermark: datetime | None,
    lost: Sequence[Window] = (),
) -> None:
    """Read the next window, then go on with those that were left open, oldest first, and read lost ones again.

    ``watermark`` is up to when the warehouse knows; complete batches on disk count beyond it, since their pages need no
    second call. ``lost`` are windows whose landed pages are damaged.
    """
    now = extraction.clock()
    batches = extraction.landing.batches(STREAM, since=(now - _LOOK_BACK).date())
    open_batches = [batch for batch in batches if batch.manifest.status == "open" and _can_go_on(extraction, batch)]
    known = contiguous_end(watermark, (window for batch in batches if (window := complete_window(batch.manifest))))
    # while an older window is open, the next one starts where the newest ends; the watermark waits for the older one
    reached = [known, *(_instant(batch.manifest.params.get("window_end")) for batch in open_batches)]
    start = max((moment for moment in reached if moment), default=None)
    end = now - DATA_DELAY
    window = Window(start - _overlap(batches) if start else now - FIRST_REACH, end, is_first=start is None)
    shortest = FRESH_DURING_BACKLOG if open_batches else timedelta(0)
    if window.end - window.start > shortest:
        _begin(extraction, fetched, marketplace_ids, window)
    for batch in open_batches:
        _go_on(extraction, fetched, batch)
    under_way = {_instant(batch.manifest.params.get("window_start")) for batch in open_batches}
    for window in lost:
        if window.start not in under_way:
            _begin(extraction, fetched, marketplace_ids, window)


def _begin(extraction: Extraction, fetched: Fetched, marketplace_ids: Sequence[str], window: Window) -> None:
    params = {"marketplace_ids": list(marketplace_ids), "window_start": window.start, "window_end": window.end}
    batch = extraction.landing.open_batch(
        STREAM, source=extraction.source, at=extraction.clock(), params={**params, "is_first": window.is_first}
    )
    _read(extraction, fetched, batch, marketplace_ids, window, resume=None)


def ask_again(extraction: Extraction, fetched: Fetched, order_ids: Sequence[str]) -> list[str]:
    """Land single orders anew with ``getOrder``: those that came in a form we could not take.

    Returns the ids Amazon has answered about, an order it no longer knows among them.
    """
    answered: list[str] = []
    if not order_ids:
        return answered
    batch = extraction.landing.open_batch(
        STREAM, source=extraction.source, at=extraction.clock(), params={"asked_again": list(order_ids)}
    )
    try:
        for order_id in order_ids:
            try:
                page = get_order(extraction.client, order_id)
            except RequestRejected as error:
                if error.status != _NOT_FOUND:
                    raise
            else:
                fetched.land(batch, [page], extra_params={})
            answered.append(order_id)
    except SellingPartnerError as error:
        fetched.note = f"Quarantined orders could not all be asked for again: {error}"
    batch.close("complete", at=extraction.clock(), facts={"answered": answered})
    return answered


def complete_window(manifest: Manifest) -> Window | None:
    """The window a complete batch has read, up to the end that Amazon echoed."""
    start, end = _instant(manifest.params.get("window_start")), _instant(manifest.facts.get("window_end"))
    if manifest.status != "complete" or start is None or end is None:
        return None
    return Window(start, end, is_first=bool(manifest.params.get("is_first")))


def _overlap(batches: Sequence[Batch]) -> timedelta:
    """By how fast orders changed in the newest window that was read whole."""
    for batch in reversed(batches):
        window = complete_window(batch.manifest)
        orders = int(batch.manifest.facts.get("orders") or 0)
        if window is not None and orders:
            per_order = (window.end - window.start) / orders
            return min(OVERLAP, max(SHORTEST_OVERLAP, per_order * OVERLAP_ORDERS))
    return OVERLAP


def _can_go_on(extraction: Extraction, batch: Batch) -> bool:
    """Whether Amazon will still take the batch's page token; if not, or if nothing is left to read, close it."""
    try:
        last = batch.last_page()
    except LandingCorrupt as error:
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        return False
    if "window_start" not in batch.manifest.params:
        batch.close("partial", at=extraction.clock(), facts={"why": "its sync was killed"})
    elif last is None:
        batch.close("abandoned", at=extraction.clock(), facts={"why": "cut off before its first page"})
    elif last.next_token is None:
        _complete(extraction, batch)
    elif extraction.clock() - last.received_at > CURSOR_LIFE:
        batch.close("partial", at=extraction.clock(), facts={"why": "its page token expired"})
    else:
        return True
    return False


def _go_on(extraction: Extraction, fetched: Fetched, batch: Batch) -> None:
    last = batch.last_page()
    params = batch.manifest.params
    start, end = _instant(params["window_start"]), _instant(params["window_end"])
    if last is not None and last.next_token is not None and start is not None and end is not None:
        resume = Resume(last.params, last.next_token, last.number + 1)
        _read(extraction, fetched, batch, params["marketplace_ids"], Window(start, end), resume=resume)


def _read(
    extraction: Extraction,
    fetched: Fetched,
    batch: Batch,
    marketplace_ids: Sequence[str],
    window: Window,
    *,
    resume: Resume | None,
) -> None:
    try:
        fetched.land(
            batch,
            search_orders(
                extraction.client,
                marketplace_ids=marketplace_ids,
                last_updated_after=window.start,
                last_updated_before=window.end,
                resume=resume,
            ),
        )
    except (PageTokenExpired, PaginationLoop) as error:
        # its rows are good; the window is read again from where the last complete one ended
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        if resume is not None and isinstance(error, PageTokenExpired):
            fetched.note = f"An older window is read again at the next sync: {error}"
            return
        raise
    _complete(extraction, batch)


def _complete(extraction: Extraction, batch: Batch) -> None:
    try:
        pages = list(batch.pages())
    except LandingCorrupt as error:
        # its good pages count; the window is read again from where the last complete one ended
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        raise
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
