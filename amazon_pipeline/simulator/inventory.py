"""FBA inventory as Amazon's summaries split it.

Fields: model fbaInventory, ``InventoryDetails``. ``totalQuantity`` counts what is on its way and what is inside the
fulfillment centers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from amazon_pipeline.simulator.catalog import Pool
from amazon_pipeline.simulator.clock import from_ms
from amazon_pipeline.simulator.inbound import Inbound, Shipments
from amazon_pipeline.simulator.stock import OnHand, Stock


@dataclass(frozen=True)
class StockState:
    """One row of FBA inventory: a SKU in a marketplace at a moment."""

    pool: Pool
    marketplace_id: str
    on_hand: OnHand
    inbound: Inbound

    @property
    def seller_sku(self) -> str:
        return self.pool.seller_sku

    @property
    def fulfillable(self) -> int:
        return self.on_hand.fulfillable

    @property
    def inbound_total(self) -> int:
        return self.inbound.working + self.inbound.shipped + self.inbound.receiving

    @property
    def reserved(self) -> int:
        return self.on_hand.customer_orders + self.on_hand.transfer + self.on_hand.fc_processing

    @property
    def unfulfillable(self) -> int:
        return self.on_hand.customer_damaged + self.on_hand.warehouse_damaged

    @property
    def total(self) -> int:
        inside = self.fulfillable + self.reserved + self.unfulfillable + self.on_hand.researching
        return inside + self.inbound_total

    @property
    def last_updated(self) -> datetime:
        """Without regard to inbound changes, which Amazon does not detect either."""
        return from_ms(self.on_hand.last_change)


def stock_state(stock: Stock, shipments: Shipments, pool: Pool, marketplace_id: str, instant: int) -> StockState:
    """The row of ``pool`` in ``marketplace_id`` at ``instant``; the same numbers in every marketplace that shows it."""
    return StockState(pool, marketplace_id, stock.on_hand(pool, instant), shipments.inbound(pool, instant))
