"""Whole syncs on a DuckLake, its catalogue in PostgreSQL and its rows in a bucket: the figures are those of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from amazon_pipeline.commands.rebuild import rebuild
from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.defs.upkeep import PURGE_JOB, REPLAY_JOB
from amazon_pipeline.schemas import MART_TABLES
from tests.lakes import SECRET, Lakes, object_store
from tests.pipeline.seller import Seller, running_seller
from tests.postgres_server import PASSWORD, postgres_server

pytestmark = pytest.mark.slow

ACCOUNT = {"quota_speed": 1000, "orders_per_day": 40, "sku_count": 4}


def published(seller: Seller) -> dict[str, list[tuple[Any, ...]]]:
    """Every published mart as text."""
    with duckdb.connect(seller.settings.published_path.resolve(), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return {
            name: connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM mart.{name} ORDER BY ALL").fetchall()
            for name in MART_TABLES
        }


def two_syncs(seller: Seller) -> list[dict[str, list[tuple[Any, ...]]]]:
    """What a sync publishes, and a second one after the daily jobs."""
    found = []
    for jobs in ((), (REPLAY_JOB, PURGE_JOB)):
        definitions = build_definitions(seller.settings, seller.surroundings)
        for job in jobs:
            assert definitions.resolve_job_def(job).execute_in_process(instance=seller.instance).success
        assert seller.sync().success
        found.append(published(seller))
        seller.pass_time(minutes=15)
    return found


def test_syncs_on_a_lake_in_a_bucket_publish_what_those_on_a_file_do(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_seller(tmp_path / "file", **ACCOUNT) as seller:
        expected = two_syncs(seller)
    with postgres_server() as server, object_store() as store:
        environment = Lakes(server).environment(tmp_path / "lake", **store)
        environment.pop("AMAZON_DATA_DIR")
        with running_seller(tmp_path / "lake", settings=environment, **ACCOUNT) as seller:
            on_lake = two_syncs(seller)
            for number, tables in enumerate(expected):
                for name, rows in tables.items():
                    assert on_lake[number][name] == rows, f"sync {number + 1}: mart.{name}"
            assert not seller.settings.warehouse_path.exists()
            assert list(tmp_path.rglob("*.parquet")) == [], "the rows are in the bucket"

            said: list[str] = []
            assert rebuild(seller.settings, said.append)
            again = published(seller)
            for name in ("orders", "order_items", "inventory", "inbound_shipment_items", "sales_daily"):
                assert again[name] == expected[-1][name], f"rebuilt: mart.{name}"
    written = "".join(capfd.readouterr())
    assert PASSWORD not in written
    assert SECRET not in written
