"""A week's figures, and the table they stand in."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.quota import library, ours
from benchmarks.quota.scene import START, Least, Played, Week, least, scene

OURS: Final = "this product"
AS_DOCUMENTED: Final = "library, as documented"
TURNED: Final = "library, retry inside"
CLIENTS: Final = (OURS, AS_DOCUMENTED, TURNED)


@dataclass(frozen=True)
class Result:
    """One client's week, in figures."""

    week: Week
    client: str
    changes_per_day: float
    least: Least
    played: Played
    lost: int
    left: int
    seconds: float


def play(one: tuple[Week, str]) -> Result:
    """One week with one client."""
    week, client = one
    begun = time.monotonic()
    with scene(week) as stage, tempfile.TemporaryDirectory() as directory:
        if client == OURS:
            played = ours.play(stage, Path(directory))
        else:
            played = library.play(stage, is_retry_inside=client == TURNED)
        lost, left = stage.missing(played)
        changes_per_day = stage.changes() / week.days
        return Result(week, client, changes_per_day, least(stage), played, lost, left, time.monotonic() - begun)


HEADINGS: Final = (
    "week", "client", "calls", "least", "ratio", "429s", "orders per call", "incomplete syncs", "worst lag",
    "order delay, median / 99%", "unread at the end", "lost", "s",
)  # fmt: skip


def table(results: list[Result]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS)]
    lines += ["| " + " | ".join(_cells(result)) + " |" for result in results]
    return "\n".join(lines)


def _cells(result: Result) -> list[str]:
    played = result.played
    delays = sorted(landed - changed for (_, changed), landed in played.landed.items() if changed >= START)
    delay = f"{_span(median(delays))} / {_span(delays[len(delays) * 99 // 100])}" if delays else "none"
    return [
        _name(result),
        result.client,
        f"{played.calls:,}",
        f"{result.least.calls:,}",
        f"{played.calls / result.least.calls:.3f}",
        f"{played.throttled:,}",
        f"{len(played.landed) / played.calls:.1f}",
        f"{played.incomplete} of {played.syncs}",
        _span(max(played.lags)) if played.lags else "never whole",
        delay,
        f"{result.left:,}",
        f"{result.lost:,}",
        f"{result.seconds:.0f}",
    ]


def _name(result: Result) -> str:
    week, bounds = result.week, result.least
    name = f"{result.changes_per_day:,.0f} changes a day"
    if week.is_first:
        name += ", new account"
    if week.drained_every:
        name += f", drained every {week.drained_every // 4} h"
    if week.days != 7:
        name += f", {week.days:g} days"
    return f"{name} (each sync to its end {bounds.each_sync:,}; floor {bounds.floor:,})"


def _span(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f} min" if span < timedelta(hours=3) else f"{span / timedelta(hours=1):.0f} h"
