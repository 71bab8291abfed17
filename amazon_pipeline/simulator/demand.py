"""Which orders come in on a day, and what happens to them later: decided once per seed and date.

An :class:`OrderPlan` holds the whole life of an order, also what is still to come; what is visible at a given moment
is told by :mod:`.orders`. Statuses: Amazon's model orders_2026-01-01, ``FulfillmentStatus``.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import itemgetter
from random import Random
from typing import NamedTuple

from amazon_pipeline.simulator.catalog import Catalog, Shelf
from amazon_pipeline.simulator.chance import stream
from amazon_pipeline.simulator.clock import DAY, HOUR, MINUTE
from amazon_pipeline.simulator.cycles import Timetable
from amazon_pipeline.simulator.marketplaces import STORES

LONGEST_LIFE = 12 * DAY
"""No order changes later than this after it was placed, a pre-order included."""

# Orders per hour of the day in UTC: quiet at night in America, most in the evening there (US Eastern is UTC-5).
HOUR_WEIGHTS = (62, 60, 55, 47, 38, 28, 19, 12, 8, 6, 6, 8, 14, 24, 35, 44, 50, 54, 56, 56, 55, 54, 56, 60)
HOUR_ENDS = tuple(accumulate(HOUR_WEIGHTS))
WEEKDAY_FACTORS = (1.08, 1.05, 1.02, 0.99, 0.93, 0.88, 1.05)
"""Monday to Sunday; they average 1."""
UNITS = (1, 2, 3, 4, 6)
UNIT_ENDS = (840, 950, 980, 992, 1000)

STANDARD, MULTI_CHANNEL, REPLACEMENT, PREORDER = "standard", "multi-channel", "replacement", "preorder"


@dataclass(slots=True, eq=False)
class OrderPlan:
    """One order: what was bought, and every change with its instant (ms since 1970), the first being its creation."""

    day: int
    sequence: int
    marketplace_id: str
    kind: str
    by_amazon: bool
    lines: tuple[tuple[int, int], ...]
    """(pool, units) of each order line."""
    changes: tuple[tuple[int, str], ...]
    shipped: tuple[int, ...]
    """Instant at which each line is shipped; empty if the order never is."""

    @property
    def created(self) -> int:
        return self.changes[0][0]

    @property
    def released(self) -> int | None:
        """Instant at which units that will never be shipped are free again."""
        end, status = self.changes[-1]
        return end if status in ("CANCELLED", "UNFULFILLABLE") else None


class Change(NamedTuple):
    """One change of an order; ``until`` is the instant of the next one, None if there is none."""

    at: int
    day: int
    sequence: int
    until: int | None
    plan: OrderPlan


class Moves(NamedTuple):
    """What the orders of one day do to one pool of FBA stock, in the order of time; arrays, for there are many."""

    at: array[int]
    fulfillable: array[int]
    """Units taken from what can be sold, or given back."""
    held: array[int]
    """Running sum of the units that lie reserved until they are shipped."""


REMEMBERED_ORDERS = 300_000
"""A large account's older days are forgotten and made again when they are asked for."""
REMEMBERED_DAYS = 30


class Demand:
    """The orders of any day, made when they are asked for; and what follows from them."""

    def __init__(self, seed: int, catalog: Catalog, timetable: Timetable, orders_per_day: float) -> None:
        self._seed = seed
        self._catalog = catalog
        self._timetable = timetable
        days = max(REMEMBERED_DAYS, int(REMEMBERED_ORDERS / max(orders_per_day, 1)))
        self.day = lru_cache(maxsize=days)(self._make)
        """All orders placed on the UTC day that begins so many days after 1970-01-01, in the order of their times."""
        self.moves = lru_cache(maxsize=None)(self._moves)
        """What the orders of that day do to each pool of stock."""
        self.changes = lru_cache(maxsize=days)(self._changes)
        """Every change, in time, that comes to pass on that day, whenever the order was placed."""
        self._changes_by_day = lru_cache(maxsize=days)(self._sort_changes)
        shares = {one: STORES[one].share for one in catalog.shelves}
        total = sum(shares.values())
        self._mean = {one: orders_per_day * share / total for one, share in shares.items()}

    def _make(self, day: int) -> tuple[OrderPlan, ...]:
        sold_out = self._timetable.sold_out_between(day * DAY, (day + 1) * DAY)
        orders = [
            plan
            for marketplace_id, mean in self._mean.items()
            for plan in self._orders(day, marketplace_id, mean, sold_out)
        ]
        orders.sort(key=lambda plan: plan.changes[0][0])
        for sequence, plan in enumerate(orders):
            plan.sequence = sequence
        return tuple(orders)

    def _moves(self, day: int) -> dict[int, Moves]:
        found: dict[int, list[tuple[int, int, int]]] = {}
        for plan in self.day(day):
            if plan.by_amazon:
                _move_stock(plan, found)
        moves = {}
        for pool, rows in found.items():
            rows.sort()
            moves[pool] = Moves(
                array("q", (row[0] for row in rows)),
                array("i", (row[1] for row in rows)),
                array("i", accumulate(row[2] for row in rows)),
            )
        return moves

    def _sort_changes(self, day: int) -> dict[int, list[Change]]:
        """The changes of the orders placed on a day, by the day on which they come to pass."""
        found: dict[int, list[Change]] = {}
        for plan in self.day(day):
            for (at, _), (until, _) in pairwise((*plan.changes, (None, ""))):
                assert at is not None  # noqa: S101 - only the end has no instant
                found.setdefault(at // DAY, []).append(Change(at, day, plan.sequence, until, plan))
        return found

    def _changes(self, day: int) -> list[Change]:
        placed = range(day - LONGEST_LIFE // DAY, day + 1)
        found = [change for one in placed for change in self._changes_by_day(one).get(day, ())]
        found.sort(key=itemgetter(0, 1, 2))
        return found

    def _orders(
        self, day: int, marketplace_id: str, mean: float, sold_out: dict[int, tuple[int, int]]
    ) -> list[OrderPlan]:
        draws = stream(self._seed, "day", day, marketplace_id)
        # 1970-01-01 was a Thursday.
        expected = mean * WEEKDAY_FACTORS[(day + 3) % 7]
        count = max(0, round(draws.gauss(expected, expected**0.5 * 0.7)))
        hours = draws.choices(range(24), cum_weights=HOUR_ENDS, k=count)
        shelf = self._catalog.shelves[marketplace_id]
        orders = []
        for hour in hours:
            created = day * DAY + hour * HOUR + int(draws.random() * HOUR)
            by_amazon, kind = _kind(draws.random())
            lines = _lines(draws, shelf, created, sold_out if by_amazon else {})
            if lines:
                changes, shipped = _life(draws, kind, created, by_amazon, len(lines))
                orders.append(OrderPlan(day, 0, marketplace_id, kind, by_amazon, lines, changes, shipped))
        return orders


def _kind(draw: float) -> tuple[bool, str]:
    """Whether Amazon fulfils the order, and what sort of order it is."""
    if draw < 0.025:
        return True, MULTI_CHANNEL
    if draw < 0.037:
        return True, REPLACEMENT
    if draw < 0.045:
        return True, PREORDER
    return draw >= 0.13, STANDARD


def _lines(
    draws: Random, shelf: Shelf, created: int, sold_out: dict[int, tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """One to three different products that can be bought at that moment; none if everything is sold out."""
    draw = draws.random()
    wanted = 1 if draw < 0.82 else 2 if draw < 0.96 else 3
    lines: dict[int, int] = {}
    # Sold-out and repeated products are drawn again; a tiny shelf may run dry, so not for ever.
    for index in draws.choices(shelf.pools, cum_weights=shelf.weights, k=wanted + 3):
        window = sold_out.get(index)
        if index in lines or (window and window[0] <= created < window[1]):
            continue
        lines[index] = draws.choices(UNITS, cum_weights=UNIT_ENDS)[0]
        if len(lines) == wanted:
            break
    return tuple(lines.items())


def _life(
    draws: Random, kind: str, created: int, by_amazon: bool, lines: int
) -> tuple[tuple[tuple[int, str], ...], tuple[int, ...]]:
    """Every change of the order, and when each line is shipped."""
    changes = [(created, "PENDING_AVAILABILITY" if kind == PREORDER else "PENDING")]
    at = created
    if kind == PREORDER:
        at += int((2 + 5 * draws.random()) * DAY)
        changes.append((at, "PENDING"))
    fate = draws.random()
    if fate < 0.035 and kind == STANDARD:
        changes.append((at + int((0.5 + 25 * draws.random()) * HOUR), "CANCELLED"))
        return tuple(changes), ()
    at += int((30 + draws.expovariate(1 / 30)) * MINUTE) if draws.random() < 0.94 else int(30 * draws.random() * HOUR)
    changes.append((at, "UNSHIPPED"))
    if kind == MULTI_CHANNEL and fate > 0.95:
        changes.append((at + 8 * HOUR, "UNFULFILLABLE"))
        return tuple(changes), ()
    at += int((3 + 27 * draws.random()) * HOUR) if by_amazon else int((6 + 48 * draws.random()) * HOUR)
    if lines > 1 and draws.random() < 0.35:
        later = at + int((4 + 32 * draws.random()) * HOUR)
        changes += [(at, "PARTIALLY_SHIPPED"), (later, "SHIPPED")]
        shipped: tuple[int, ...] = (at,) + (later,) * (lines - 1)
    else:
        changes.append((at, "SHIPPED"))
        shipped = (at,) * lines
    if not by_amazon:  # the carrier's proof of delivery changes the package, so the order is updated once more
        changes.append((shipped[-1] + int((2 + 3 * draws.random()) * DAY), "SHIPPED"))
    return tuple(changes), shipped


def _move_stock(plan: OrderPlan, found: dict[int, list[tuple[int, int, int]]]) -> None:
    """An order takes its units off sale at once; they lie reserved until they are shipped or set free.

    To each pool: the instant, the change of what can be sold, the change of what is reserved.
    """
    released = plan.released
    for number, (pool, units) in enumerate(plan.lines):
        moves = found.setdefault(pool, [])
        moves.append((plan.changes[0][0], -units, units))
        moves.append((plan.shipped[number], 0, -units) if released is None else (released, units, -units))
