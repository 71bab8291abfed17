"""Sales API v1: https://developer-docs.amazon.com/sp-api/docs/sales-api."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from amazon_pipeline.selling_partner.client import Page, SellingPartner
from amazon_pipeline.selling_partner.operations import GET_ORDER_METRICS

Granularity = Literal["Hour", "Day", "Week", "Month", "Year", "Total"]


def order_metrics(
    client: SellingPartner,
    marketplace_id: str,
    *,
    interval: tuple[datetime, datetime],
    granularity: Granularity,
    time_zone: str | None = None,
) -> Page:
    """Orders, units and sales of one marketplace, one row per ``granularity`` step.

    ``interval`` is [start, end), aware; hours reach back at most 30 days. ``time_zone`` (IANA) is required above Hour,
    and the interval's ends are written in it, because Amazon cuts days there.
    """
    if granularity not in ("Hour", "Total") and time_zone is None:
        raise ValueError(f"Amazon wants a time zone for granularity {granularity}")
    params = {
        "marketplaceIds": marketplace_id,
        "interval": "--".join(_iso(moment, time_zone) for moment in interval),
        "granularity": granularity,
    }
    if time_zone is not None:
        params["granularityTimeZone"] = time_zone
    return client.get(GET_ORDER_METRICS, params)


def _iso(moment: datetime, time_zone: str | None) -> str:
    if moment.tzinfo is None:
        raise ValueError("an interval needs aware datetimes")
    return moment.astimezone(ZoneInfo(time_zone or "UTC")).isoformat(timespec="seconds")
