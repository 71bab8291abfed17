"""One simulated week of one account: its clock, its Amazon, the truth about it, and what a client made of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Final

import httpx

from amazon_pipeline.simulator import account
from amazon_pipeline.simulator.clock import ManualClock, from_ms, to_ms
from amazon_pipeline.simulator.marketplaces import CA, US
from amazon_pipeline.simulator.server import RunningSimulator

START: Final = datetime(2026, 11, 16, tzinfo=UTC)
EVERY: Final = timedelta(minutes=15)
DELAY: Final = timedelta(minutes=3)
"""Every window ends so long before its sync, ours and the library's: Amazon wants two minutes."""
MARKETPLACES: Final = (US, CA)
PAGE: Final = 100
RATE: Final = 0.0056
BURST: Final = 20
BUDGET_SECONDS: Final = 600.0
LONGEST_LIFE: Final = timedelta(days=13)
OPERATION: Final = "searchOrders"

Version = tuple[str, datetime]
"""An order and the time of the change that made it so."""


@dataclass(frozen=True)
class Week:
    """What is played: about how many changes a day, over how many days, and what is out of the ordinary."""

    changes_per_day: int
    days: float = 7
    is_first: bool = False
    """The account is new: the first sync finds nothing and reaches back as far as the client does."""
    drained_every: int = 0
    """Another program on the account takes every token there is before each such sync; 0: we are alone."""

    @property
    def syncs(self) -> int:
        """How many there are."""
        return round(self.days * 96)

    @property
    def orders_per_day(self) -> float:
        """An order changes 3.1 times on average: placed, released, shipped, and some once more."""
        return self.changes_per_day / 3.1


@dataclass
class Played:
    """How a client's week went."""

    calls: int = 0
    throttled: int = 0
    syncs: int = 0
    incomplete: int = 0
    """Syncs that ended with something of their windows left to read."""
    lags: list[timedelta] = field(default_factory=list)
    """After each sync: how old the moment is up to which everything is known."""
    landed: dict[Version, datetime] = field(default_factory=dict)
    """When each version first landed."""
    rows: int = 0
    """Rows landed, repetitions among them."""
    known_until: datetime | None = None
    read_until: datetime = START


class Scene:
    """A running week. ``clock`` is the client's and Amazon's."""

    def __init__(self, week: Week, simulator: RunningSimulator, clock: ManualClock) -> None:
        self.week = week
        self.simulator = simulator
        self.clock = clock
        self.known_before = None if week.is_first else START - EVERY - DELAY
        self._foreign = 0
        self._foreign_throttled = 0

    def sleep(self, seconds: float) -> None:
        """Waiting costs no time but the clock's."""
        self.clock.advance(timedelta(seconds=seconds))

    def syncs(self) -> Iterator[int]:
        """Each quarter of an hour; one is passed over while the sync before is still running, as a schedule does."""
        for number in range(self.week.syncs):
            due = START + number * EVERY
            if self.clock() > due:
                continue
            self.clock.advance(due - self.clock())
            if self.week.drained_every and number % self.week.drained_every == 0:
                self._drain()
            if sys.stderr.isatty() and number % 96 == 0:
                print(f"  {self.week.changes_per_day} a day: day {number // 96 + 1}", file=sys.stderr)
            yield number

    def calls(self) -> tuple[int, int]:
        """Calls of searchOrders so far and 429s among them, less those of the other program."""
        mine = self.simulator.calls
        total = sum(call.operation == OPERATION for call in mine) - self._foreign
        return total, sum(call.operation == OPERATION and call.status == 429 for call in mine) - self._foreign_throttled

    def _drain(self) -> None:
        """The other program: it asks until Amazon refuses."""
        url = self.simulator.sp_api_endpoint
        form = {
            "grant_type": "refresh_token",
            "refresh_token": account.REFRESH_TOKEN,
            "client_id": account.APP_ID,
            "client_secret": account.CLIENT_SECRET,
        }
        with httpx.Client(trust_env=False) as client:
            token = client.post(self.simulator.lwa_endpoint, data=form).json()["access_token"]
            since = (self.clock() - timedelta(minutes=30)).isoformat(timespec="seconds")
            status = 200
            while status == 200:
                status = client.get(
                    f"{url}/orders/2026-01-01/orders",
                    params={"createdAfter": since, "maxResultsPerPage": "1"},
                    headers={"x-amz-access-token": token},
                ).status_code
                self._foreign += 1
        self._foreign_throttled += status == 429

    # The truth.

    def changes(self) -> int:
        """Changes that came to pass in the span played."""
        begin, end = to_ms(START), to_ms(START + self.week.syncs * EVERY)
        states = self.simulator.world.orders_at(START + self.week.syncs * EVERY, START - LONGEST_LIFE)
        return sum(begin <= at < end for state in states for at, _ in state.plan.changes)

    def changed(self, after: datetime, until: datetime, now: datetime) -> int:
        """Orders whose latest change up to ``now`` lies in (after, until]."""
        return len(self.simulator.world.updated(to_ms(after) + 1, to_ms(until), to_ms(now)))

    def missing(self, played: Played) -> tuple[int, int]:
        """Orders whose latest version never landed: those the client believes to have read, and those left to read."""
        begin = self.known_before or START - timedelta(hours=48)
        until = played.read_until
        lost = left = 0
        for state in self.simulator.world.updated(to_ms(begin) + 1, to_ms(until), to_ms(until + DELAY)):
            at = from_ms(state.changed)
            if (state.order_id, at) not in played.landed:
                believed = played.known_until is not None and at <= played.known_until
                lost, left = lost + believed, left + (not believed)
        return lost, left


@contextmanager
def scene(week: Week) -> Iterator[Scene]:
    """The account with its own Amazon on a port of this machine."""
    clock = ManualClock(START)
    with RunningSimulator(clock=clock, orders_per_day=week.orders_per_day, marketplaces=MARKETPLACES) as simulator:
        yield Scene(week, simulator, clock)


@dataclass(frozen=True)
class Least:
    """The fewest calls a client could have made.

    ``each_sync``: every sync reads what changed since the one before, in full pages, at least one. ``calls``: the same,
    but within the bucket: what a sync has no tokens for is left to the next, which reads it together with what came
    since. ``floor``: all pages of the week full, and one call a sync.
    """

    calls: int
    each_sync: int
    floor: int
    rows: int


def least(stage: Scene) -> Least:
    """Of the truth alone."""
    calls = each_sync = rows = left = 0
    tokens = float(BURST)
    before = known = stage.known_before or START - timedelta(hours=49) - DELAY
    read_at = START
    for number in range(stage.week.syncs):
        now = START + number * EVERY
        tokens = min(BURST, tokens + (now - read_at).total_seconds() * RATE)
        if stage.week.drained_every and number % stage.week.drained_every == 0:
            tokens = 0.0
        waits = int(BUDGET_SECONDS * RATE + tokens % 1)  # tokens that come while the sync may wait for them
        changed = stage.changed(before, now - DELAY, now)
        rows += changed
        each_sync += max(1, ceil(changed / PAGE))
        before = now - DELAY
        may = int(tokens) + waits
        if not left and may:
            left = max(1, ceil(stage.changed(known, now - DELAY, now) / PAGE))
            known = now - DELAY
        made = min(left, may)
        left -= made
        calls += made
        tokens -= made
        read_at = now
    return Least(calls, each_sync, max(stage.week.syncs, ceil(rows / PAGE)), rows)
