"""Amazon's quota: a token bucket for each operation.

https://developer-docs.amazon.com/sp-api/docs/usage-plans-and-rate-limits: a bucket holds ``burst`` tokens and gets
``rate`` new ones a second; a call takes one.
"""

from __future__ import annotations

from datetime import datetime
from math import isinf

HIGHEST_HEADER = 1_000_000.0
"""An account without quota says this, so that a client always reads a number."""


class Bucket:
    """The tokens of one operation for the one seller there is."""

    def __init__(self, rate: float, burst: int, speed: float = 1.0) -> None:
        self.documented = rate
        self._speed = speed
        self.rate = rate * speed
        """Tokens a second, a test's acceleration included; infinity means no quota at all."""
        self.burst = burst
        self._tokens = float(burst)
        self._counted_at: datetime | None = None

    def take(self, now: datetime) -> bool:
        """Take a token if there is one."""
        if isinf(self.rate):
            return True
        self._fill(now)
        # A token that arrives exactly now may be short by a rounding error of the sums.
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens = max(0.0, self._tokens - 1)
        return True

    def drain(self, now: datetime, tokens: float) -> None:
        """Another program of the account takes tokens."""
        if not isinf(self.rate):
            self._fill(now)
            self._tokens = max(0.0, self._tokens - tokens)

    def change(self, now: datetime, rate: float | None) -> None:
        """Give the bucket another rate (before acceleration) from now on; None: the documented one."""
        wanted = (self.documented if rate is None else rate) * self._speed
        if wanted != self.rate:
            self._fill(now)
            self.rate = wanted

    def _fill(self, now: datetime) -> None:
        """Add the tokens of the time that has passed."""
        if self._counted_at is not None:
            passed = max(0.0, (now - self._counted_at).total_seconds())
            self._tokens = min(self.burst, self._tokens + passed * self.rate)
        self._counted_at = now

    @property
    def header(self) -> str:
        """Value of ``x-amzn-RateLimit-Limit``."""
        return f"{min(self.rate, HIGHEST_HEADER):.10g}"
