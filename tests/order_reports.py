"""Lines of the report of all orders, as landed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from amazon_pipeline.landing import Batch, LandedPage
from amazon_pipeline.staging import Staged, stage_order_report
from tests.amazon_answers import NOON, SELLER, iso, land


def line(order_id: str = "111-1", **changes: str | None) -> dict[str, str]:
    """One line; underscores in names stand for hyphens, None for an empty cell."""
    cells: dict[str, str | None] = {
        "amazon-order-id": order_id,
        "purchase-date": iso(NOON - timedelta(days=3)),
        "last-updated-date": iso(NOON - timedelta(days=2)),
        "order-status": "Shipped",
        "fulfillment-channel": "Amazon",
        "sales-channel": "Amazon.com",
        "product-name": "Mug",
        "sku": "MUG-1",
        "asin": "B000000001",
        "item-status": "Shipped",
        "quantity": "1",
        "currency": "USD",
        "item-price": "10.00",
        "item-tax": "0.83",
        "is-business-order": "false",
    }
    cells |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in cells.items() if value is not None}


def staged(*lines: Any) -> Staged:
    """What staging makes of one page of them."""
    page = LandedPage("batch-1", 1, "getReportDocument", {}, NOON, None, None, {"lines": list(lines)})
    return stage_order_report(page, SELLER)


def land_report(directory: Path, *lines: dict[str, str], at: datetime = NOON, **more: Any) -> Batch:
    """Land one report of one page."""
    return land_pages(directory, [list(lines)], at=at, **more)


def land_pages(
    directory: Path, pages: Sequence[Sequence[dict[str, str]]], *, at: datetime = NOON, **more: Any
) -> Batch:
    """Land one report of several pages."""
    bodies = [{"lines": list(lines)} for lines in pages]
    return land(directory, "orders_history", "getReportDocument", bodies, at=at, **more)
