"""Shopify's points, kept by us: one leaky bucket per store, shared by every process through the state file.

Shopify takes what a query asks for from the bucket before it runs, gives back what the query did not use, restores at a
steady rate, and says with every answer how the bucket stands:
https://shopify.dev/docs/api/usage/limits. So the bucket here is corrected by each answer; what it is for is to wait
*before* asking, and to know of the other processes' queries that are under way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amazon_pipeline.state import Connection, Location, transaction

BUCKET: Final = "shopifyAdmin"
"""Under this name the bucket stands beside Amazon's operations in the table ``quota``; its tokens are points."""

_FIRST_MAXIMUM: Final = 1000.0
_FIRST_RATE: Final = 50.0
"""What the smallest plan has had; Shopify's first answer says better."""
_CLOCK_WENT_BACK: Final = 5.0  # seconds
_LONGEST_BLOCK: Final = 3600.0  # a nonsensical Retry-After must not silence a store for good
_SHORTEST_WAIT: Final = 0.01  # seconds; a clock of microseconds does not move by less than one


@dataclass(frozen=True)
class ThrottleStatus:
    """``extensions.cost.throttleStatus`` and what the query asked for and used; points, and points per second."""

    maximum: float
    available: float
    restore_rate: float
    requested: float | None = None
    actual: float | None = None


@dataclass
class _Bucket:
    points: float
    rate: float
    maximum: float
    updated_at: float
    blocked_until: float

    def advance(self, now: float) -> None:
        elapsed = now - self.updated_at
        if elapsed < -_CLOCK_WENT_BACK:
            self.blocked_until += elapsed
        self.points = min(self.maximum, self.points + max(0.0, elapsed) * self.rate)
        self.updated_at = now

    def wait(self, now: float, cost: float) -> float:
        wanted = min(cost, self.maximum)  # a dearer query would never be allowed; Shopify says so itself
        seconds = max(self.blocked_until - now, (wanted - self.points) / self.rate)
        return max(seconds, _SHORTEST_WAIT) if seconds > 0 else 0.0


class CostLedger:
    """The bucket of one store in the state at ``location``; safe between threads and processes.

    ``clock`` tells the aware UTC time.
    """

    def __init__(self, location: Location, *, store: str, clock: Callable[[], datetime]) -> None:
        self._location = location
        self._store = store
        self._clock = clock

    def points(self) -> float:
        """Points in the bucket now, as far as is known."""
        with transaction(self._location) as connection:
            return self._load(connection, self._now()).points

    def take(self, cost: float) -> float:
        """Take ``cost`` points and return 0, or take none and return the seconds until they may be there."""
        with transaction(self._location) as connection:
            now = self._now()
            bucket = self._load(connection, now)
            wait = bucket.wait(now, cost)
            if wait > 0:
                return wait
            bucket.points -= min(cost, bucket.maximum)
            self._save(connection, bucket)
            return 0.0

    def settle(self, taken: float, status: ThrottleStatus | None) -> None:
        """An answer has come: the bucket is as Shopify says, or, where it says nothing, gets back what was taken."""
        with transaction(self._location) as connection:
            bucket = self._load(connection, self._now())
            if status is None:
                bucket.points = min(bucket.maximum, bucket.points + taken)
            else:
                bucket.maximum, bucket.rate = status.maximum, status.restore_rate
                bucket.points = min(status.available, status.maximum)
            self._save(connection, bucket)

    def throttled(self, cost: float, status: ThrottleStatus | None, *, retry_after: float | None = None) -> float:
        """Shopify refused a query of ``cost`` points for now. Seconds until it may be asked again, at least one."""
        with transaction(self._location) as connection:
            now = self._now()
            bucket = self._load(connection, now)
            if status is not None:
                bucket.maximum, bucket.rate = status.maximum, status.restore_rate
                bucket.points = min(status.available, status.maximum)
            else:
                bucket.points = min(bucket.points, 0.0)
            pause = max(min(retry_after or 0.0, _LONGEST_BLOCK), 1.0)
            bucket.blocked_until = max(bucket.blocked_until, now + pause)
            self._save(connection, bucket)
            return bucket.wait(now, cost)

    def _now(self) -> float:
        # read inside the transaction, after its lock is held, so that times never run against the order of writes
        return self._clock().timestamp()

    def _load(self, connection: Connection, now: float) -> _Bucket:
        row = connection.execute(
            "SELECT tokens, rate, burst, updated_at, blocked_until FROM quota WHERE seller_id = ? AND operation = ?",
            (self._store, BUCKET),
        ).fetchone()
        bucket = _Bucket(*row) if row else _Bucket(_FIRST_MAXIMUM, _FIRST_RATE, _FIRST_MAXIMUM, now, 0.0)
        bucket.advance(now)
        return bucket

    def _save(self, connection: Connection, bucket: _Bucket) -> None:
        connection.execute(
            "INSERT INTO quota (seller_id, operation, tokens, rate, burst, updated_at, blocked_until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (seller_id, operation) DO UPDATE SET tokens = excluded.tokens, rate = excluded.rate,"
            " burst = excluded.burst, updated_at = excluded.updated_at, blocked_until = excluded.blocked_until",
            (
                self._store,
                BUCKET,
                bucket.points,
                bucket.rate,
                bucket.maximum,
                bucket.updated_at,
                bucket.blocked_until,
            ),
        )


def read_cost(extensions: Any) -> ThrottleStatus | None:
    """What an answer's ``extensions.cost`` says; None where it is missing or makes no sense."""
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    status = cost.get("throttleStatus") if isinstance(cost, dict) else None
    if not isinstance(cost, dict) or not isinstance(status, dict):
        return None
    maximum, available, rate = (
        _number(status.get(name)) for name in ("maximumAvailable", "currentlyAvailable", "restoreRate")
    )
    if maximum is None or available is None or rate is None or maximum <= 0 or rate <= 0:
        return None
    return ThrottleStatus(
        maximum, available, rate, _number(cost.get("requestedQueryCost")), _number(cost.get("actualQueryCost"))
    )


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
