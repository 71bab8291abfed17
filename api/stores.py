"""The connected Shopify stores' 24 hours, from ``mart.channel_performance`` and the orders behind it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from api.figures import CurrencyOrders, together
from api.queries import Database

_STORES: Final = """
WITH store AS (SELECT * FROM mart.channel_performance WHERE channel = 'Shopify'),
placed AS (
  SELECT o.seller_id, o.currency, s.window_start,
         o.created_at >= s.window_start AS is_in, o.quantity, o.revenue
  FROM mart.shopify_orders AS o
  JOIN store AS s USING (seller_id, currency)
  WHERE o.is_counted AND o.created_at < s.window_end
    AND epoch_us(o.created_at) >= epoch_us(s.window_start) - 86400000000
),
counted AS (
  SELECT seller_id, currency,
         sum(quantity) FILTER (is_in) AS units,
         count(*) FILTER (NOT is_in) AS previous_orders,
         sum(revenue) FILTER (NOT is_in) AS previous_revenue,
         sum(quantity) FILTER (NOT is_in) AS previous_units
  FROM placed GROUP BY ALL
)
SELECT s.store, s.currency, s.orders, s.revenue, s.average_order_value, s.customers, s.fees, s.estimated_fees,
       coalesce(c.units, 0)::BIGINT, coalesce(c.previous_orders, 0)::BIGINT,
       coalesce(c.previous_revenue, 0)::DECIMAL(18, 2), coalesce(c.previous_units, 0)::BIGINT
FROM store AS s LEFT JOIN counted AS c USING (seller_id, currency)
ORDER BY s.store, s.currency"""


BOOKED: Final = "transaction fees as booked by Shopify Payments."
PARTLY_ESTIMATED: Final = (
    "transaction fees as booked by Shopify Payments, and for orders that it does not tell them of, 2.9% of revenue."
)
ESTIMATED: Final = "an estimate of 2.9% of revenue, since the fees cannot be read."
_KINDS_OF_FEES: Final = (BOOKED, PARTLY_ESTIMATED, ESTIMATED)


@dataclass(frozen=True)
class StoreCurrency:
    """One store's orders of 24 hours in one currency; its fees, and which part of them is an estimate."""

    store: str
    orders: CurrencyOrders
    customers: int | None
    fees: Decimal
    estimated_fees: Decimal


@dataclass(frozen=True)
class Stores:
    """All stores whose orders have been read."""

    rows: tuple[StoreCurrency, ...]

    @classmethod
    def of(cls, database: Database | None) -> Stores:
        """The stores of the published file, none before the first publish."""
        if database is None:
            return cls(())
        return cls(tuple(_row(row) for row in database.rows(_STORES)))

    @property
    def names(self) -> list[str]:
        """The stores' names, in order."""
        return list(dict.fromkeys(row.store for row in self.rows))

    @property
    def by_currency(self) -> list[CurrencyOrders]:
        """One row per currency, over all stores."""
        return together(row.orders for row in self.rows)

    @property
    def customers(self) -> int | None:
        """Who ordered, counted in each store; None where a store's token may not tell."""
        counts = [row.customers for row in self.rows]
        return None if not counts or None in counts else sum(count for count in counts if count is not None)

    def fees(self, currency: str | None) -> Decimal | None:
        """Transaction fees in one currency, None where no store has orders in it."""
        known = [row.fees for row in self.rows if row.orders.currency == currency]
        return sum(known, Decimal(0)) if known else None

    @property
    def what_fees_are(self) -> str:
        """Of each store, whether its fees are booked ones or an estimate; empty without a store."""
        by_kind: dict[str, list[str]] = {}
        for name in self.names:
            if kind := self._kind_of_fees(name):
                by_kind.setdefault(kind, []).append(name)
        sentences = [f"{' and '.join(by_kind[kind])}: {kind}" for kind in _KINDS_OF_FEES if kind in by_kind]
        return " ".join(sentences) or ("No orders in these 24 hours." if self.rows else "")

    def _kind_of_fees(self, name: str) -> str | None:
        rows = [row for row in self.rows if row.store == name and row.orders.orders]
        if not rows:
            return None
        if all(row.estimated_fees == row.fees for row in rows) and any(row.fees for row in rows):
            return ESTIMATED
        return PARTLY_ESTIMATED if any(row.estimated_fees for row in rows) else BOOKED


def _row(values: tuple[Any, ...]) -> StoreCurrency:
    store, currency, orders, revenue, average, customers, fees, estimated_fees = values[:8]
    units, previous_orders, previous_revenue, previous_units = values[8:]
    figures = CurrencyOrders(
        currency=currency,
        orders=orders,
        revenue=revenue,
        average=average,
        pending=0,
        unshipped=0,
        shipped=0,
        canceled=0,
        without_amount=0,
        previous_orders=previous_orders,
        previous_revenue=previous_revenue,
        previous_average=previous_revenue / previous_orders if previous_orders else None,
        units=units,
        previous_units=previous_units,
    )
    return StoreCurrency(store, figures, customers, fees, estimated_fees)
