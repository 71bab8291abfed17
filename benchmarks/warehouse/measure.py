"""One sync, and one rebuild of everything derived, step by step as the assets take them, with what each step costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.marts import build, merge_inbound, merge_inventory, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import open_warehouse, publish
from amazon_pipeline.warehouse.stale_sales import mark_sales
from benchmarks.warehouse.account import EVERY, NOW, SELLER

PUBLISH: Final = "publish"
EMPTY: Final = "empty the derived marts"


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of all cores, and bytes this process gave to the disk."""

    wall: float
    cpu: float
    written: int


@dataclass
class Measured:
    """The steps of a sync or a rebuild, the most memory its process ever held, and the files' sizes, in bytes."""

    steps: dict[str, Cost] = field(default_factory=dict)
    peak_rss: int = 0
    working_file: int = 0
    published: str = ""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Its body is measured."""
        wall, cpu, written = time.monotonic(), time.process_time(), _written()
        yield
        self.steps[name] = Cost(time.monotonic() - wall, time.process_time() - cpu, _written() - written)


def sync(path: Path, number: int) -> Measured:
    """What a sync does with what is staged, in the order of its assets. Each step opens the working file, as there."""
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=path.parent)

    def merge_stock(connection: duckdb.DuckDBPyConnection) -> None:
        read_planning(connection, settings)
        merge_inventory(connection)

    merges: dict[str, Callable[[duckdb.DuckDBPyConnection], object]] = {
        "merge orders and lines": merge_orders,
        "merge inventory": merge_stock,
        "merge inbound shipments": merge_inbound,
    }
    measured = Measured()
    for name, merge in merges.items():
        with measured.step(name), open_warehouse(path) as connection:
            merge(connection)
    _build_and_publish(path, number, measured)
    return measured


def rebuild(path: Path, number: int) -> Measured:
    """The plain way: every derived mart emptied and made anew from all orders and all stock."""
    measured = Measured()
    with measured.step(EMPTY), open_warehouse(path) as connection:
        read_planning(connection, Settings(_env_file=None, AMAZON_DATA_DIR=path.parent))
        for name in DERIVED:
            connection.execute(f"DELETE FROM {MART_TABLES[name].qualified_name}")
        mark_sales(connection, "true", {})
    _build_and_publish(path, number, measured)
    return measured


def _build_and_publish(path: Path, number: int, measured: Measured) -> None:
    for name in DERIVED:
        with measured.step(name), open_warehouse(path) as connection:
            build(connection, name)
    with measured.step(PUBLISH):
        publication = publish(
            path, path.with_name("amazon.duckdb"), seller_ids=[SELLER], source="simulator", at=NOW + number * EVERY
        )
    measured.published = str(publication.path)
    measured.working_file = path.stat().st_size
    measured.peak_rss = _peak_rss()


def differing_rows(one: Path, other: Path) -> dict[str, tuple[int, int]]:
    """Of each derived mart in two published files: its rows, and how many stand in only one of them."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        for name, path in (("one", one), ("other", other)):
            connection.execute(f"ATTACH '{path}' AS {name} (READ_ONLY)")
        for mart in DERIVED:
            here, there = f"one.mart.{mart}", f"other.mart.{mart}"
            found[mart] = (
                _count(connection, f"FROM {here}"),
                _count(connection, f"FROM {here} EXCEPT ALL FROM {there}")
                + _count(connection, f"FROM {there} EXCEPT ALL FROM {here}"),
            )
    return found


def facts(path: Path) -> dict[str, int]:
    """Rows of the merged tables in a published file, and keys that are there twice."""
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET enable_progress_bar = false")
        tables = {name: MART_TABLES[name] for name in ("orders", "order_items", "inventory", "inventory_history")}
        rows = {name: _count(connection, f"FROM {table.qualified_name}") for name, table in tables.items()}
        for table in (tables["orders"], tables["inventory"]):
            key = ", ".join(table.key)
            doubles = f"SELECT {key} FROM {table.qualified_name} GROUP BY ALL HAVING count(*) > 1"
            rows["doubles"] = rows.get("doubles", 0) + _count(connection, doubles)
        return rows


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])


def _peak_rss() -> int:
    """Of this process alone; getrusage would begin with that of the process which started it."""
    return 1024 * _proc_number("status", "VmHWM:")


def _written() -> int:
    return _proc_number("io", "write_bytes:")


def _proc_number(file: str, label: str) -> int:
    for line in Path("/proc/self", file).read_text().splitlines():
        if line.startswith(label):
            return int(line.split()[1])
    raise LookupError(f"/proc/self/{file} has no {label}")
