"""How far a set of windows reaches without a gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Window:
    """A span of change times that has been read whole; ``is_first``: nothing before it is wanted."""

    start: datetime
    end: datetime
    is_first: bool = False


def contiguous_end(known: datetime | None, windows: Iterable[Window]) -> datetime | None:
    """Up to when everything is known: from ``known`` on, or from the first window, over windows that leave no gap.

    None while the first window has not been read. A window behind a gap does not count: it was read while an older one
    was, and still is, open.
    """
    end = known
    for window in sorted(windows, key=lambda one: one.start):
        if (end is None and window.is_first) or (end is not None and window.start <= end < window.end):
            end = window.end
    return end
