"""``uv run python -m benchmarks.quota``: plays the weeks and prints the tables."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.quota.results import CLIENTS, OURS, play, table
from benchmarks.quota.scene import Week

WEEKS = (Week(10), Week(1_000), Week(10_000), Week(40_000, days=3))
"""Alone on the account. The last is shorter: a day of it takes the longest by far."""
OTHERS = (Week(1_000, drained_every=8), Week(40_000, days=2, is_first=True))


def main() -> None:
    """Read the arguments, play, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quota", description=__doc__)
    parser.add_argument("--changes", type=int, nargs="*", help="only these volumes (changes a day), alone")
    parser.add_argument("--days", type=float, default=7, help="for how many days (7)")
    parser.add_argument("--ours", action="store_true", help="without the library's weeks")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    chosen = parser.parse_args()
    alone = [Week(volume, chosen.days) for volume in chosen.changes or ()] or list(WEEKS)
    others = [] if chosen.changes else list(OTHERS)
    clients = [OURS] if chosen.ours else list(CLIENTS)
    plays = [(week, client) for week in (*alone, *others) for client in clients]
    plays.sort(key=lambda one: (-one[0].changes_per_day * one[0].days, clients.index(one[1])))  # the long ones first
    begun = time.monotonic()
    with ProcessPoolExecutor(chosen.jobs, mp_context=get_context("spawn")) as pool:
        results = {}
        for one, result in zip(plays, pool.map(play, plays), strict=True):
            results[one] = result
            print(f"{one[0]}, {one[1]}: {result.seconds:.0f} s", file=sys.stderr, flush=True)
    for title, weeks in (("Alone on the account", alone), ("Shared, or new", others)):
        if weeks:
            print(f"\n{title}\n")
            print(table([results[week, client] for week in weeks for client in clients]))
    print(f"\n{time.monotonic() - begun:.0f} s in {chosen.jobs} processes")


if __name__ == "__main__":
    main()
