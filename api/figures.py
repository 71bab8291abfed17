"""Headline figures from the marts' rows. Exact decimals; None is "Amazon has not said", which is never 0."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

Trend = Literal["up", "down", "neutral"]

# fmt: off
_NO_MINOR_UNIT: Final = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
})
# fmt: on
"""The currencies that ISO 4217 gives no minor unit."""


@dataclass(frozen=True)
class CurrencyOrders:
    """One currency's orders of the 24-hour window over all marketplaces, and of the 24 hours before."""

    currency: str
    orders: int
    revenue: Decimal | None
    average: Decimal | None
    pending: int
    unshipped: int
    shipped: int
    canceled: int
    without_amount: int
    previous_orders: int
    previous_revenue: Decimal | None
    previous_average: Decimal | None
    units: int = 0
    previous_units: int = 0
    previous_without_amount: int = 0

    def __post_init__(self) -> None:
        # no orders at all is a known revenue of nothing; orders without an amount are an unknown one
        if self.revenue is None and self.orders == 0:
            object.__setattr__(self, "revenue", Decimal("0.00"))
        if self.previous_revenue is None and self.previous_orders == 0:
            object.__setattr__(self, "previous_revenue", Decimal("0.00"))

    def summary(self) -> dict[str, str | int | Decimal | None]:
        """The contract's ``byCurrency`` entry."""
        return {
            "currency": self.currency,
            "revenue": money(self.revenue, self.currency),
            "orders": self.orders,
            "averageOrderValue": money(self.average, self.currency),
        }


@dataclass(frozen=True)
class OrderFigures:
    """The 24-hour window in all currencies, and which of them the single figures are in."""

    by_currency: tuple[CurrencyOrders, ...]
    reporting_currency: str | None

    @classmethod
    def of(cls, rows: Iterable[CurrencyOrders], wanted: str | None) -> OrderFigures:
        """Most revenue first; the reporting currency is ``wanted``, or the first."""
        ranked = sorted(rows, key=lambda row: (-(row.revenue or Decimal(0)), -row.orders, row.currency))
        return cls(tuple(ranked), wanted or (ranked[0].currency if ranked else None))

    @property
    def known(self) -> bool:
        """Whether Amazon has told us a whole window."""
        return bool(self.by_currency)

    def total(self, count: Callable[[CurrencyOrders], int]) -> int | None:
        """A count over all currencies, None if no window is known."""
        return sum(count(row) for row in self.by_currency) if self.known else None

    @property
    def reported(self) -> CurrencyOrders | None:
        """The row of the reporting currency; one of no orders if the known window has none in it."""
        if not self.known or self.reporting_currency is None:
            return None
        for row in self.by_currency:
            if row.currency == self.reporting_currency:
                return row
        return CurrencyOrders(self.reporting_currency, 0, None, None, 0, 0, 0, 0, 0, 0, None, None)

    def summaries(self) -> list[dict[str, str | int | Decimal | None]]:
        """The contract's ``byCurrency``."""
        return [row.summary() for row in self.by_currency]


def together(parts: Iterable[CurrencyOrders]) -> list[CurrencyOrders]:
    """One row per currency over several channels or stores; what has no amount yet adds none."""
    by_currency: dict[str, list[CurrencyOrders]] = {}
    for part in parts:
        by_currency.setdefault(part.currency, []).append(part)
    return [rows[0] if len(rows) == 1 else _sum(rows) for rows in by_currency.values()]


def _sum(rows: list[CurrencyOrders]) -> CurrencyOrders:
    revenue = _sum_of(row.revenue for row in rows)
    previous = _sum_of(row.previous_revenue for row in rows)
    return CurrencyOrders(
        currency=rows[0].currency,
        orders=sum(row.orders for row in rows),
        revenue=revenue,
        average=_by(revenue, sum(row.orders - row.without_amount for row in rows)),
        pending=sum(row.pending for row in rows),
        unshipped=sum(row.unshipped for row in rows),
        shipped=sum(row.shipped for row in rows),
        canceled=sum(row.canceled for row in rows),
        without_amount=sum(row.without_amount for row in rows),
        previous_orders=sum(row.previous_orders for row in rows),
        previous_revenue=previous,
        previous_average=_by(previous, sum(row.previous_orders - row.previous_without_amount for row in rows)),
        units=sum(row.units for row in rows),
        previous_units=sum(row.previous_units for row in rows),
        previous_without_amount=sum(row.previous_without_amount for row in rows),
    )


def _sum_of(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _by(amount: Decimal | None, count: int) -> Decimal | None:
    return None if amount is None or count <= 0 else amount / count


def money(amount: Decimal | None, currency: str | None) -> Decimal | None:
    """The amount to its currency's minor unit: an average of yen has no decimals."""
    if amount is None:
        return None
    unit = Decimal(1) if currency in _NO_MINOR_UNIT else Decimal("0.01")
    return amount.quantize(unit, ROUND_HALF_UP)


def change(now: Decimal | int | None, before: Decimal | int | None) -> Decimal | None:
    """The fraction by which ``now`` differs from ``before``, to four places; None where that says nothing."""
    if now is None or not before:
        return None
    return ((Decimal(now) - Decimal(before)) / Decimal(before)).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def trend(now: Decimal | int | None, before: Decimal | int | None) -> Trend:
    """Which way it went; neutral where one of the two is unknown."""
    if now is None or before is None or now == before:
        return "neutral"
    return "up" if now > before else "down"
