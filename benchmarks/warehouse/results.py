"""One size played through, and the tables its figures stand in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final, ParamSpec, TypeVar

from benchmarks.warehouse.account import make
from benchmarks.warehouse.changes import stage
from benchmarks.warehouse.measure import PUBLISH, Cost, Measured, differing_rows, facts, rebuild, sync

P = ParamSpec("P")
T = TypeVar("T")
_MB: Final = 1e6
_WAYS: Final = ("sync", "rebuild all")


@dataclass(frozen=True)
class Result:
    """One size: its syncs, the rebuild after them, and what a comparison of the two published files found."""

    orders: int
    syncs: list[Measured]
    rebuilt: Measured
    facts: dict[str, int]
    differing: dict[str, tuple[int, int]]
    seconds: float

    @property
    def ways(self) -> list[tuple[str, list[Measured]]]:
        """What stands beside each other."""
        return list(zip(_WAYS, (self.syncs, [self.rebuilt]), strict=True))


def play(orders: int, syncs: int, directory: Path) -> Result:
    """Make the account below ``directory``, which is empty, sync it, rebuild it, compare."""
    begun = time.monotonic()
    path = directory / "private" / "warehouse.duckdb"
    path.parent.mkdir()
    _apart(make, path, orders)
    _say(f"{orders:,} orders: made after {time.monotonic() - begun:.0f} s")
    _apart(rebuild, path, 0)
    measured = []
    for number in range(1, syncs + 1):
        _apart(stage, path, number, orders)
        measured.append(_apart(sync, path, number))
        _say(f"{orders:,} orders: sync {number}, {_total(measured[-1]).wall:.1f} s")
    rebuilt = _apart(rebuild, path, syncs)
    _say(f"{orders:,} orders: rebuilt all, {_total(rebuilt).wall:.1f} s")
    differing = _apart(differing_rows, Path(measured[-1].published), Path(rebuilt.published))
    known = _apart(facts, Path(rebuilt.published))
    return Result(orders, measured, rebuilt, known, differing, time.monotonic() - begun)


def _apart(call: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """In a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(call, *arguments, **named).result()


def totals(results: list[Result]) -> str:
    """Markdown: a line for each size and way."""
    headings = ("orders", "lines", "working file MB", "", "s", "CPU s", "peak RSS MB", "MB written", "of them publish")
    rows = []
    for result in results:
        for way, measured in result.ways:
            costs = [_total(one) for one in measured]
            rows.append(
                (
                    f"{result.facts['orders']:,}",
                    f"{result.facts['order_items']:,}",
                    f"{max(one.working_file for one in measured) / _MB:,.0f}",
                    way,
                    f"{median(cost.wall for cost in costs):.1f}",
                    f"{median(cost.cpu for cost in costs):.1f}",
                    f"{max(one.peak_rss for one in measured) / _MB:,.0f}",
                    f"{median(cost.written for cost in costs) / _MB:,.1f}",
                    f"{median(one.steps[PUBLISH].written for one in measured) / _MB:,.1f}",
                )
            )
    return _markdown(headings, rows)


def steps(results: list[Result]) -> str:
    """Markdown: a line for each step, wall / CPU seconds at each size and way."""
    headings = ["step"] + [f"{result.orders:,}: {way}" for result in results for way, _ in result.ways]
    names = list(dict.fromkeys(name for one in (results[0].syncs[0], results[0].rebuilt) for name in one.steps))
    rows = [
        (name, *(_cell(measured, name) for result in results for _, measured in result.ways))
        for name in sorted(names, key=lambda name: name == PUBLISH)
    ]
    return _markdown(headings, rows)


def verdict(result: Result) -> str:
    """Whether the marts that grew with change are those made anew, in a sentence."""
    rows = sum(rows for rows, _ in result.differing.values())
    wrong = {mart: count for mart, (_, count) in result.differing.items() if count}
    differ = f"DIFFER: {wrong}" if wrong else "are the same, row for row"
    return (
        f"{result.orders:,} orders: {rows:,} rows in {len(result.differing)} derived marts after {len(result.syncs)} "
        f"syncs and after rebuilding all {differ}; {result.facts['doubles']} keys twice. {result.seconds:.0f} s."
    )


def _cell(measured: list[Measured], name: str) -> str:
    costs = [one.steps[name] for one in measured if name in one.steps]
    if not costs:
        return ""
    return f"{median(cost.wall for cost in costs):.2f} / {median(cost.cpu for cost in costs):.2f}"


def _total(measured: Measured) -> Cost:
    costs = measured.steps.values()
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), sum(cost.written for cost in costs))


def _markdown(headings: tuple[str, ...] | list[str], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
