"""How long a run may take, and what it tells and counts on the way: the same for Amazon and for Shopify."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


class Budget:
    """How long a run may still take.

    ``monotonic`` is a clock in seconds that only goes forward.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._deadline = monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; negative once the time is up."""
        return self._deadline - self._monotonic()


@dataclass(frozen=True)
class Progress:
    """Something a person watching a sync wants to see.

    ``page``: page ``number`` with ``rows`` rows came. ``wait``: ``seconds`` until the quota allows the next call.
    ``retry``: attempt ``number`` failed with ``message``, the next follows in ``seconds``. ``throttled``: attempt
    ``number`` was answered with 429, the next is allowed in ``seconds``. ``report``: ``message`` says how a report or
    a bulk operation stands; it is asked for again in ``seconds``. ``account`` is whose it is, where there are several;
    ``service`` is who is asked.
    """

    operation: str
    kind: Literal["page", "wait", "retry", "throttled", "report"]
    number: int = 0
    rows: int = 0
    seconds: float = 0.0
    message: str = ""
    account: str = ""
    service: str = "Amazon"


@dataclass
class CallStats:
    """What one operation cost: HTTP attempts, those of them answered with 429, seconds waited for quota."""

    calls: int = 0
    throttled: int = 0
    quota_wait_seconds: float = 0.0


def ignore_progress(progress: Progress) -> None:
    """The default for ``on_progress``."""
