"""Windows that are read by cursor: fresh ones first, then those that were cut off, from their last landed page.

The same for orders (by ``updated_at``) and for what Shopify Payments booked. A window's end is our own clock less a
delay, for Shopify's search to catch up, and the next one starts before it, by an overlap. Only complete windows count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from amazon_pipeline.errors import LandingCorrupt, ShopifyPagesRepeat, ShopifyRejected
from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.extraction.stream import Fetched, manifest_instant
from amazon_pipeline.extraction.windows import Window, contiguous_end
from amazon_pipeline.landing import Batch, Manifest
from amazon_pipeline.shopify.client import Page
from amazon_pipeline.shopify.orders import Resume

CURSOR_LIFE: Final = timedelta(hours=23)
"""Shopify gives its cursors no end; the order of what they point into is only believed for a day."""

_LOOK_BACK: Final = timedelta(days=3)


@dataclass(frozen=True)
class Reading:
    """How one stream reads its windows: ``pages`` of a window, or from a cursor on."""

    stream: str
    pages: Callable[[Window, Resume | None], Iterator[Page]]
    overlap: timedelta
    delay: timedelta
    first_reach: timedelta


def read_windows(
    extraction: ShopifyExtraction,
    fetched: Fetched,
    reading: Reading,
    *,
    watermark: datetime | None,
    lost: Sequence[Window] = (),
) -> bool:
    """Read the next window, then go on with those that were left open, oldest first, and read ``lost`` ones again.

    ``watermark`` is up to when the warehouse knows; complete batches on disk count beyond it. Returns whether there was
    anything to ask for: a second sync within a minute has nothing.
    """
    now = extraction.clock()
    batches = extraction.landing.batches(reading.stream, since=(now - _LOOK_BACK).date())
    open_batches = [one for one in batches if one.manifest.status == "open" and _can_go_on(extraction, one)]
    complete = [window for one in batches if (window := complete_window(one.manifest))]
    known = contiguous_end(watermark, complete)
    # while an older window is open, the next one starts where the newest ends; the watermark waits for the older one
    reached = [known, *(manifest_instant(one.manifest.params.get("window_end")) for one in open_batches)]
    begin = max((moment for moment in reached if moment), default=None)
    end = (now - reading.delay).replace(microsecond=0)  # Shopify's search knows whole seconds
    window = Window(begin - reading.overlap if begin else end - reading.first_reach, end, is_first=begin is None)
    is_due = begin is None or begin < end
    if is_due:
        _begin(extraction, fetched, reading, window)
    for one in open_batches:
        _go_on(extraction, fetched, reading, one)
    under_way = {manifest_instant(one.manifest.params.get("window_start")) for one in open_batches}
    for missing in lost:
        if missing.start not in under_way:
            _begin(extraction, fetched, reading, missing)
    return is_due or bool(open_batches) or bool(lost)


def complete_window(manifest: Manifest) -> Window | None:
    """The window a complete batch has read."""
    start, end = (manifest_instant(manifest.params.get(name)) for name in ("window_start", "window_end"))
    if manifest.status != "complete" or start is None or end is None:
        return None
    return Window(start, end, is_first=bool(manifest.params.get("is_first")))


def _begin(extraction: ShopifyExtraction, fetched: Fetched, reading: Reading, window: Window) -> None:
    batch = extraction.landing.open_batch(
        reading.stream,
        source=extraction.source,
        at=extraction.clock(),
        params={"window_start": window.start, "window_end": window.end, "is_first": window.is_first},
    )
    _read(extraction, fetched, batch, reading.pages(window, None), is_resumed=False)


def _go_on(extraction: ShopifyExtraction, fetched: Fetched, reading: Reading, batch: Batch) -> None:
    last = batch.last_page()
    start, end = (manifest_instant(batch.manifest.params.get(name)) for name in ("window_start", "window_end"))
    if last is not None and last.next_token is not None and start is not None and end is not None:
        resume = Resume(last.params, last.next_token, last.number + 1)
        _read(extraction, fetched, batch, reading.pages(Window(start, end), resume), is_resumed=True)


def _can_go_on(extraction: ShopifyExtraction, batch: Batch) -> bool:
    """Whether something is left to read of an open batch; if not, close it."""
    try:
        last = batch.last_page()
    except LandingCorrupt as error:
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        return False
    if last is None:
        batch.close("abandoned", at=extraction.clock(), facts={"why": "cut off before its first page"})
    elif last.next_token is None:
        _complete(extraction, batch)
    elif extraction.clock() - last.received_at > CURSOR_LIFE:
        batch.close("partial", at=extraction.clock(), facts={"why": "its cursor is too old"})
    else:
        return True
    return False


def _read(
    extraction: ShopifyExtraction, fetched: Fetched, batch: Batch, pages: Iterator[Page], *, is_resumed: bool
) -> None:
    try:
        fetched.land(batch, pages)
    except (ShopifyPagesRepeat, ShopifyRejected) as error:
        # its rows are good; the window is read again from where the last complete one ended
        batch.close("partial", at=extraction.clock(), facts={"why": str(error)})
        if is_resumed and isinstance(error, ShopifyRejected):
            fetched.note = f"An older window is read again at the next sync: {error}"
            return
        raise
    if batch.page_numbers():
        _complete(extraction, batch)
    else:  # a store without Shopify Payments: that nothing came must not count as a window that is known
        batch.close("abandoned", at=extraction.clock(), facts={"why": "there was nothing to read from"})


def _complete(extraction: ShopifyExtraction, batch: Batch) -> None:
    params = batch.manifest.params
    facts = {name: params.get(name) for name in ("window_start", "window_end")}
    batch.close("complete", at=extraction.clock(), facts=facts)
