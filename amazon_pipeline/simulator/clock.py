"""What time it is in the simulated world: the real time, or one that a test moves by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Answers the present moment, an aware datetime in UTC."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Inside the world instants are integers, milliseconds since 1970 (UTC), the precision of Amazon's order times."""


def real_time() -> datetime:
    """The real present, in UTC."""
    return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is advanced."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("ManualClock wants an aware datetime")
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Move on by ``step`` and answer the new present."""
        if step < timedelta(0):
            raise ValueError("time does not run backwards")
        self._now += step
        return self._now


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, rounded down."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(instant: int) -> datetime:
    """The aware UTC datetime of milliseconds since 1970."""
    return EPOCH + timedelta(milliseconds=instant)


def iso(instant: int) -> str:
    """``2026-11-22T19:05:00.123Z``: how Amazon writes an order's times (ISO 8601, milliseconds, UTC)."""
    return from_ms(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")
