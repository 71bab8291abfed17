"""Forgetting what is older than Amazon allows it to be kept.

Amazon's Data Protection Policy limits non-personal data to 18 months:
https://developer-docs.amazon.com/sp-api/docs/data-protection-policy.
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.warehouse.connection import transaction
from amazon_pipeline.warehouse.stale_sales import mark_sales

# what is to go from each table, in this order; the derived marts follow at the next sync
_ENDED: Final = "status_changed_at < $cutoff AND shipment_status IN ('CLOSED', 'CANCELLED', 'DELETED')"
_EXPIRED: Final = {
    "mart.order_items": (
        "amazon_order_id IN (SELECT amazon_order_id FROM mart.orders WHERE last_update_date < $cutoff)"
    ),
    "mart.orders": "last_update_date < $cutoff",
    "mart.stock_transitions": '"at" < $cutoff',
    "mart.inbound_shipment_items": f"shipment_id IN (SELECT shipment_id FROM mart.inbound_shipments WHERE {_ENDED})",
    "mart.inbound_shipments": _ENDED,
    "mart.inventory_history": "valid_to < $cutoff",
    "mart.inventory": "observed_at < $cutoff",
    "mart.shopify_order_lines": (
        "(seller_id, order_id) IN (SELECT (seller_id, order_id) FROM mart.shopify_orders WHERE updated_at < $cutoff)"
    ),
    "mart.shopify_orders": "updated_at < $cutoff",
    "mart.shopify_fees": "booked_at < $cutoff",
    "staging.order_metrics": "ends_at < $cutoff",
    "staging.stock_report": "reported_at < $cutoff",
    "staging.quarantine": "quarantined_at < $cutoff",
    "staging.staged_batches": "opened_at < $cutoff",
}


def purge(connection: duckdb.DuckDBPyConnection, landing_dir: Path, cutoff: datetime) -> dict[str, int]:
    """Delete rows and landed days from before ``cutoff``; returns how many rows of each table, and days, went.

    Landed days go last: if the process dies between, the rows stay gone and the next purge takes the days.
    """
    gone: dict[str, int] = {}
    with transaction(connection):
        mark_sales(connection, "last_update_date < $cutoff", {"cutoff": cutoff})
        for table, condition in _EXPIRED.items():
            rows = connection.execute(f"DELETE FROM {table} WHERE {condition}", {"cutoff": cutoff}).fetchall()
            gone[table] = int(rows[0][0])
    old = [day for day in landing_dir.glob("*/*/????-??-??") if day.name < f"{cutoff:%Y-%m-%d}"]
    for day in old:
        shutil.rmtree(day)
    gone["landed days"] = len(old)
    return gone
