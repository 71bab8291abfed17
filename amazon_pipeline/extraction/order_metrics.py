"""The order_metrics stream: what Amazon's Sales API counts per day, to set beside our own orders.

Each marketplace is asked for once per UTC day, for its last complete days, since the figures of a day still move a
little after it is over. A batch is a day's round over the marketplaces, a page is one of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from amazon_pipeline.errors import AccessDenied
from amazon_pipeline.extraction.report_batch import open_batches
from amazon_pipeline.extraction.stream import Extraction, Fetched
from amazon_pipeline.landing import Batch
from amazon_pipeline.marketplaces import MARKETPLACES
from amazon_pipeline.selling_partner.client import Page
from amazon_pipeline.selling_partner.sales import order_metrics

STREAM: Final = "order_metrics"

DAYS: Final = 14
"""How many complete days are asked for: most orders are paid for, shipped or canceled within them."""

_LOOK_BACK: Final = timedelta(days=3)


def fetch_order_metrics(extraction: Extraction, fetched: Fetched, *, marketplace_ids: Sequence[str]) -> None:
    """Land a page for each marketplace that has none of today (UTC).

    A round that was cut off goes on in its own batch. A marketplace that the application may not read is noted, and
    fails no sync.
    """
    now = extraction.clock()
    todays = _close_of_earlier_days(extraction, now)
    known = {page.params["marketplaceIds"] for batch in todays for page in batch.readable_pages()}
    batch = next(iter(open_batches(todays)), None)
    denied: list[AccessDenied] = []
    for marketplace_id in [one for one in marketplace_ids if one not in known]:
        try:
            page = _ask(extraction, marketplace_id, now)
        except AccessDenied as error:
            denied.append(error)
            continue
        batch = batch or extraction.landing.open_batch(
            STREAM, source=extraction.source, at=now, params={"marketplace_ids": list(marketplace_ids)}
        )
        fetched.land(batch, [page], extra_params={})
    if batch is not None:
        batch.close("complete", at=extraction.clock(), facts={})
    fetched.was_due = fetched.pages > 0
    if denied:
        fetched.is_available = bool(known) or fetched.was_due
        fetched.note = f"Amazon's own order figures are not available: {denied[0]}"


def last_days(time_zone: str, now: datetime) -> tuple[datetime, datetime]:
    """The last ``DAYS`` days that are over in a time zone, as [start, end), UTC."""
    zone = ZoneInfo(time_zone)
    today = now.astimezone(zone).date()
    # by the calendar, not by hours: a day on which the clocks change has 23 or 25
    start, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (today - timedelta(days=DAYS), today))
    return start, end


def _ask(extraction: Extraction, marketplace_id: str, now: datetime) -> Page:
    known = MARKETPLACES.get(marketplace_id)
    zone = known.time_zone if known else "UTC"
    interval = last_days(zone, now)
    return order_metrics(extraction.client, marketplace_id, interval=interval, granularity="Day", time_zone=zone)


def _close_of_earlier_days(extraction: Extraction, now: datetime) -> list[Batch]:
    """Today's batches; an earlier one that was cut off is closed, since its marketplaces are due again."""
    todays = []
    for batch in extraction.landing.batches(STREAM, since=(now - _LOOK_BACK).date()):
        if batch.manifest.opened_at.date() == now.date():
            todays.append(batch)
        elif batch.manifest.status == "open":
            batch.close("partial", at=now, facts={"why": "cut off, and its day is over"})
    return todays
