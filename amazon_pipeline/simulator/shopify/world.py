"""What happens in a made-up store: its orders, and how they change after they were placed.

Everything follows from the seed and the moment that is asked about, so the past never changes: an order is drawn once
for the day it was placed on, and its state is that of the events that have happened by now.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from random import Random

from amazon_pipeline.simulator.catalog import Catalog
from amazon_pipeline.simulator.chance import stream
from amazon_pipeline.simulator.marketplaces import US

CENT = Decimal("0.01")
DAYS_OPEN = 75
"""How long before its clock's first day a store has been selling; more than the 60 days every app may read."""


@dataclass(frozen=True)
class StoreAccount:
    """A store: what it is called, its domain, its token and what that may do, its currency, zone and habits."""

    key: str
    name: str
    domain: str
    token: str
    currency: str
    time_zone: str
    orders_per_day: float
    has_payments: bool = True
    bucket: tuple[float, float] = (2000.0, 100.0)
    """Points it holds, and those that come back each second: by the plan, here the standard one."""
    scopes: tuple[str, ...] = ("read_orders", "read_all_orders", "read_customers", "read_shopify_payments_accounts")


UK = StoreAccount(
    "uk-eu", "UK/EU", "northmill-uk-demo.myshopify.com", "shpat_demo_simulated_store_uk_eu", "GBP", "Europe/London", 34,
    bucket=(20000.0, 1000.0),
)  # fmt: skip
USA = StoreAccount(
    "usa", "USA", "northmill-usa-demo.myshopify.com", "shpat_demo_simulated_store_usa", "USD", "America/New_York", 22,
    has_payments=False,
)  # fmt: skip


STORES = (UK, USA)
PREFIX = "/shopify"
"""Each store answers under this path and its key."""


def store_environment(base_url: str) -> dict[str, str]:
    """The environment variable with which the product reads the stores of a simulator at ``base_url``."""
    stores = [
        {"name": one.name, "domain": one.domain, "token": one.token, "endpoint": f"{base_url}{PREFIX}/{one.key}"}
        for one in STORES
    ]
    return {"SHOPIFY_STORES": json.dumps(stores)}


@dataclass(frozen=True)
class Line:
    """One line of an order: units ordered and still wanted, and its total after discounts."""

    number: int
    sku: str
    title: str
    quantity: int
    removed: int
    total: Decimal


@dataclass(frozen=True)
class Refund:
    """Money paid back at a moment."""

    number: int
    at: datetime
    amount: Decimal


@dataclass(frozen=True)
class Order:
    """An order as it is at one moment. Amounts are in the store's currency."""

    number: int
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    is_test: bool
    customer: int | None
    gateway: str
    lines: tuple[Line, ...]
    total: Decimal
    refunds: tuple[Refund, ...]

    @property
    def refunded(self) -> Decimal:
        """All that was paid back so far."""
        return sum((one.amount for one in self.refunds), Decimal("0.00"))

    @property
    def status(self) -> str:
        """Shopify's displayFinancialStatus."""
        if self.refunded == 0:
            return "PAID"
        return "REFUNDED" if self.refunded >= self.total else "PARTIALLY_REFUNDED"

    @property
    def charge_fee(self) -> Decimal:
        """What Shopify Payments keeps of the charge: 2% and 0.25."""
        return (self.total * Decimal("0.02") + Decimal("0.25")).quantize(CENT, ROUND_HALF_UP)


class StoreWorld:
    """All orders of one store."""

    def __init__(self, account: StoreAccount, seed: int, catalog: Catalog, today: date) -> None:
        self.account = account
        self._seed = seed
        self._pools = [pool for pool in catalog.pools if pool.home == US] or list(catalog.pools)
        self._opened = today - timedelta(days=DAYS_OPEN)
        self._drawn = lru_cache(maxsize=512)(self._draw)
        self._known = lru_cache(maxsize=2)(lambda now: tuple(self._orders(now)))

    def orders(self, now: datetime) -> tuple[Order, ...]:
        """Every order placed by ``now``, as it is then, oldest first."""
        return self._known(now)

    def _orders(self, now: datetime) -> Iterator[Order]:
        day = self._opened
        while day <= now.date():
            for draft in self._drawn(day):
                if draft.created_at <= now:
                    yield _as_of(draft, now)
            day += timedelta(days=1)

    def _draw(self, day: date) -> tuple[_Draft, ...]:
        chance = stream(self._seed, self.account.domain, day.isoformat())
        count = int(self.account.orders_per_day * (0.7 + 0.6 * chance.random()))
        seconds = sorted(chance.randrange(86400) for _ in range(count))
        first = (day - self._opened).days * 1000
        midnight = datetime.combine(day, time(), UTC)
        return tuple(
            self._draft(chance, first + n + 1, midnight + timedelta(seconds=second)) for n, second in enumerate(seconds)
        )

    def _draft(self, chance: Random, number: int, created: datetime) -> _Draft:
        lines = []
        for n in range(chance.choices((1, 2, 3, 14), (70, 20, 9, 1))[0]):
            pool = self._pools[min(int(chance.expovariate(0.12)), len(self._pools) - 1)]
            quantity = chance.choices((1, 2, 3), (80, 15, 5))[0]
            price = next(iter(pool.prices.values()))
            discount = Decimal("0.90") if chance.random() < 0.2 else Decimal(1)
            total = (price * quantity * discount).quantize(CENT, ROUND_HALF_UP)
            # some products have another name here than at Amazon
            sku = f"SHOP-{pool.seller_sku}" if pool.index % 7 == 3 else pool.seller_sku
            lines.append(Line(number * 100 + n, sku, pool.title, quantity, 0, total))
        goods = sum((line.total for line in lines), Decimal("0.00"))
        shipping = Decimal("0.00") if goods > 50 else Decimal("4.90")
        tax = (goods * Decimal("0.08")).quantize(CENT, ROUND_HALF_UP)
        fate = chance.random()
        return _Draft(
            number=number,
            created_at=created,
            is_test=chance.random() < 0.02,
            customer=None if chance.random() < 0.05 else chance.randrange(1, 400),
            gateway="paypal" if chance.random() < 0.15 else "shopify_payments",
            lines=tuple(lines),
            total=goods + shipping + tax,
            cancelled_after=timedelta(minutes=chance.randrange(10, 600)) if fate < 0.03 else None,
            refunded_after=timedelta(hours=chance.randrange(5, 200)) if 0.03 <= fate < 0.12 else None,
            is_refunded_whole=chance.random() < 0.4,
            shipped_after=timedelta(hours=chance.randrange(2, 50)),
        )


@dataclass(frozen=True)
class _Draft:
    """An order and all that will happen to it."""

    number: int
    created_at: datetime
    is_test: bool
    customer: int | None
    gateway: str
    lines: tuple[Line, ...]
    total: Decimal
    cancelled_after: timedelta | None
    refunded_after: timedelta | None
    is_refunded_whole: bool
    shipped_after: timedelta


def _as_of(draft: _Draft, now: datetime) -> Order:
    events = [draft.created_at]
    cancelled = refunded = None
    if draft.cancelled_after is not None:
        cancelled = refunded = draft.created_at + draft.cancelled_after
        events += [cancelled]
    else:
        events.append(draft.created_at + draft.shipped_after)
        if draft.refunded_after is not None:
            refunded = draft.created_at + draft.refunded_after
            events.append(refunded)
    lines = draft.lines
    refunds: tuple[Refund, ...] = ()
    if refunded is not None and refunded <= now:
        is_whole = cancelled is not None or draft.is_refunded_whole
        first = draft.lines[0]
        amount = draft.total if is_whole else first.total
        refunds = (Refund(draft.number, refunded, amount),)
        gone = draft.lines if is_whole else (first,)
        lines = tuple(
            Line(one.number, one.sku, one.title, one.quantity, one.quantity if one in gone else 0, one.total)
            for one in draft.lines
        )
    return Order(
        number=draft.number,
        created_at=draft.created_at,
        updated_at=max(event for event in events if event <= now),
        cancelled_at=cancelled if cancelled is not None and cancelled <= now else None,
        is_test=draft.is_test,
        customer=draft.customer,
        gateway=draft.gateway,
        lines=lines,
        total=draft.total,
        refunds=refunds,
    )


@dataclass(frozen=True)
class Figures:
    """What is true of the orders placed in a window, neither canceled nor a test."""

    orders: int
    revenue: Decimal
    customers: int
    fees: Decimal | None
    """Of Shopify Payments; None for a store without it."""
    units: dict[str, int]


def true_figures(world: StoreWorld, start: datetime, end: datetime, now: datetime) -> Figures:
    """From the orders themselves: of those placed in [start, end), as they are ``now``."""
    placed = [
        one
        for one in world.orders(now)
        if start <= one.created_at < end and one.cancelled_at is None and not one.is_test
    ]
    units: dict[str, int] = {}
    for one in placed:
        for line in one.lines:
            units[line.sku] = units.get(line.sku, 0) + line.quantity
    by_card = [one for one in placed if one.gateway == "shopify_payments"]
    return Figures(
        orders=len(placed),
        revenue=sum((one.total - one.refunded for one in placed), Decimal("0.00")),
        customers=len({one.customer for one in placed if one.customer is not None}),
        fees=sum((one.charge_fee for one in by_card), Decimal("0.00")) if world.account.has_payments else None,
        units=units,
    )
