"""What publishing from a DuckLake costs: by what changed, beside a full copy; and what a sync costs on it.

uv run python -m benchmarks.warehouse.lake postgresql://user:password@host/empty-database DIRECTORY
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from amazon_pipeline.lakes import Lake, catalogue_of
from amazon_pipeline.marts import build, merge_inbound, merge_inventory, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import fill_lake, open_warehouse, publish
from amazon_pipeline.warehouse.stale_sales import mark_sales
from benchmarks.warehouse import changes
from benchmarks.warehouse.account import EVERY, NOW, SELLER, make
from benchmarks.warehouse.measure import Measured


def main() -> None:
    """Print each step: seconds on the clock, CPU seconds of this process, MB given to the disk."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("catalogue")
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("--orders", type=int, default=1_000_000)
    arguments.add_argument("--syncs", type=int, default=2)
    chosen = arguments.parse_args()
    directory: Path = chosen.directory
    directory.mkdir(parents=True, exist_ok=True)
    lake = Lake(*catalogue_of(chosen.catalogue), f"{directory.absolute()}/parquet/", None, directory / "private")
    settings = Settings(_env_file=None, AMAZON_DATA_DIR=directory)  # type: ignore[call-arg]

    file = directory / "made.duckdb"
    if not file.exists():
        make(file, chosen.orders)
    with open_warehouse(file) as connection:
        mark_sales(connection, "true", {})
    _sync(file, settings)
    with _told("fill the lake from a file"):
        fill_lake(lake, file)
    for number in range(chosen.syncs + 1):
        if number:
            for name, where in (("file", file), ("lake", lake)):
                changes.stage(where, number, chosen.orders)  # type: ignore[arg-type]  # it only opens it
                with _told(f"sync {number} on the {name}"):
                    _sync(where, settings)
        with _told(f"publish {number} from the lake" if number else "publish from the lake, by a full copy"):
            publish(lake, directory / "amazon.duckdb", seller_ids=[SELLER], source="simulator", at=NOW + number * EVERY)


@contextmanager
def _told(step: str) -> Iterator[None]:
    measured = Measured()
    with measured.step(step):
        yield
    cost = measured.steps[step]
    print(f"| {step} | {cost.wall:.1f} | {cost.cpu:.1f} | {cost.written / 1e6:.1f} |", flush=True)


def _sync(where: Path | Lake, settings: Settings) -> None:
    def merge_stock(connection: duckdb.DuckDBPyConnection) -> None:
        read_planning(connection, settings)
        merge_inventory(connection)

    steps: list[Callable[[duckdb.DuckDBPyConnection], object]] = [merge_orders, merge_stock, merge_inbound]
    for step in steps:
        with open_warehouse(where) as connection:
            step(connection)
    for name in DERIVED:
        with open_warehouse(where) as connection:
            build(connection, name)


if __name__ == "__main__":
    main()
