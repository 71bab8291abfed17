"""When each product is replenished, and when it is sold out: a timetable that depends on the seed and the date alone.

A group of products shares its inbound shipments. Every :data:`CYCLE_DAYS` days a shipment of the group begins to be
received; before that, some of its products run low and some run out. The times do not depend on when the simulator was
started, so that tomorrow's simulator tells the same past.
"""

from __future__ import annotations

from dataclasses import dataclass

from amazon_pipeline.simulator.catalog import Catalog, Pool
from amazon_pipeline.simulator.chance import fraction
from amazon_pipeline.simulator.clock import DAY

CYCLE_DAYS = 28
GROUPS_PER_STORE = 8
ENDINGS = ("out", "low", "well", "out", "low", "out", "low")
"""How the products' cycles end: sold out, nearly so, or with stock to spare."""


@dataclass(frozen=True)
class Group:
    """Products that travel to Amazon together."""

    index: int
    home: str
    pools: tuple[Pool, ...]
    phase: float
    """Where in the cycle the group stands, from 0 to 1: groups are spread evenly, so no day has all the trouble."""


@dataclass(frozen=True)
class Habit:
    """How one product's cycles end."""

    residual: int
    """Fulfillable units left at the lowest point."""
    sold_out_ms: int
    """How long before the next receipt nobody can order it from Amazon's stock any more; 0 if it never sells out."""


class Timetable:
    """The groups, and the moments at which their stock is replenished."""

    def __init__(self, seed: int, catalog: Catalog) -> None:
        self._seed = seed
        self.groups = tuple(_groups(seed, catalog))
        self.group_of = {pool.index: group for group in self.groups for pool in group.pools}
        self.habits = _habits(seed, self.groups)

    def start(self, group: Group, cycle: int) -> int:
        """When the first units of cycle ``cycle`` (counted from 1970) are received."""
        jitter = (fraction(self._seed, "receipt", group.index, cycle) - 0.5) * DAY / 2
        return int((cycle + group.phase) * CYCLE_DAYS * DAY + jitter)

    def cycle_at(self, group: Group, instant: int) -> int:
        """The cycle in which ``instant`` lies."""
        guess = int(instant / (CYCLE_DAYS * DAY) - group.phase)
        while self.start(group, guess) > instant:
            guess -= 1
        while self.start(group, guess + 1) <= instant:
            guess += 1
        return guess

    def sold_out_between(self, begin: int, end: int) -> dict[int, tuple[int, int]]:
        """Products nobody can order for some time between the two instants: pool to (from, until)."""
        windows = {}
        for group in self.groups:
            next_start = self.start(group, self.cycle_at(group, begin) + 1)
            for pool in group.pools:
                length = self.habits[pool.index].sold_out_ms
                if length and next_start - length < end:
                    windows[pool.index] = (next_start - length, next_start)
        return windows


def _groups(seed: int, catalog: Catalog) -> list[Group]:
    """Deal the products of each home by popularity, so that every group has quick and slow ones."""
    by_home: dict[str, list[Pool]] = {}
    for pool in sorted(catalog.pools, key=lambda one: -one.popularity):
        by_home.setdefault(pool.home, []).append(pool)
    members = [
        (home, tuple(pools[slot::GROUPS_PER_STORE]))
        for home, pools in by_home.items()
        for slot in range(min(GROUPS_PER_STORE, len(pools)))
    ]
    # Stepping through the circle by a number without a common divisor mixes the stores.
    offset = fraction(seed, "phase")
    step = 5 if len(members) % 5 else 3
    return [
        Group(index, home, pools, (index * step % len(members) + offset) / len(members))
        for index, (home, pools) in enumerate(members)
    ]


def _habits(seed: int, groups: tuple[Group, ...]) -> dict[int, Habit]:
    """Deal the habits along the circle of phases: on any day a few products are out, some low, most are well."""
    habits = {}
    slot = 0
    for group in sorted(groups, key=lambda one: one.phase):
        for pool in group.pools:
            ending = ENDINGS[slot % len(ENDINGS)]
            slot += 1
            draw = fraction(seed, "habit", pool.index)
            if ending == "out":
                habits[pool.index] = Habit(0, int((2.0 + 1.7 * draw) * DAY))
            elif ending == "low":
                habits[pool.index] = Habit(1 + int(8 * draw), 0)
            else:
                habits[pool.index] = Habit(16 + int(40 * draw), 0)
    return habits
