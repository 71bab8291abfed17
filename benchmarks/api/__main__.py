"""``uv run python -m benchmarks.api``: makes the account, serves it in four ways, asks, and prints the tables."""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from itertools import repeat
from pathlib import Path
from statistics import median
from typing import Final

import httpx

from benchmarks.api import servers
from benchmarks.api.account import ORDERS, SKUS, publish_account
from benchmarks.api.load import Asked, Load, get, put_under_load
from benchmarks.api.pages import CACHED, DASHBOARD, UNCACHED
from benchmarks.api.streams import CLIENTS, Streamed, listen

PARTS: Final = ("cached", "uncached", "streams")
FLOOR: Final = "bare Starlette route, the same bytes"


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api", description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)} (all)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; the tables have medians (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="of load per server and round (2)")
    parser.add_argument("--skus", type=int, default=SKUS)
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--clients", type=int, default=CLIENTS, help="event streams (5000)")
    parser.add_argument("--ours", action="store_true", help="without Datasette and ROAPI")
    chosen = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        link = publish_account(directory, skus=chosen.skus, orders=chosen.orders)
        print(f"{chosen.skus:,} SKUs, {chosen.orders:,} orders, made in {time.monotonic() - begun:.0f} s")
        if "cached" in chosen.parts:
            _cached(link, directory, chosen)
        if "uncached" in chosen.parts:
            _uncached(directory, chosen)
        if "streams" in chosen.parts:
            with servers.ours(directory) as server:
                _print_streams(listen(server, directory / "state.sqlite", clients=chosen.clients))
    print(f"\n{time.monotonic() - begun:.0f} s; load average at the end {os.getloadavg()[0]:.1f}")


def _cached(link: Path, directory: Path, chosen: argparse.Namespace) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(servers.ours(directory))
        page = httpx.get(server.url + CACHED, headers={"Accept-Encoding": "identity"}, timeout=60)
        body = directory / "page.json"
        body.write_bytes(page.content)
        floor = stack.enter_context(servers.bare(body))
        asked = {
            FLOOR: (floor.url, Asked(repeat(get(floor.url + "/")))),
            "this product, in the cache": (server.url, Asked(repeat(get(server.url + CACHED)))),
            "the same, gzip": (server.url, Asked(repeat(get(server.url + CACHED, Accept_Encoding="gzip")))),
            "the same, 304": (
                server.url,
                Asked(repeat(get(server.url + CACHED, If_None_Match=page.headers["etag"])), b"304"),
            ),
        }
        if not chosen.ours:
            peer = stack.enter_context(servers.datasette(link, directory)).url
            path = "/account/inventory.json?_size=100&_sort=fulfillable_quantity&_shape=array&_nocount=1&_nofacet=1"
            asked["Datasette"] = (peer, Asked(repeat(get(peer + path))))
            peer = stack.enter_context(servers.roapi(link, directory)).url
            asked["ROAPI"] = (
                peer,
                Asked(repeat(get(f"{peer}/api/tables/inventory?limit=100&sort=fulfillable_quantity"))),
            )
        runs = _in_rounds(asked, chosen)
    print(f"\nThe first inventory page, {len(page.content) / 1000:.0f} kB, 16 connections\n")
    _print_loads(runs, FLOOR)


def _in_rounds(asked: dict[str, tuple[str, Asked]], chosen: argparse.Namespace) -> dict[str, list[Load]]:
    """Every server in each round, so that what else the machine does falls on all alike."""
    runs: dict[str, list[Load]] = {name: [] for name in asked}
    for _ in range(chosen.rounds):
        for name, (url, what) in asked.items():
            runs[name].append(put_under_load(url, what, seconds=chosen.seconds))
    return runs


def _uncached(directory: Path, chosen: argparse.Namespace) -> None:
    chance = random.Random(1)  # noqa: S311  # the same places at each run
    runs: dict[str, list[Load]] = {}
    with servers.ours(directory) as server:
        first = {path: _first_page(server, path) for path in ("amazon-inventory", "amazon-orders", "alerts")}
        for kind in UNCACHED:
            left = iter([get(url, Accept_Encoding="gzip") for url in kind.urls(server, chance)])
            runs[kind.name] = []
            for _ in range(min(chosen.rounds, 3)):
                load = put_under_load(server.url, Asked(left), seconds=chosen.seconds)
                if load.waits or load.wrong:
                    runs[kind.name].append(load)
        memory = server.memory()
    print("\nPages that are not in the cache, each asked for once, gzip, 16 connections\n")
    _print_loads(runs, None)
    shown = ", ".join(f"{name} {wait:.0f} ms" for name, wait in first.items())
    print(f"\nThe first page of a new file: {shown}.")
    print(f"Resident afterwards: {memory / 1e6:.0f} MB.")


def _first_page(server: servers.Server, path: str) -> float:
    begun = time.perf_counter()
    httpx.get(f"{server.url}{DASHBOARD}/{path}", timeout=60).raise_for_status()
    return (time.perf_counter() - begun) * 1000


def _print_loads(runs: dict[str, list[Load]], floor: str | None) -> None:
    headings = [
        "",
        "requests/s",
        *(["of the bare route"] if floor else []),
        "p50 ms",
        "p99 ms",
        "wrong",
        "generator busy",
    ]
    print("| " + " | ".join(headings) + " |\n|" + "---|" * len(headings))
    for name, loads in runs.items():
        cells = [name, f"{_middle(loads, lambda load: load.per_second):,.0f}"]
        if floor:
            ratios = [load.per_second / base.per_second for load, base in zip(loads, runs[floor], strict=True)]
            cells.append(f"{median(ratios):.0%}" if median(ratios) >= 0.1 else f"{median(ratios):.1%}")
        cells += [
            f"{_middle(loads, lambda load: load.wait(50)):.2f}",
            f"{_middle(loads, lambda load: load.wait(99)):.1f}",
        ]
        cells += [str(sum(load.wrong for load in loads)), f"{_middle(loads, lambda load: load.busy):.0%}"]
        print("| " + " | ".join(cells) + " |")


def _middle(loads: Iterable[Load], figure: Callable[[Load], float]) -> float:
    return median(figure(load) for load in loads)


def _print_streams(streamed: Streamed) -> None:
    print(f"\n{streamed.clients:,} event streams on one process\n")
    print(
        f"| until the last client had an event, median / longest of {len(streamed.lags)} | kB a client | "
        "resident before, with them, after they left, with them again |\n|---|---|---|"
    )
    resident = ", ".join(
        f"{size / 1e6:.0f}" for size in (streamed.before, streamed.connected, streamed.left, streamed.again)
    )
    lags = f"{median(streamed.lags) * 1000:.0f} / {max(streamed.lags) * 1000:.0f} ms"
    print(f"| {lags} | {streamed.per_client / 1000:.1f} | {resident} MB |")


if __name__ == "__main__":
    main()
