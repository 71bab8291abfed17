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
SELECT s.store, s.currency, s.orders, s.revenue, s.average_order_value, s.customers, s.fees, s.fees_are_estimated,
       coalesce(c.units, 0)::BIGINT, coalesce(c.previous_orders, 0)::BIGINT,
       coalesce(c.previous_revenue, 0)::DECIMAL(18, 2), coalesce(c.previous_units, 0)::BIGINT
FROM store AS s LEFT JOIN counted AS c USING (seller_id, currency)
ORDER BY s.store, s.currency"""


@dataclass(frozen=True)
class StoreCurrency:
    """One store's orders of 24 hours in one currency; its fees, None or True where they are an estimate."""

    store: str
    orders: CurrencyOrders
    customers: int | None
    fees: Decimal
    fees_are_estimated: bool | None


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

    def fees(self, currency: str) -> Decimal:
        """Transaction fees in one currency."""
        return sum((row.fees for row in self.rows if row.orders.currency == currency), Decimal(0))

    @property
    def what_fees_are(self) -> str:
        """Of each store, whether its fees are booked ones or an estimate; empty without a store."""
        by_kind: dict[bool, list[str]] = {False: [], True: []}
        for row in self.rows:
            if row.fees_are_estimated is not None and row.store not in by_kind[row.fees_are_estimated]:
                by_kind[row.fees_are_estimated].append(row.store)
        sentences = [
            f"{' and '.join(names)}: {what}"
            for names, what in (
                (by_kind[False], "transaction fees as booked by Shopify Payments."),
                (by_kind[True], "an estimate of 2.9% of revenue, since the fees cannot be read."),
            )
            if names
        ]
        return " ".join(sentences) or ("No orders in these 24 hours." if self.rows else "")


def _row(values: tuple[Any, ...]) -> StoreCurrency:
    store, currency, orders, revenue, average, customers, fees, fees_are_estimated = values[:8]
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
    return StoreCurrency(store, figures, customers, fees, fees_are_estimated)
