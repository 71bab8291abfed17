"""The simulated seller's whole account, and the truth about it at any moment.

Everything is a function of the seed and the date: restart the simulator tomorrow and yesterday's orders, stock and
shipments are the same. The clock only says how much of it has happened yet.

Unless ``history_days`` are asked for, the account's history begins on the first day of the quarter that began at least
100 days before the simulator was started (:func:`opening_day`), so it is 100 to 192 days long. When a later start falls
into the next quarter the oldest months are no longer shown; nothing that is shown changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import attrgetter, itemgetter

from amazon_pipeline.simulator.catalog import Catalog
from amazon_pipeline.simulator.clock import DAY, Clock, real_time, to_ms
from amazon_pipeline.simulator.cycles import Timetable
from amazon_pipeline.simulator.demand import REPLACEMENT, Demand, OrderPlan
from amazon_pipeline.simulator.inbound import Shipment, Shipments, ShipmentState
from amazon_pipeline.simulator.inventory import StockState, stock_state
from amazon_pipeline.simulator.marketplaces import CA, STORES, US
from amazon_pipeline.simulator.orders import Order, OrderBook, OrderState
from amazon_pipeline.simulator.stock import Stock

DEFAULT_SEED = 20260101
DEFAULT_ORDERS_PER_DAY = 150.0
DEFAULT_SKU_COUNT = 60
REPLACED_WITHIN_DAYS = 25


def opening_day(now: datetime, history_days: int | None = None) -> datetime:
    """00:00 UTC of the day ``history_days`` ago, or of the first day of the quarter begun at least 100 days ago."""
    latest = now.astimezone(UTC) - timedelta(days=100 if history_days is None else history_days)
    if history_days is None:
        return datetime(latest.year, (latest.month - 1) // 3 * 3 + 1, 1, tzinfo=UTC)
    return datetime(latest.year, latest.month, latest.day, tzinfo=UTC)


class World:
    """A seller account; ask it for the truth with the ``*_at`` methods."""

    def __init__(
        self,
        *,
        seed: int = DEFAULT_SEED,
        clock: Clock = real_time,
        orders_per_day: float = DEFAULT_ORDERS_PER_DAY,
        sku_count: int = DEFAULT_SKU_COUNT,
        marketplaces: tuple[str, ...] = (US, CA),
        history_days: int | None = None,
    ) -> None:
        if not marketplaces or not set(marketplaces) <= STORES.keys():
            raise ValueError(f"marketplaces are some of {', '.join(STORES)}")
        if sku_count < 1 or orders_per_day < 0:
            raise ValueError("an account has at least one SKU and no negative number of orders")
        if history_days is not None and history_days < 0:
            raise ValueError("an account was not opened in the future: history_days is at least 0")
        self.clock = clock
        self.seed = seed
        self.marketplaces = marketplaces
        self.opened = opening_day(clock(), history_days)
        self.catalog = Catalog(seed, sku_count, marketplaces)
        timetable = Timetable(seed, self.catalog)
        self._demand = Demand(seed, self.catalog, timetable, orders_per_day)
        self._book = OrderBook(seed, self.catalog)
        self._stock = Stock(seed, self._demand, timetable)
        self._shipments = Shipments(seed, self._stock, timetable)
        self._opened = to_ms(self.opened)

    def warm_up(self) -> None:
        """Work out the stock of today, so that the first question is answered as fast as the later ones."""
        self.inventory_at(self.clock())

    # The truth, for tests.

    def orders_at(self, moment: datetime, since: datetime | None = None) -> list[OrderState]:
        """Every order placed by ``moment`` (and not before ``since``), oldest first, as it stands at ``moment``."""
        instant = to_ms(moment)
        begin = self._opened if since is None else max(self._opened, to_ms(since))
        return [OrderState(plan, instant, self._book) for plan in self._placed(begin, instant)]

    def inventory_at(self, moment: datetime) -> list[StockState]:
        """Every SKU of every marketplace, in that order."""
        instant = to_ms(moment)
        return [
            stock_state(self._stock, self._shipments, pool, marketplace_id, instant)
            for marketplace_id in self.marketplaces
            for pool in self.catalog.sold_in(marketplace_id)
        ]

    def shipments_at(self, moment: datetime) -> list[ShipmentState]:
        """Every shipment announced by ``moment``, oldest first."""
        instant = to_ms(moment)
        return [self._shipments.state(shipment, instant) for shipment in self.shipments(instant)]

    # What the HTTP routes ask; instants are milliseconds since 1970.

    def updated(self, begin: int, end: int, now: int) -> list[OrderState]:
        """Orders whose latest change up to ``now`` lies in [begin, end], in the order of those changes."""
        return list(self.updates(begin, end, now))

    def updates(self, begin: int, end: int, now: int) -> Iterator[OrderState]:
        """The same, one after the other: a wide window of a large account is not worked out to its end."""
        begin, end = max(begin, self._opened), min(end, now)
        for day in range(begin // DAY, end // DAY + 1):
            changes = self._demand.changes(day)
            for change in islice(changes, bisect_left(changes, begin, key=itemgetter(0)), None):
                if change.at > end:
                    return
                overtaken = change.until is not None and change.until <= now
                if not overtaken and change.plan.created >= self._opened:
                    yield OrderState(change.plan, now, self._book)

    def created(self, begin: int, end: int, now: int) -> list[OrderState]:
        """Orders placed in [begin, end], oldest first."""
        return list(self.placements(begin, end, now))

    def placements(self, begin: int, end: int, now: int) -> Iterator[OrderState]:
        """The same, one after the other."""
        for plan in self._placed(max(begin, self._opened), min(end, now)):
            yield OrderState(plan, now, self._book)

    def order(self, order_id: str, now: int) -> OrderState | None:
        """The order of that id, None if there is none yet."""
        place = self._book.day_and_sequence(order_id)
        if place is None or not self._opened // DAY <= place[0] <= now // DAY:
            return None
        orders = self._demand.day(place[0])
        if place[1] >= len(orders) or self._book.order_id(orders[place[1]]) != order_id:
            return None
        plan = orders[place[1]]
        return OrderState(plan, now, self._book) if plan.created <= now else None

    def replaced_order_id(self, order: Order) -> str | None:
        """The earlier order that a replacement replaces: one that brought the same product and was shipped."""
        wanted = order.plan.lines[0][0]
        for day in range(order.plan.day - 3, order.plan.day - REPLACED_WITHIN_DAYS, -1):
            for plan in self._demand.day(day):
                if self._could_be_replaced(plan, order.plan, wanted):
                    return self._book.order_id(plan)
        return None

    def stock(self, marketplace_id: str, skus: list[str], now: int) -> list[StockState]:
        """FBA inventory of those SKUs; they must be sold there."""
        return [
            stock_state(self._stock, self._shipments, self.catalog.by_sku[sku], marketplace_id, now) for sku in skus
        ]

    def stock_changed_at(self, sku: str, now: int) -> int:
        """Instant of the latest change of a SKU's stock inside Amazon's fulfillment centers."""
        return self._stock.on_hand(self.catalog.by_sku[sku], now).last_change

    def shipments(self, now: int) -> list[Shipment]:
        """Shipments announced so far, oldest first; their items cost more: :meth:`shipment_state`."""
        return self._shipments.announced(self._opened, now)

    def shipment_updated_at(self, shipment: Shipment, now: int) -> int:
        return self._shipments.last_updated(shipment, now)

    def shipment_state(self, shipment: Shipment, now: int) -> ShipmentState:
        return self._shipments.state(shipment, now)

    def _placed(self, begin: int, end: int) -> Iterator[OrderPlan]:
        for day in range(begin // DAY, end // DAY + 1):
            plans = self._demand.day(day)
            for plan in islice(plans, bisect_left(plans, begin, key=attrgetter("created")), None):
                if plan.created > end:
                    return
                yield plan

    @staticmethod
    def _could_be_replaced(plan: OrderPlan, replacement: OrderPlan, pool: int) -> bool:
        return (
            plan.marketplace_id == replacement.marketplace_id
            and plan.kind != REPLACEMENT
            and bool(plan.shipped)
            and plan.shipped[-1] < replacement.created
            and any(index == pool for index, _ in plan.lines)
        )
