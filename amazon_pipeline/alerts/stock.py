"""What the published file says of a SKU's stock, as far as an alert shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.alerts.rules import Subject

_STATUS: Final = """
SELECT seller_id, marketplace_id, seller_sku, stock_status FROM mart.inventory
WHERE NOT is_pool_duplicate AND NOT is_gone
"""
_FIGURES: Final = """
SELECT i.seller_id, i.marketplace_id, i.seller_sku, i.product_name, i.fulfillable_quantity, i.low_stock_threshold,
       i.inbound_quantity, v.days_of_cover, v.stockout_date, v.next_arrival_date, v.restock_quantity, v.reorder_date
FROM mart.inventory AS i
LEFT JOIN mart.sku_velocity AS v USING (seller_id, marketplace_id, seller_sku)
WHERE i.seller_sku IN (SELECT unnest(?))
"""


@dataclass(frozen=True)
class StockFigures:
    """Units, days and dates of a SKU in a marketplace, from mart.inventory and mart.sku_velocity; None: not known."""

    product_name: str | None
    left: int
    threshold: int
    inbound: int | None
    days_of_cover: float | None
    stockout_date: date | None
    next_arrival_date: date | None
    to_order: int | None
    order_date: date | None


def stock_status(published_path: Path) -> dict[Subject, str]:
    """The status of every listed SKU, each pool of stock once."""
    with duckdb.connect(published_path.resolve(), read_only=True) as connection:
        return {Subject(*row[:3]): row[3] for row in connection.execute(_STATUS).fetchall()}


def stock_figures(published_path: Path, skus: list[str]) -> dict[Subject, StockFigures]:
    """The figures of these SKUs, in every marketplace."""
    if not published_path.exists():
        return {}
    with duckdb.connect(published_path.resolve(), read_only=True) as connection:
        rows = connection.execute(_FIGURES, [skus]).fetchall()
    return {Subject(*row[:3]): StockFigures(*row[3:]) for row in rows}
