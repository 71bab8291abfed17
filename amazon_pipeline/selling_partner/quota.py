"""Amazon's quota, kept by us: a token bucket per seller and operation, shared by every process through the state.

Amazon fills each bucket steadily at the operation's rate up to its burst, takes one token per request and answers 429
when it is empty: https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits. Keeping the same bucket
here, a little more pessimistic than Amazon's, means a 429 is the exception.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from amazon_pipeline.pacing import Budget
from amazon_pipeline.selling_partner.operations import Operation
from amazon_pipeline.state import Connection, Location, transaction

__all__ = ["Budget", "QuotaLedger", "Take"]

_HELD_SECONDS: Final = 45.0  # longer than a call's own timeouts: a process that died mid-call holds a bucket no longer
_LONGEST_RETRY_AFTER: Final = 3600.0  # a nonsensical Retry-After must not silence an operation for good
_ALMOST: Final = 1e-6  # tokens lost to floating point


@dataclass(frozen=True)
class Take:
    """One token taken: from which bucket, when (epoch seconds), and how full the bucket was before.

    ``held``: the bucket was full, so it does not refill before this take is settled.
    """

    operation: Operation
    at: float
    before: float
    held: bool


@dataclass
class _Bucket:
    tokens: float
    rate: float
    burst: float
    updated_at: float
    blocked_until: float

    def advance(self, now: float) -> bool:
        """Refill up to ``now``. A bucket dated ahead of ``now`` is held by a call in flight, unless implausibly so.

        True when the clock was found to have gone back: the bucket moved with it, minted nothing, and is to be saved.
        """
        ahead = self.updated_at - now
        went_back = ahead > _HELD_SECONDS + 1
        if went_back:
            self.blocked_until -= ahead
            self.updated_at = now
        elif ahead <= 0:
            self.tokens = min(self.burst, self.tokens - ahead * self.rate)
            self.updated_at = now
        return went_back

    def wait(self, now: float) -> float:
        """Seconds until a token may be there; 0 when one is. A held bucket is worth another look after that."""
        wait = max(0.0, self.blocked_until - now)
        if self.tokens < 1 - _ALMOST:
            margin = min(0.01, 0.01 / self.rate)
            wait = max(wait, (1 - self.tokens) / self.rate + margin)
        return wait


class QuotaLedger:
    """The buckets of one seller in the state at ``location``. ``clock`` tells the aware UTC time.

    Every method is one short transaction, safe between threads and processes. Rates that Amazon announces
    (``x-amzn-RateLimit-Limit``) are remembered; the burst is the documented one.
    """

    def __init__(self, location: Location, *, seller_id: str, clock: Callable[[], datetime]) -> None:
        self._location = location
        self._seller_id = seller_id
        self._clock = clock

    def wait_seconds(self, operation: Operation) -> float:
        """Seconds until the next call of ``operation`` is allowed, as far as is known now; 0 when it is."""
        with transaction(self._location) as connection:
            now = self._now()
            return self._load(connection, operation, now).wait(now)

    def tokens(self, operation: Operation) -> float:
        """Tokens in the bucket now: calls that may be made at once."""
        with transaction(self._location) as connection:
            return self._load(connection, operation, self._now()).tokens

    def take(self, operation: Operation) -> Take | None:
        """Take a token for one HTTP attempt, or None when there is none."""
        with transaction(self._location) as connection:
            now = self._now()
            bucket = self._load(connection, operation, now)
            if bucket.wait(now) > 0:
                return None
            take = Take(operation, now, bucket.tokens, held=bucket.tokens >= bucket.burst - _ALMOST)
            bucket.tokens -= 1
            if take.held:
                # Amazon's full bucket begins to refill when it sees the request, not when we send it
                bucket.updated_at = now + _HELD_SECONDS
            self._save(connection, operation, bucket)
            return take

    def settle(self, take: Take, announced_rate: float | None = None) -> None:
        """The answer to a take has come (or will not): refill from here if the bucket was full, note Amazon's rate."""
        with transaction(self._location) as connection:
            self._save(connection, take.operation, self._settled(connection, take, self._now(), announced_rate))

    def throttled(self, take: Take, *, retry_after: float | None, announced_rate: float | None = None) -> float:
        """Amazon answered a take with 429: the bucket is empty, whatever we thought. Seconds until the next call."""
        with transaction(self._location) as connection:
            now = self._now()
            bucket = self._settled(connection, take, now, announced_rate)
            bucket.tokens = min(bucket.tokens, 0.0)
            pause = max(min(retry_after or 0.0, _LONGEST_RETRY_AFTER), 1 / bucket.rate)
            bucket.blocked_until = max(bucket.blocked_until, now + pause)
            self._save(connection, take.operation, bucket)
            return bucket.wait(now)

    def _now(self) -> float:
        # read inside the transaction, after its lock is held, so that times never run against the order of writes
        return self._clock().timestamp()

    def _settled(self, connection: Connection, take: Take, now: float, announced: float | None) -> _Bucket:
        bucket = self._load(connection, take.operation, now)
        if take.held and bucket.updated_at > now:
            bucket.updated_at = now
        elif not take.held:
            # had Amazon's bucket been full when it saw the request, these tokens would not exist there
            excess = take.before + bucket.rate * max(0.0, now - take.at) - bucket.burst
            bucket.tokens -= min(max(excess, 0.0), 1.0)
        if announced is not None and math.isfinite(announced) and announced > 0:
            # a plan may change; a slip of Amazon's must not stop an operation for days
            bucket.rate = max(announced, take.operation.rate / 10)
        return bucket

    def _load(self, connection: Connection, operation: Operation, now: float) -> _Bucket:
        row = connection.execute(
            "SELECT tokens, rate, updated_at, blocked_until FROM quota WHERE seller_id = ? AND operation = ?",
            (self._seller_id, operation.name),
        ).fetchone()
        if row is None:
            return _Bucket(operation.burst, operation.rate, operation.burst, now, 0.0)
        tokens, rate, updated_at, blocked_until = row
        bucket = _Bucket(min(tokens, operation.burst), rate, operation.burst, updated_at, blocked_until)
        if bucket.advance(now):
            self._save(connection, operation, bucket)
        return bucket

    def _save(self, connection: Connection, operation: Operation, bucket: _Bucket) -> None:
        connection.execute(
            "INSERT INTO quota (seller_id, operation, tokens, rate, burst, updated_at, blocked_until)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (seller_id, operation) DO UPDATE SET tokens = excluded.tokens, rate = excluded.rate,"
            " burst = excluded.burst, updated_at = excluded.updated_at, blocked_until = excluded.blocked_until",
            (
                self._seller_id,
                operation.name,
                bucket.tokens,
                bucket.rate,
                bucket.burst,
                bucket.updated_at,
                bucket.blocked_until,
            ),
        )
