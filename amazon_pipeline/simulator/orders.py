"""An order as it stands at a moment: its status, what is shipped, and its money.

Money rules are those of Amazon's model orders_2026-01-01 (``OrderProceeds``, ``ItemProceeds``). The model leaves open
how the breakdowns add up; here an order's total is ITEM + SHIPPING + GIFT_WRAP + TAX - DISCOUNT, with the discount as
a positive amount, like the v0 PromotionDiscount it takes the place of. Before an order is released by Amazon it has no
proceeds (documented for v0's getOrderItems), and neither has one cancelled before that nor a Multi-Channel order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from amazon_pipeline.simulator.catalog import Catalog, Pool
from amazon_pipeline.simulator.chance import Scramble, number, stream
from amazon_pipeline.simulator.clock import from_ms
from amazon_pipeline.simulator.demand import MULTI_CHANNEL, PREORDER, REPLACEMENT, OrderPlan
from amazon_pipeline.simulator.marketplaces import STORES, Store

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
REMEMBERED = 40_000
"""Orders whose particulars are kept at hand."""
PER_DAY = 1_000_000
"""Order numbers set aside for each day."""


@dataclass(frozen=True)
class Line:
    """One order item; amounts in the order's currency."""

    order_item_id: str
    pool: Pool
    quantity: int
    unit_price: Decimal
    item: Decimal
    shipping: Decimal
    gift_wrap: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.item + self.shipping + self.gift_wrap + self.tax - self.discount


@dataclass(frozen=True, eq=False)
class Order:
    """What never changes about an order once it is placed."""

    order_id: str
    plan: OrderPlan
    store: Store
    programs: tuple[str, ...]
    service_level: str
    seller_order_id: str | None
    lines: tuple[Line, ...]

    @property
    def multi_channel(self) -> bool:
        return self.plan.kind == MULTI_CHANNEL

    @property
    def replacement(self) -> bool:
        return self.plan.kind == REPLACEMENT

    @property
    def business(self) -> bool:
        return "AMAZON_BUSINESS" in self.programs

    @property
    def marketplace_id(self) -> str | None:
        """None for a Multi-Channel order."""
        return None if self.multi_channel else self.store.marketplace_id


@dataclass(frozen=True, slots=True, eq=False)
class OrderState:
    """An order at a moment (``instant``, ms since 1970); its particulars are worked out when they are asked for."""

    plan: OrderPlan
    instant: int
    book: OrderBook

    @property
    def order(self) -> Order:
        return self.book.order(self.plan)

    @property
    def order_id(self) -> str:
        return self.order.order_id

    @property
    def changed(self) -> int:
        """Instant of the latest change."""
        return latest_change(self.plan, self.instant)[0]

    @property
    def status(self) -> str:
        return latest_change(self.plan, self.instant)[1]

    @property
    def created(self) -> datetime:
        return from_ms(self.plan.created)

    @property
    def last_updated(self) -> datetime:
        return from_ms(self.changed)

    @property
    def fulfilled_by(self) -> str:
        return "AMAZON" if self.plan.by_amazon else "MERCHANT"

    @property
    def quantity_ordered(self) -> int:
        return sum(line.quantity for line in self.order.lines)

    @property
    def quantity_shipped(self) -> int:
        return sum(self.shipped(number_) for number_ in range(len(self.order.lines)))

    def shipped(self, line: int) -> int:
        """Units of that line which have left."""
        shipped = self.plan.shipped
        return self.order.lines[line].quantity if shipped and shipped[line] <= self.instant else 0

    @property
    def has_proceeds(self) -> bool:
        return not self.order.multi_channel and self.status not in ("PENDING", "PENDING_AVAILABILITY", "CANCELLED")

    @property
    def grand_total(self) -> Decimal | None:
        """None where Amazon's answer has no proceeds."""
        return sum((line.total for line in self.order.lines), ZERO) if self.has_proceeds else None

    @property
    def item_revenue(self) -> Decimal | None:
        """Sum of the ITEM subtotals: goods before discount, shipping and tax."""
        return sum((line.item for line in self.order.lines), ZERO) if self.has_proceeds else None

    @property
    def currency(self) -> str:
        return self.order.store.currency


def latest_change(plan: OrderPlan, instant: int) -> tuple[int, str]:
    """The last (instant, status) that has come to pass."""
    for change in reversed(plan.changes):
        if change[0] <= instant:
            return change
    return plan.changes[0]


class OrderBook:
    """Order numbers, and the particulars of each order."""

    def __init__(self, seed: int, catalog: Catalog) -> None:
        self._seed = seed
        self._catalog = catalog
        self._numbers = Scramble(10**14, "order", seed)
        self.order = lru_cache(maxsize=REMEMBERED)(self._make)
        """The order that an :class:`OrderPlan` is about."""

    def order_id(self, plan: OrderPlan) -> str:
        """``112-1234567-1234567``, or ``S01-…`` for a Multi-Channel order."""
        digits = f"{self._numbers.scramble(plan.day * PER_DAY + plan.sequence):014d}"
        prefixes = STORES[plan.marketplace_id].order_prefixes
        prefix = "S01" if plan.kind == MULTI_CHANNEL else prefixes[plan.sequence % len(prefixes)]
        return f"{prefix}-{digits[:7]}-{digits[7:]}"

    def day_and_sequence(self, order_id: str) -> tuple[int, int] | None:
        """Where to look for the order of that id; None if it is no order id at all."""
        digits = order_id[4:11] + order_id[12:]
        if (
            len(order_id) != 19
            or order_id[3] != "-"
            or order_id[11] != "-"
            or not (digits.isascii() and digits.isdigit())
        ):
            return None
        return divmod(self._numbers.unscramble(int(digits)), PER_DAY)

    def _make(self, plan: OrderPlan) -> Order:
        draws = stream(self._seed, "order", plan.day, plan.sequence)
        store = STORES[plan.marketplace_id]
        business = draws.random() < 0.09
        prime = draws.random() < (0.78 if plan.by_amazon else 0.12)
        promoted = draws.random() < 0.11
        gift = draws.random() < 0.03
        programs = [name for name, given in (("AMAZON_BUSINESS", business), ("PRIME", prime)) if given]
        if plan.kind == PREORDER:
            programs.append("PREORDER")
        if plan.kind == MULTI_CHANNEL:
            programs = []
        base = plan.day * PER_DAY + plan.sequence
        lines = tuple(
            self._line(
                plan,
                position,
                f"{self._numbers.scramble(base * 4 + position):014d}",
                promoted=promoted,
                gift=gift,
                prime=prime,
            )
            for position in range(len(plan.lines))
        )
        alias = f"NM-{base % 10**9:09d}" if plan.kind == MULTI_CHANNEL or not plan.by_amazon else None
        level = ("SECOND_DAY" if prime else "STANDARD") if plan.by_amazon else draws.choice(("STANDARD", "EXPEDITED"))
        return Order(self.order_id(plan), plan, store, tuple(programs), level, alias, lines)

    def _line(self, plan: OrderPlan, position: int, item_id: str, *, promoted: bool, gift: bool, prime: bool) -> Line:
        store = STORES[plan.marketplace_id]
        index, units = plan.lines[position]
        pool = self._catalog.pools[index]
        price = pool.prices[store.marketplace_id]
        if plan.kind in (REPLACEMENT, MULTI_CHANNEL):
            return Line(item_id, pool, units, ZERO if plan.kind == REPLACEMENT else price, ZERO, ZERO, ZERO, ZERO, ZERO)
        item = price * units
        shipping = ZERO if prime or plan.by_amazon else Decimal("4.99") + units
        gift_wrap = Decimal("3.99") if gift else ZERO
        discount = _cents(item * Decimal("0.10")) if promoted else ZERO
        tax = _cents((item - discount) * store.tax_rate)
        return Line(item_id, pool, units, price, item, shipping, gift_wrap, discount, tax)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def pretend_buyer(order: Order) -> str:
    """A buyer's name that nobody can take for a real one."""
    return f"Simulated Buyer {number('buyer', order.order_id) % 10_000:04d}"
