"""Whole syncs in processes that can be killed: the pipeline's functions in the order of the assets, without Dagster.

Run as a program this is a nursery: it imports everything once, and forks a child for each sync it is asked for (a JSON
object a line on its standard input; a line on its standard output says how the child ended). A child passes numbered
boundaries: each request and answer, each fsync, rename and commit. It can be told to end itself with SIGKILL at one.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import re
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from amazon_pipeline import state
from amazon_pipeline.extraction import (
    Extraction,
    Fetched,
    Outcome,
    fetch_inbound_shipments,
    fetch_inventory,
    fetch_marketplaces,
    fetch_orders,
    run_stream,
)
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import build, merge_inbound, merge_inventory, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.selling_partner import library
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import (
    claim,
    connection,
    known_shipments,
    marketplace_ids,
    open_warehouse,
    publish,
    record_outcome,
    record_quarantined,
    stage_landed,
    stream_watermark,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SharedClock:
    """A clock in a file, the same for all processes. It stands still until somebody who waits moves it on."""

    def __init__(self, path: Path, start: datetime | None = None) -> None:
        if start is not None:
            path.write_bytes(struct.pack("q", (start - _EPOCH) // timedelta(microseconds=1)))
        with path.open("r+b") as file:
            self._bytes = mmap.mmap(file.fileno(), 8)

    def __call__(self) -> datetime:
        return _EPOCH + timedelta(microseconds=struct.unpack("q", self._bytes[:8])[0])

    def sleep(self, seconds: float) -> None:
        """Wait: the clock goes on by so much, and at least a millisecond."""
        moment = self() + timedelta(seconds=max(seconds, 0.001))
        self._bytes[:8] = struct.pack("q", (moment - _EPOCH) // timedelta(microseconds=1))


class Boundaries:
    """Counts what passes, and ends the process where it is told to."""

    def __init__(self, last: int | None) -> None:
        self._last = last
        self.passed: list[str] = []

    def reach(self, name: str) -> None:
        """One boundary."""
        if len(self.passed) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed.append(name)

    def around(self, owner: Any, name: str, describe: Callable[..., str]) -> None:
        """Make a boundary before and after each call of ``owner.name``."""
        original = getattr(owner, name)

        def bounded(*arguments: Any, **named: Any) -> Any:
            what = describe(*arguments)
            self.reach(f"before {what}")
            result = original(*arguments, **named)
            self.reach(f"after {what}")
            return result

        setattr(owner, name, bounded)

    def connections(self, owner: Any, name: str, what: str) -> None:
        """Make a boundary before and after each commit of the connections that ``owner.name`` opens."""
        original = getattr(owner, name)
        setattr(owner, name, lambda *arguments: _Connection(original(*arguments), self, what))


class _Connection:
    """A database connection whose commits are boundaries."""

    def __init__(self, inner: Any, boundaries: Boundaries, what: str) -> None:
        self._inner = inner
        self._boundaries = boundaries
        self._what = what

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def execute(self, query: str, *arguments: Any) -> Any:
        """As the connection does."""
        word = query.split(maxsplit=1)[0].lower()
        if word not in ("commit", "checkpoint"):
            return self._inner.execute(query, *arguments)
        self._boundaries.reach(f"before {word} {self._what}")
        result = self._inner.execute(query, *arguments)
        self._boundaries.reach(f"after {word} {self._what}")
        return result


def sync(settings: Settings, clock: SharedClock, now: datetime) -> list[Outcome]:
    """One sync at ``now``: what the assets do, in their order."""
    seller_id = settings.credentials().seller_id
    landing = Landing(settings.landing_dir, seller_id)
    outcomes: list[Outcome] = []
    monotonic = lambda: clock().timestamp()  # noqa: E731
    budget = Budget(settings.sync_budget_seconds, monotonic)
    with open_selling_partner(settings, budget=budget, clock=clock, sleep=clock.sleep) as client:
        extraction = Extraction(client, landing, seller_id, settings.source, lambda: now)

        def raw(stream: str, fetch: Callable[[Extraction, Fetched], None]) -> None:
            with open_warehouse(settings.warehouse) as warehouse:
                claim(warehouse, settings)
            outcomes.append(run_stream(stream, lambda: extraction, fetch))
            with open_warehouse(settings.warehouse) as warehouse:
                record_outcome(warehouse, seller_id, outcomes[-1])

        def stage(stream: str) -> None:
            with open_warehouse(settings.warehouse) as warehouse:
                loaded = stage_landed(warehouse, landing, stream, seller_id)
                record_quarantined(warehouse, seller_id, stream, loaded.rows_quarantined)

        def mart(make: Callable[[Any], object]) -> None:
            with open_warehouse(settings.warehouse) as warehouse:
                make(warehouse)

        raw("marketplaces", fetch_marketplaces)
        stage("marketplaces")
        with open_warehouse(settings.warehouse) as warehouse:
            markets = marketplace_ids(warehouse, seller_id)
            known = known_shipments(warehouse, seller_id)
            watermark = stream_watermark(warehouse, seller_id, "orders")
        raw("inventory", lambda ext, got: fetch_inventory(ext, got, marketplace_ids=markets))
        raw(
            "inbound_shipments",
            lambda ext, got: fetch_inbound_shipments(ext, got, marketplace_ids=markets, known=known),
        )
        stage("inventory")
        stage("inbound_shipments")
        mart(lambda warehouse: _merge_inventory(warehouse, settings))
        mart(merge_inbound)
        raw("orders", lambda ext, got: fetch_orders(ext, got, marketplace_ids=markets, watermark=watermark))
        stage("orders")
        mart(merge_orders)
        for name in DERIVED:
            mart(lambda warehouse, name=name: build(warehouse, name))
    publish(settings.warehouse, settings.published_path, seller_ids=[seller_id], source=settings.source, at=now)
    return outcomes


def _merge_inventory(warehouse: Any, settings: Settings) -> None:
    read_planning(warehouse, settings)
    merge_inventory(warehouse)


def _child(order: dict[str, Any]) -> None:
    boundaries = Boundaries(order["kill_at"])
    boundaries.around(os, "replace", lambda _source, target, *_: f"replace {_shape(target)}")
    boundaries.around(os, "rename", lambda _source, target, *_: f"rename {_shape(target)}")
    boundaries.around(os, "fsync", lambda _descriptor: "fsync")
    boundaries.around(os, "symlink", lambda *_: "symlink")
    boundaries.around(httpx.HTTPTransport, "handle_request", lambda _self, request: f"call {_call(request)}")
    boundaries.connections(connection, "_connect", "warehouse")
    boundaries.connections(state.sqlite, "connect", "state")
    settings = Settings(_env_file=None, **order["environment"])
    outcomes = sync(settings, SharedClock(Path(order["clock"])), datetime.fromisoformat(order["now"]))
    told = {"passed": boundaries.passed, "statuses": {outcome.stream: outcome.status for outcome in outcomes}}
    Path(order["told"]).write_text(json.dumps(told), encoding="utf-8")


def _shape(target: object) -> str:
    name = Path(os.fsdecode(target)).name  # type: ignore[arg-type]
    return "page" if name.startswith("page-") else re.sub(r"\d+", "N", name)


def _call(request: httpx.Request) -> str:
    return request.url.path.rsplit("/", 1)[-1] if "/shipments/" not in request.url.path else "items"


def main() -> None:
    """The nursery."""
    library._module("sp_api.api")  # half of what a sync would otherwise spend on imports
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                _child(json.loads(line))
            except BaseException:  # noqa: BLE001  # the child must end here whatever happens, and say why
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
