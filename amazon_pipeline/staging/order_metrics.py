"""Sales API v1 to ``staging.order_metrics``: what Amazon counts per day of a marketplace.

Rules: https://developer-docs.amazon.com/sp-api/docs/sales-api-v1-reference (model sales).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.schemas import STAGING_TABLES
from amazon_pipeline.staging.reading import Reading
from amazon_pipeline.staging.validated import Draft, Staged, validate

STREAM = "order_metrics"


def stage_order_metrics(page: LandedPage, seller_id: str) -> Staged:
    """The days of one landed page of ``getOrderMetrics``, which is of one marketplace."""
    drafts = [_draft(raw, n, page, seller_id) for n, raw in enumerate(Reading(page.body).rows("payload"))]
    return validate(page, STREAM, seller_id, drafts, (STAGING_TABLES["order_metrics"],))


def _draft(raw: Any, row_number: int, page: LandedPage, seller_id: str) -> Draft:
    metrics = Reading(raw)
    row: dict[str, Any] = {
        "seller_id": seller_id,
        "marketplace_id": page.params.get("marketplaceIds"),
        "currency": metrics.text("totalSales.currencyCode"),
        "orders": metrics.integer("orderCount"),
        "units": metrics.integer("unitCount"),
        "sales": metrics.money("totalSales"),
        "observed_at": page.received_at,
        "batch_id": page.batch_id,
        "page": page.number,
    }
    text = metrics.text("interval")
    span = _span(text)
    reasons = list(metrics.reasons)
    if span is None:
        reasons.append("interval is not two times with a zone")
    else:
        zone = ZoneInfo(page.params["granularityTimeZone"])
        day = span[0].astimezone(zone).date()
        if (span[1] - timedelta(microseconds=1)).astimezone(zone).date() != day:
            reasons.append(f"interval is not one day of {zone.key}")
        row |= {"day": day, "starts_at": span[0], "ends_at": span[1]}
    return Draft(text, raw, row_number, reasons, {"order_metrics": [row]})


def _span(text: str | None) -> tuple[datetime, datetime] | None:
    """``start--end`` as aware UTC."""
    begin, _, end = (text or "").partition("--")
    try:
        found = (datetime.fromisoformat(begin), datetime.fromisoformat(end))
    except ValueError:
        return None
    if any(moment.tzinfo is None for moment in found):
        return None
    return found[0].astimezone(UTC), found[1].astimezone(UTC)
