"""Amazon's own figures, as landed: pages of getOrderMetrics and of the stock report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from amazon_pipeline.landing import Batch, LandedPage
from tests.amazon_answers import NOON, US, land, money

PACIFIC = "America/Los_Angeles"


def metrics_of(
    day: date, orders: int, units: int, sales: str | None, *, currency: str = "USD", zone: str = PACIFIC
) -> dict[str, Any]:
    """One day as getOrderMetrics gives it."""
    start, end = (datetime.combine(one, time(), ZoneInfo(zone)) for one in (day, day + timedelta(days=1)))
    return {
        "interval": f"{start.isoformat(timespec='minutes')}--{end.isoformat(timespec='minutes')}",
        "unitCount": units,
        "orderItemCount": units,
        "orderCount": orders,
        "averageUnitPrice": money("1.00", currency),
        "totalSales": money(sales, currency) if sales is not None else {"currencyCode": currency},
    }


def metrics_params(marketplace_id: str = US, zone: str = PACIFIC) -> dict[str, str]:
    """What a page of them was asked with."""
    return {"marketplaceIds": marketplace_id, "granularity": "Day", "granularityTimeZone": zone}


def land_metrics(
    directory: Path, *days: dict[str, Any], marketplace_id: str = US, zone: str = PACIFIC, at: datetime = NOON
) -> Batch:
    """Land one page of them."""
    params = metrics_params(marketplace_id, zone)
    return land(directory, "order_metrics", "getOrderMetrics", [{"payload": list(days)}], params=params, at=at)


def stock_line(sku: str, fulfillable: int, **changes: str | None) -> dict[str, str]:
    """One line of the stock report; underscores in names stand for hyphens, None for an empty cell."""
    cells: dict[str, str | None] = {
        "sku": sku,
        "fnsku": f"X00{sku}",
        "asin": "B000000001",
        "product-name": f"Product {sku}",
        "condition": "New",
        "afn-fulfillable-quantity": str(fulfillable),
        "afn-unsellable-quantity": "0",
        "afn-reserved-quantity": "0",
        "afn-researching-quantity": "0",
        "afn-inbound-working-quantity": "0",
        "afn-inbound-shipped-quantity": "0",
        "afn-inbound-receiving-quantity": "0",
        "afn-total-quantity": str(fulfillable),
    }
    cells |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in cells.items() if value is not None}


def stock_page(*lines: Any) -> LandedPage:
    """One landed page of the stock report."""
    body = {"stock_lines": list(lines)}
    return LandedPage("batch-1", 1, "getReportDocument", stock_params(), NOON, None, None, body)


def stock_params(marketplace_id: str = US, reported_at: datetime = NOON) -> dict[str, str]:
    """What goes with a page of it."""
    return {"reportId": "50001", "marketplaceId": marketplace_id, "reportedAt": reported_at.isoformat()}


def land_stock(
    directory: Path,
    *pages: Sequence[dict[str, str]],
    marketplace_id: str = US,
    at: datetime = NOON,
    **more: Any,
) -> Batch:
    """Land one report of some pages."""
    params = stock_params(marketplace_id, at)
    bodies = [{"stock_lines": list(lines)} for lines in pages]
    return land(directory, "stock_report", "getReportDocument", bodies, params=params, at=at, **more)
