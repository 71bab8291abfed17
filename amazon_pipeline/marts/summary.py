"""The handful of figures that go out with ``amazon-sync-completed``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb


def sync_summary(connection: duckdb.DuckDBPyConnection, reporting_currency: str | None) -> dict[str, Any]:
    """``{inventory{…}, orders{…}}`` of the contract; None for what Amazon has not said yet.

    Counts are over all currencies, revenue is in the reporting currency: the given one, or the one with the most.
    """
    stock = connection.execute(
        """SELECT sum(total_skus)::BIGINT, sum(total_quantity)::BIGINT, sum(low_stock_count)::BIGINT
           FROM mart.inventory_summary WHERE marketplace_id = 'ALL'"""
    ).fetchone() or (None, None, None)
    per_currency = connection.execute(
        """SELECT currency, sum(total_orders)::BIGINT, sum(total_revenue) AS revenue, sum(unshipped_count)::BIGINT
           FROM mart.order_metrics_24h WHERE marketplace_id = 'ALL'
           GROUP BY currency ORDER BY revenue DESC NULLS LAST, currency"""
    ).fetchall()
    revenue = next((row[2] for row in per_currency if reporting_currency in (None, row[0])), None)
    return {
        "inventory": {"totalSKUs": stock[0], "totalQuantity": stock[1], "lowStockItems": stock[2]},
        "orders": {
            "totalOrders": sum(row[1] for row in per_currency) if per_currency else None,
            "totalRevenue": float(revenue) if isinstance(revenue, Decimal) else None,
            "unshippedOrders": sum(row[3] for row in per_currency) if per_currency else None,
        },
    }
