"""The warehouse as a DuckLake: the same rows as in a file, and a published file that is row for row the lake's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from amazon_pipeline.errors import WarehouseHeld, WarehouseUnavailable, WarehouseUnreachable
from amazon_pipeline.lakes import Lake
from amazon_pipeline.marts import bring_up_to_date
from amazon_pipeline.marts.rebuild import put_in_place, rebuild_beside
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import open_as_found, open_warehouse, publish
from amazon_pipeline.warehouse.connection import TABLES, transaction
from amazon_pipeline.warehouse.replica import Refreshed, refresh
from amazon_pipeline.warehouse.tidying import tidy_lake
from tests.amazon_answers import NOON, SELLER, inventory_summary, land_inventory, land_orders, order, order_item
from tests.lakes import Lakes, lake_of, object_store
from tests.postgres_server import postgres_server
from tests.unit.warehouse_fixture import TestWarehouse

pytestmark = pytest.mark.slow

CREDENTIALS = {
    "AMAZON_REFRESH_TOKEN": "Atzr|token",
    "AMAZON_LWA_APP_ID": "amzn1.application-oa2-client.id",
    "AMAZON_LWA_CLIENT_SECRET": "secret",
    "AMAZON_SELLER_ID": SELLER,
}


@pytest.fixture(scope="module")
def lakes() -> Iterator[Lakes]:
    with postgres_server() as server:
        yield Lakes(server)


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every table as text."""
    return {
        table.qualified_name: connection.execute(
            f"SELECT COLUMNS(*)::VARCHAR FROM {table.qualified_name} ORDER BY ALL"
        ).fetchall()
        for table in TABLES
    }


def in_warehouse(where: Path | Lake) -> dict[str, list[tuple[Any, ...]]]:
    with open_warehouse(where) as connection:
        return contents(connection)


def in_file(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return contents(connection)


def refreshed(lake: Lake) -> Refreshed:
    with open_warehouse(lake) as connection:
        return refresh(connection, lake.replica_path)


def ask(lake: Lake, *statements: str) -> None:
    with open_warehouse(lake) as connection:
        for statement in statements:
            connection.execute(statement).fetchall()


def land_changes(directory: Path) -> None:
    """Some orders change, one is new, a SKU goes."""
    later = NOON + timedelta(minutes=15)
    changed = order("2", status="SHIPPED", updated=later, items=[order_item(quantity=2, shipped=2)])
    land_orders(directory, changed, order("9", created=later, updated=later), at=later)
    land_inventory(directory, inventory_summary("A", 2), inventory_summary("B", 7), at=later)


def test_a_lake_holds_the_rows_of_a_file_and_publishes_only_what_changed(lakes: Lakes, tmp_path: Path) -> None:
    lake = lakes.new(tmp_path / "lake")
    warehouse = TestWarehouse(tmp_path, lake=lake)
    file = TestWarehouse(tmp_path)
    link = tmp_path / "amazon.duckdb"
    land_orders(warehouse.landing, *(order(str(number)) for number in range(6)))
    land_inventory(warehouse.landing, inventory_summary("A", 5), inventory_summary("B", 7))

    for one in (warehouse, file):
        one.sync()
    assert in_warehouse(lake) == in_warehouse(file.path)
    first = publish(lake, link, seller_ids=[SELLER], source="amazon", at=NOON)
    assert in_file(first.path) == in_warehouse(lake)

    land_changes(warehouse.landing)
    for one in (warehouse, file):
        one.sync(NOON + timedelta(minutes=15))
    expected = in_warehouse(lake)
    assert {**expected, "meta.publication": []} == {**in_warehouse(file.path), "meta.publication": []}
    with open_warehouse(lake) as connection:
        brought = refresh(connection, lake.replica_path)
        tidy_lake(connection)  # the change feed goes on over merged files
    assert brought.copied == [], "no table was copied whole"
    assert brought.rows > 0
    assert in_file(lake.replica_path) == expected
    assert refreshed(lake).copied == []
    second = publish(lake, link, seller_ids=[SELLER], source="amazon", at=NOON)
    assert in_file(second.path) == in_warehouse(lake)
    with duckdb.connect(link.resolve(), read_only=True) as connection:
        described = connection.execute(
            "SELECT count(*), count(comment) FROM duckdb_columns() WHERE schema_name = 'mart'"
        )
        assert len(set(described.fetchall()[0])) == 1, "every column carries its comment"


def test_a_replica_that_cannot_be_brought_up_to_date_is_made_again(lakes: Lakes, tmp_path: Path) -> None:
    lake = lakes.new(tmp_path)
    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO meta.owner VALUES ('A', 'amazon'), ('B', 'amazon')")
    every = [table.qualified_name for table in TABLES]
    assert refreshed(lake).copied == every
    assert refreshed(lake).copied == []

    with open_warehouse(lake) as connection:
        connection.execute("UPDATE meta.owner SET source = 'simulator' WHERE seller_id = 'B'")
        connection.execute("DELETE FROM meta.owner WHERE seller_id = 'A'")
        # a key twice is nothing a sync does: the count tells, and the table is copied
        connection.execute("INSERT INTO meta.owner VALUES ('B', 'simulator')")
    assert refreshed(lake).copied == []
    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO meta.owner VALUES ('B', 'simulator')")
    assert refreshed(lake).copied == ["meta.owner"]
    assert in_file(lake.replica_path) == in_warehouse(lake)

    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO meta.owner VALUES ('C', 'amazon')")
        tidy_lake(connection, older_than=timedelta())
    assert refreshed(lake).copied == every, "the snapshots between are forgotten"
    lake.replica_path.write_bytes(b"no database")
    assert refreshed(lake).copied == every
    assert in_file(lake.replica_path) == in_warehouse(lake)


def test_an_older_lake_is_brought_up_to_date_and_a_rebuilt_one_has_the_same_rows(lakes: Lakes, tmp_path: Path) -> None:
    environment = lakes.environment(tmp_path) | CREDENTIALS
    lake, settings = lake_of(environment), Settings(_env_file=None, **environment)  # type: ignore[arg-type]
    warehouse = TestWarehouse(tmp_path, lake=lake)
    land_orders(warehouse.landing, order("1"), order("2"))
    land_inventory(warehouse.landing, inventory_summary("A", 5))
    warehouse.sync()
    before = in_warehouse(lake)
    with open_as_found(lake) as connection:
        connection.execute("ALTER TABLE mart.orders DROP COLUMN sales_channel")
        connection.execute("DROP TABLE mart.sales_daily")
        connection.execute("UPDATE meta.schema_version SET version = 1, product = '0.0.1'")
    said: list[str] = []
    bring_up_to_date(settings, said.append)
    assert "is up to date now" in said[0]
    warehouse.sync()
    after = in_warehouse(lake)
    assert after["mart.sales_daily"] == before["mart.sales_daily"]
    assert len(after["mart.orders"]) == len(before["mart.orders"])

    put_in_place(rebuild_beside(settings, said.append), lake)
    rebuilt = in_warehouse(lake)
    for name in ("orders", "order_items", "inventory", "inventory_history", "sales_daily"):
        assert rebuilt[f"mart.{name}"] == before[f"mart.{name}"], name

    with open_as_found(lake) as connection:
        connection.execute("UPDATE meta.schema_version SET version = 1, product = '99.0.0'")
    with pytest.raises(WarehouseUnavailable, match=r"made by version 99\.0\.0 of this program, which is newer"):
        bring_up_to_date(settings, said.append)


def test_rows_in_a_bucket_are_published_like_those_in_a_directory(lakes: Lakes, tmp_path: Path) -> None:
    with object_store() as store:
        environment = lakes.environment(tmp_path, **store)
        lake = lake_of(environment)
        with open_warehouse(lake) as connection:
            connection.execute("INSERT INTO meta.owner VALUES ('A', 'amazon')")
        published = publish(lake, tmp_path / "amazon.duckdb", seller_ids=["A"], source="amazon", at=NOON)
        assert in_file(published.path)["meta.owner"] == [("A", "amazon")]
        nowhere = lakes.environment(tmp_path, **store | {"AMAZON_WAREHOUSE_DATA": "s3://no-such-bucket/lake"})
        many = "INSERT INTO meta.owner SELECT 'S' || n, 'amazon' FROM range(100) AS r(n)"
        with pytest.raises(WarehouseUnavailable, match=r"^AMAZON_WAREHOUSE_DATA: there is no such bucket"):
            ask(lake_of(nowhere), many)
        ask(lake, many)
    with pytest.raises(WarehouseUnreachable, match=r"^AMAZON_WAREHOUSE_DATA: the object store of .* does not answer"):
        ask(lake, "SET http_retries = 0", "SELECT * FROM meta.owner")


def test_what_is_wrong_with_a_lake_is_said_with_the_setting_and_without_the_password(
    lakes: Lakes, tmp_path: Path
) -> None:
    environment = lakes.environment(tmp_path)
    with open_warehouse(lake_of(environment)) as connection:
        connection.execute("INSERT INTO meta.owner SELECT 'S' || n, 'amazon' FROM range(100) AS r(n)")
    url = environment["AMAZON_WAREHOUSE"]
    (tmp_path / "other").mkdir()
    wrong: dict[str, tuple[dict[str, str], str, type[WarehouseUnavailable]]] = {
        "password": (
            {"AMAZON_WAREHOUSE": url.replace("a-password-of-the-tests", "hunter2")},
            r"^AMAZON_WAREHOUSE: PostgreSQL refuses the user or the password for the DuckLake catalogue lake_\d+ on",
            WarehouseUnavailable,
        ),
        "host": (
            {"AMAZON_WAREHOUSE": url.replace(f":{lakes.server.port}/", ":1/")},
            r"^AMAZON_WAREHOUSE: the DuckLake catalogue lake_\d+ on 127\.0\.0\.1:1 does not answer \(Connection",
            WarehouseUnreachable,
        ),
        "database": (
            {"AMAZON_WAREHOUSE": lakes.server.url("nowhere")},
            r"^AMAZON_WAREHOUSE: there is no database for the DuckLake catalogue nowhere",
            WarehouseUnavailable,
        ),
        "directory": (
            {"AMAZON_WAREHOUSE_DATA": str(tmp_path / "other")},
            r"^AMAZON_WAREHOUSE_DATA: is .*/other/, but the rows of .* are in .*/parquet/, as its catalogue says",
            WarehouseUnavailable,
        ),
    }
    for changes, sentence, kind in wrong.values():
        with pytest.raises(kind, match=sentence) as caught, open_warehouse(lake_of(environment | changes)):
            pass
        assert "hunter2" not in str(caught.value)
        assert "a-password-of-the-tests" not in str(caught.value)
    (tmp_path / "parquet").rename(tmp_path / "gone")
    with pytest.raises(WarehouseUnavailable, match=r"a file of .* is missing in .*/parquet/"):
        ask(lake_of(environment), "SELECT * FROM meta.owner")
    with (
        pytest.raises(WarehouseUnavailable, match=r"AMAZON_WAREHOUSE_DATA: the directory .*/parquet/ is not there"),
        open_warehouse(lake_of(environment)),
    ):
        pass
    (tmp_path / "gone").rename(tmp_path / "parquet")
    lakes.server.run("UPDATE ducklake_metadata SET value = '9.0' WHERE key = 'version'", database=url.rsplit("/", 1)[1])
    with pytest.raises(WarehouseUnavailable, match=r"has DuckLake's format 9\.0"), open_warehouse(lake_of(environment)):
        pass


ANOTHER_PROCESS = """
import sys, threading
from pathlib import Path
from amazon_pipeline.lakes import Lake, catalogue_of
from amazon_pipeline.warehouse import open_warehouse
lake = Lake(*catalogue_of(sys.argv[1]), sys.argv[2], None, Path(sys.argv[3]))
with open_warehouse(lake) as connection:
    connection.execute("BEGIN TRANSACTION")
    connection.execute("INSERT INTO meta.owner VALUES ('never committed', 'amazon')")
    print("open", flush=True)
    threading.Event().wait()
"""


def test_a_lake_has_one_process_at_a_time_and_a_dead_one_holds_nothing(lakes: Lakes, tmp_path: Path) -> None:
    environment = lakes.environment(tmp_path)
    lake = lake_of(environment)
    with open_warehouse(lake) as connection, open_warehouse(lake) as beside:
        connection.execute("INSERT INTO meta.owner VALUES ('A', 'amazon')")
        assert beside.execute("SELECT count(*) FROM meta.owner").fetchall() == [(1,)], "threads of a process share it"
    other = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS, environment["AMAZON_WAREHOUSE"], lake.data, str(tmp_path / "other")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        waits: list[float] = []
        sentence = rf"is held by another process of the pipeline \(amazon-pipeline on .* \(PID {other.pid}\)"
        with pytest.raises(WarehouseHeld, match=sentence), open_warehouse(lake, wait_seconds=1, sleep=waits.append):
            pass
        assert sum(waits) == pytest.approx(1)
    finally:
        other.kill()
        other.communicate()
    with open_warehouse(lake) as connection:
        assert connection.execute("SELECT seller_id FROM meta.owner").fetchall() == [("A",)]


def test_a_catalogue_that_was_started_anew_is_found_again(lakes: Lakes, tmp_path: Path) -> None:
    lake = lakes.new(tmp_path)
    with open_warehouse(lake) as connection:
        connection.execute("INSERT INTO meta.owner VALUES ('A', 'amazon')")
    lakes.server.stop()
    try:
        with pytest.raises(WarehouseUnreachable, match="does not answer"), open_warehouse(lake):
            pass
    finally:
        lakes.server.start()
    with pytest.raises(WarehouseUnreachable, match="does not answer"):
        _lose_the_server(lakes, lake)
    with open_warehouse(lake) as connection:
        assert connection.execute("SELECT seller_id FROM meta.owner").fetchall() == [("A",)], "all or nothing"


def _lose_the_server(lakes: Lakes, lake: Lake) -> None:
    with open_warehouse(lake) as connection, transaction(connection):
        connection.execute("INSERT INTO meta.owner VALUES ('B', 'amazon')")
        lakes.server.stop()
        lakes.server.start()
