"""Shipments from the seller to Amazon's fulfillment centers, and what was counted in.

Statuses: Amazon's model fulfillmentInboundV0, ``ShipmentStatusList``. ``READY_TO_SHIP`` is answered although the
model's response enum lacks it, as Amazon does: https://github.com/amzn/selling-partner-api-models/issues/270.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from amazon_pipeline.simulator.catalog import Pool
from amazon_pipeline.simulator.chance import Scramble, fraction, letters, number
from amazon_pipeline.simulator.clock import DAY, HOUR, from_ms
from amazon_pipeline.simulator.cycles import CYCLE_DAYS, Group, Timetable
from amazon_pipeline.simulator.marketplaces import STORES
from amazon_pipeline.simulator.stock import Stock

ANNOUNCED = ("WORKING", "READY_TO_SHIP")
ON_THE_WAY = ("SHIPPED", "IN_TRANSIT", "DELIVERED", "CHECKED_IN")
ENDED = ("CLOSED", "CANCELLED", "DELETED")

# Share of the time between announcement and first receipt that has passed when a shipment gets a status.
JOURNEY = (("READY_TO_SHIP", 0.16), ("SHIPPED", 0.25), ("IN_TRANSIT", 0.34), ("DELIVERED", 0.87), ("CHECKED_IN", 0.94))


@dataclass(frozen=True)
class Shipment:
    """One shipment with its whole life; quantities belong to :class:`ShipmentState`."""

    shipment_id: str
    name: str
    group: Group
    cycle: int
    destination: str
    dropped: bool
    """It never arrives: deleted before it left, or cancelled after."""
    changes: tuple[tuple[int, str], ...]
    """(instant, status), the first being the announcement."""

    @property
    def created(self) -> int:
        return self.changes[0][0]


@dataclass(frozen=True)
class ShipmentItem:
    """One product of a shipment at a moment."""

    pool: Pool
    expected: int
    """Amazon's QuantityShipped."""
    received: int


@dataclass(frozen=True)
class ShipmentState:
    """What can be seen of a shipment at a moment; its items in the order of their SKUs."""

    shipment: Shipment
    status: str
    last_updated: datetime
    items: tuple[ShipmentItem, ...]

    @property
    def shipment_id(self) -> str:
        return self.shipment.shipment_id

    @property
    def is_open(self) -> bool:
        return self.status not in ENDED


@dataclass(frozen=True)
class Inbound:
    """Units of one product on their way, as FBA inventory splits them."""

    working: int = 0
    shipped: int = 0
    receiving: int = 0


class Shipments:
    """All shipments of the account."""

    def __init__(self, seed: int, stock: Stock, timetable: Timetable) -> None:
        self._seed = seed
        self._stock = stock
        self._timetable = timetable
        self._ids = Scramble(32**8, "shipment", seed)
        self._known: dict[tuple[int, int, bool], Shipment] = {}

    def announced(self, begin: int, end: int) -> list[Shipment]:
        """Shipments announced from ``begin`` to ``end``, oldest first."""
        found = [
            shipment
            for group in self._timetable.groups
            for cycle in range(
                self._timetable.cycle_at(group, begin), self._timetable.cycle_at(group, end + CYCLE_DAYS * DAY) + 1
            )
            for shipment in self._of(group, cycle)
            if begin <= shipment.created <= end
        ]
        return sorted(found, key=lambda shipment: (shipment.created, shipment.shipment_id))

    def state(self, shipment: Shipment, instant: int) -> ShipmentState:
        """The shipment with its items as they are at ``instant``."""
        items = [self._item(shipment, pool, instant) for pool in shipment.group.pools]
        return ShipmentState(
            shipment,
            status_at(shipment, instant),
            from_ms(self.last_updated(shipment, instant)),
            tuple(sorted((item for item in items if item.expected), key=lambda item: item.pool.seller_sku)),
        )

    def last_updated(self, shipment: Shipment, instant: int) -> int:
        """Instant of the latest change of status or receipt; in milliseconds."""
        moments = [at for at, _ in shipment.changes if at <= instant]
        if not shipment.dropped:
            start = self._timetable.start(shipment.group, shipment.cycle)
            if instant >= start:
                cycles = [self._stock.cycle(pool, shipment.cycle) for pool in shipment.group.pools]
                moments += [receipt.at for one in cycles for receipt in one.receipts if receipt.at <= instant]
        return max(moments)

    def inbound(self, pool: Pool, instant: int) -> Inbound:
        """Units of ``pool`` in open shipments."""
        group = self._timetable.group_of[pool.index]
        cycle = self._timetable.cycle_at(group, instant)
        working = shipped = receiving = 0
        for shipment in (one for number_ in (cycle, cycle + 1) for one in self._of(group, number_)):
            if shipment.created > instant:
                continue
            status = status_at(shipment, instant)
            if status in ENDED:
                continue
            item = self._item(shipment, pool, instant)
            if status in ANNOUNCED:
                working += item.expected
            elif status in ON_THE_WAY:
                shipped += item.expected
            else:
                receiving += max(0, item.expected - item.received)
        return Inbound(working, shipped, receiving)

    def _of(self, group: Group, cycle: int) -> Iterator[Shipment]:
        """The shipment that opens a cycle, and now and then a second one that comes to nothing."""
        yield self._shipment(group, cycle, dropped=False)
        if fraction(self._seed, "dropped", group.index, cycle) < 0.16:
            yield self._shipment(group, cycle, dropped=True)

    def _shipment(self, group: Group, cycle: int, *, dropped: bool) -> Shipment:
        key = (group.index, cycle, dropped)
        if key not in self._known:
            self._known[key] = self._make(group, cycle, dropped=dropped)
        return self._known[key]

    def _make(self, group: Group, cycle: int, *, dropped: bool) -> Shipment:
        store = STORES[group.home]
        start = self._timetable.start(group, cycle)
        plain = ((cycle * 1000 + group.index) * 2 + dropped) % 32**8
        draw = number(self._seed, "destination", group.index, cycle, dropped)
        center = store.fulfillment_centers[draw % len(store.fulfillment_centers)]
        changes = self._dropped(group, cycle, start) if dropped else self._arriving(group, cycle, start)
        name = f"FBA {store.country_code} ({from_ms(changes[0][0]):%m/%d/%Y %H:%M})-{center}"
        shipment_id = f"FBA1{letters(self._ids.scramble(plain), 8)}"
        return Shipment(shipment_id, name, group, cycle, center, dropped, changes)

    def _arriving(self, group: Group, cycle: int, start: int) -> tuple[tuple[int, str], ...]:
        lead = int((11 + 4 * fraction(self._seed, "lead", group.index, cycle)) * DAY)
        changes = [(start - lead, "WORKING")]
        labels_printed = fraction(self._seed, "labels", group.index, cycle) < 0.7
        changes += [
            (start - lead + int(lead * share), status)
            for status, share in JOURNEY
            if status != "READY_TO_SHIP" or labels_printed
        ]
        closing = int((3.5 + 4 * fraction(self._seed, "closing", group.index, cycle)) * DAY)
        return (*changes, (start, "RECEIVING"), (start + closing, "CLOSED"))

    def _dropped(self, group: Group, cycle: int, start: int) -> tuple[tuple[int, str], ...]:
        created = start + int((4 + 5 * fraction(self._seed, "dropped at", group.index, cycle)) * DAY)
        if number(self._seed, "dropped how", group.index, cycle) % 2:
            return ((created, "WORKING"), (created + 40 * HOUR, "DELETED"))
        return (
            (created, "WORKING"),
            (created + 30 * HOUR, "READY_TO_SHIP"),
            (created + 52 * HOUR, "SHIPPED"),
            (created + 90 * HOUR, "CANCELLED"),
        )

    def _item(self, shipment: Shipment, pool: Pool, instant: int) -> ShipmentItem:
        if shipment.dropped:
            draw = number(self._seed, "dropped units", pool.index, shipment.cycle)
            return ShipmentItem(pool, 12 * (draw % 4) if shipment.group.pools[0] is not pool else 24, 0)
        cycle = self._stock.cycle(pool, shipment.cycle)
        received = sum(receipt.units for receipt in cycle.receipts if receipt.at <= instant)
        return ShipmentItem(pool, self._expected(pool, shipment.cycle, cycle.received), received)

    def _expected(self, pool: Pool, cycle: int, received: int) -> int:
        """What the seller says it sent: now and then a few units more, or one fewer, than Amazon counts in."""
        draw = fraction(self._seed, "discrepancy", pool.index, cycle)
        if received > 5 and draw < 0.10:
            return received + 1 + int(draw * 40)
        return received - 1 if received > 5 and draw > 0.97 else received


def status_at(shipment: Shipment, instant: int) -> str:
    """The shipment's status at an instant not before its announcement."""
    for (_, status), (following, _) in pairwise(shipment.changes):
        if instant < following:
            return status
    return shipment.changes[-1][1]
