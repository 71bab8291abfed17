"""How many units of a product can be sold at a moment, and what each replenishment brings.

The arithmetic runs backwards: the orders of a whole cycle are known from the seed (:mod:`.demand`), so a receipt is as
large as makes the stock touch the product's residual (:class:`.cycles.Habit`) at its lowest point. Every figure is
therefore a function of seed and date, whenever the simulator was started.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from math import ceil

from amazon_pipeline.simulator.catalog import Pool
from amazon_pipeline.simulator.chance import fraction
from amazon_pipeline.simulator.clock import DAY
from amazon_pipeline.simulator.cycles import Timetable
from amazon_pipeline.simulator.demand import LONGEST_LIFE, Demand, Moves

RECEIPT_SHARES = (0.5, 0.3, 0.2)
"""Amazon counts a shipment in over several days: so much at the start, a day later, two days later."""
TRANSFER_SHARE = 0.2
TRANSFER_TIME = int(1.4 * DAY)
"""That part of each receipt first moves to another fulfillment center and cannot be sold for so long."""
ASIDE_DAYS = 6
"""Damaged, misplaced and side-lined units change in steps of so many days."""


@dataclass(frozen=True)
class Receipt:
    """Units counted in at an instant, and when the part that is transferred first can be sold."""

    at: int
    units: int
    transferred: int
    sellable_at: int


@dataclass(frozen=True, eq=False)
class StockCycle:
    """One product from one replenishment to the next."""

    start: int
    carried: int
    """Fulfillable units at the start, before anything is received."""
    receipts: tuple[Receipt, ...]
    times: tuple[int, ...]
    running: tuple[int, ...]
    """Sum of the orders' changes to the fulfillable units up to each of ``times``."""

    @property
    def received(self) -> int:
        return sum(receipt.units for receipt in self.receipts)


@dataclass(frozen=True)
class OnHand:
    """Units of a product inside Amazon's fulfillment centers."""

    fulfillable: int
    customer_orders: int
    transfer: int
    fc_processing: int
    customer_damaged: int
    warehouse_damaged: int
    researching: int
    last_change: int
    """Instant of the latest order, shipment to a customer or receipt."""


class Stock:
    """Stock of every product at every moment."""

    def __init__(self, seed: int, demand: Demand, timetable: Timetable) -> None:
        self._seed = seed
        self._demand = demand
        self._timetable = timetable
        self._needs = lru_cache(maxsize=None)(self._measure)
        self.cycle = lru_cache(maxsize=None)(self._make)
        """The :class:`StockCycle` of (pool, cycle number)."""

    def on_hand(self, pool: Pool, instant: int) -> OnHand:
        """Units of ``pool`` at ``instant``."""
        number = self._timetable.cycle_at(self._timetable.group_of[pool.index], instant)
        cycle = self.cycle(pool, number)
        moved = _running_at(cycle.times, cycle.running, instant)
        counted = [receipt for receipt in cycle.receipts if receipt.at <= instant]
        transfer = sum(receipt.transferred for receipt in counted if receipt.sellable_at > instant)
        sellable = cycle.carried + sum(receipt.units for receipt in counted) - transfer + moved
        held, moved_at = self._held(pool, instant)
        arrivals = [at for receipt in counted for at in (receipt.at, receipt.sellable_at) if at <= instant]
        period = instant // (ASIDE_DAYS * DAY)
        return OnHand(
            fulfillable=sellable,
            customer_orders=held,
            transfer=transfer,
            fc_processing=self._aside("processing", pool, instant // DAY, 0.06, 2),
            customer_damaged=self._aside("customer", pool, period, 0.45, 4),
            warehouse_damaged=self._aside("warehouse", pool, period, 0.12, 2),
            researching=self._aside("researching", pool, period, 0.08, 2),
            last_change=max([cycle.start, moved_at, *arrivals]),
        )

    def _aside(self, what: str, pool: Pool, period: int, chance: float, most: int) -> int:
        """Returned, misplaced or side-lined units: they come back from customers, not out of the sellable stock."""
        draw = fraction(self._seed, what, pool.index, period)
        return 1 + int(draw / chance * most) if draw < chance else 0

    def _moves(self, pool: Pool, begin: int, end: int) -> Iterator[Moves]:
        """Movements by the orders of all days between two instants."""
        for day in range(begin // DAY, (end - 1) // DAY + 1):
            moves = self._demand.moves(day).get(pool.index)
            if moves:
                yield moves

    def _held(self, pool: Pool, instant: int) -> tuple[int, int]:
        """Units reserved for orders at ``instant``, and when an order last moved the stock (0: long ago)."""
        held = moved_at = 0
        for moves in self._moves(pool, instant - LONGEST_LIFE, instant + 1):
            done = bisect_right(moves.at, instant)
            if done:
                held += moves.held[done - 1]
                moved_at = max(moved_at, moves.at[done - 1])
        return held, moved_at

    def _measure(self, pool: Pool, number: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
        """Times and running sums of the orders' changes in a cycle, and the units it must begin with."""
        group = self._timetable.group_of[pool.index]
        begin, end = self._timetable.start(group, number), self._timetable.start(group, number + 1)
        moves = sorted(
            (at, fulfillable)
            for moves in self._moves(pool, begin - LONGEST_LIFE, end)
            for at, fulfillable in zip(moves.at, moves.fulfillable, strict=True)
            if fulfillable and begin <= at < end
        )
        running = tuple(accumulate(change for _, change in moves))
        need = self._timetable.habits[pool.index].residual - min(running, default=0)
        return tuple(at for at, _ in moves), running, need

    def _opening(self, pool: Pool, number: int) -> int:
        """Units a cycle begins with: what it needs, or what was left if that is more (then nothing is sent)."""
        _, before, needed_before = self._needs(pool, number - 1)
        left = needed_before + (before[-1] if before else 0)
        return max(self._needs(pool, number)[2], left)

    def _make(self, pool: Pool, number: int) -> StockCycle:
        group = self._timetable.group_of[pool.index]
        start = self._timetable.start(group, number)
        times, running, _ = self._needs(pool, number)
        before = self._needs(pool, number - 1)[1]
        opening = self._opening(pool, number)
        # Never negative: only an account that sells next to nothing can have more left than it needs two cycles on.
        carried = min(opening, self._opening(pool, number - 1) + (before[-1] if before else 0))
        receipts = _receipts(start, opening - carried, TRANSFER_SHARE)
        if not _lasts(carried, receipts, times, running):
            receipts = (Receipt(start, opening - carried, 0, start),) if opening > carried else ()
        return StockCycle(start, carried, receipts, times, running)


def _running_at(times: tuple[int, ...], running: tuple[int, ...], instant: int) -> int:
    position = bisect_right(times, instant)
    return running[position - 1] if position else 0


def _receipts(start: int, units: int, transfer_share: float) -> tuple[Receipt, ...]:
    """``units`` counted in over two days, the largest part first."""
    receipts = []
    left = units
    for step, share in enumerate(RECEIPT_SHARES):
        part = min(left, ceil(units * share)) if step < len(RECEIPT_SHARES) - 1 else left
        if part:
            at = start + step * DAY + step * step * DAY // 10
            receipts.append(Receipt(at, part, int(part * transfer_share), at + TRANSFER_TIME))
            left -= part
    return tuple(receipts)


def _lasts(carried: int, receipts: tuple[Receipt, ...], times: tuple[int, ...], running: tuple[int, ...]) -> bool:
    """Whether the stock never falls below zero while the shipment is still being counted in."""
    for at, moved in zip(times, running, strict=True):
        sellable = sum(
            receipt.units - (receipt.transferred if receipt.sellable_at > at else 0)
            for receipt in receipts
            if receipt.at <= at
        )
        if carried + sellable + moved < 0:
            return False
    return True
