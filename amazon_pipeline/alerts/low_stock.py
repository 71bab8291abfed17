"""From the published stock transitions to ``amazon-low-stock-alert`` events.

A transition is told once, when it is news and still true: the SKU got worse (it was in stock, was low and is out, or is
seen for the first time) and has that status now. Rows that repeat another marketplace's pool are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from amazon_pipeline.events import EventLog

SHOWN: Final = 5

_NEWS: Final = """
SELECT t.transition_id, l.seller_sku, l.product_name, l.marketplace_id,
       l.fulfillable_quantity, l.inbound_quantity, l.stock_status
FROM mart.low_stock AS l
JOIN mart.stock_transitions AS t
  ON t.seller_id = l.seller_id AND t.marketplace_id = l.marketplace_id AND t.seller_sku = l.seller_sku
 AND t.to_status = l.stock_status AND t."at" = l.since
WHERE NOT l.is_pool_duplicate AND coalesce(t.from_status, 'in-stock') <> 'out-of-stock'
ORDER BY l.fulfillable_quantity, coalesce(l.inbound_quantity, 0), l.seller_sku, l.marketplace_id
"""


@dataclass(frozen=True)
class LowStockAlert:
    """One alert as written: its event id, and the body of the contract."""

    event_id: int
    count: int
    items: list[dict[str, Any]]


def raise_low_stock_alert(published_path: Path, events: EventLog, *, at: datetime) -> LowStockAlert | None:
    """Tell of all transitions in the published file that nobody was told of, in one event; None if there are none.

    Safe to repeat and to run twice at once: a transition is marked as told in the transaction that writes the event.
    """
    with duckdb.connect(published_path.resolve(), read_only=True) as connection:
        rows = connection.execute(_NEWS).fetchall()
    told = events.told_transitions()
    news = [row for row in rows if row[0] not in told]
    if not news:
        return None
    items = [
        {
            "sku": sku,
            "productName": name,
            "marketplaceId": marketplace_id,
            "fulfillableQuantity": fulfillable,
            "inboundQuantity": inbound,
            "status": status,
        }
        for _, sku, name, marketplace_id, fulfillable, inbound, status in news[:SHOWN]
    ]
    timestamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event_id = events.append_alert(
        {"count": len(news), "items": items, "timestamp": timestamp}, at=at, transition_ids=[row[0] for row in news]
    )
    return LowStockAlert(event_id, len(news), items) if event_id is not None else None
