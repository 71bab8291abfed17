"""A working file of another version: brought up to date in place, made again, or refused; never half."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from amazon_pipeline.errors import WarehouseOutdated, WarehouseUnavailable
from amazon_pipeline.marts import bring_up_to_date
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import migrate, open_as_found, open_warehouse
from amazon_pipeline.warehouse.connection import SCHEMA_VERSION, TABLES, made_by
from tests.amazon_answers import SELLER, inventory_summary, land_inventory, land_orders, order
from tests.unit.warehouse_fixture import TestWarehouse

OLDER = "UPDATE meta.schema_version SET version = 1; ALTER TABLE meta.schema_version DROP product"
"""What the file of a release from before files said which product made them has."""

DIE_BEFORE_COMMIT = """
import os, sys
from pathlib import Path
from amazon_pipeline.warehouse import connection, migrate

class Dying:
    def __init__(self, inner):
        self.inner = inner
    def __getattr__(self, name):
        return getattr(self.inner, name)
    def execute(self, query, *arguments):
        if query == "COMMIT":
            os._exit(9)
        return self.inner.execute(query, *arguments)

original = connection._connect
connection._connect = lambda *arguments: Dying(original(*arguments))
migrate(Path(sys.argv[1]), derived={"mart.sales_daily"})
"""


@pytest.fixture
def synced(warehouse: TestWarehouse) -> TestWarehouse:
    """A warehouse with orders and stock in it."""
    land_orders(warehouse.landing, order("1"), order("2"))
    land_inventory(warehouse.landing, inventory_summary("A", 5))
    warehouse.sync()
    return warehouse


def settings_of(warehouse: TestWarehouse) -> Settings:
    credentials = {
        "AMAZON_REFRESH_TOKEN": "Atzr|token",
        "AMAZON_LWA_APP_ID": "amzn1.application-oa2-client.id",
        "AMAZON_LWA_CLIENT_SECRET": "secret",
        "AMAZON_SELLER_ID": SELLER,
    }
    return Settings(_env_file=None, AMAZON_DATA_DIR=warehouse.directory, **credentials)  # type: ignore[call-arg]


def change(warehouse: TestWarehouse, *statements: str) -> None:
    """Make the file one of an older release."""
    with open_as_found(warehouse.path) as connection:
        for statement in (*statements, OLDER):
            connection.execute(statement)


def contents(warehouse: TestWarehouse) -> dict[str, list[object]]:
    """Every mart, but the statistics of the last run."""
    with open_warehouse(warehouse.path) as connection:
        return {
            name: connection.execute(f"SELECT * FROM mart.{name} ORDER BY ALL").fetchall()
            for name in MART_TABLES
            if name != "sync_status"
        }


def up_to_date(warehouse: TestWarehouse) -> list[str]:
    """Bring the file up to date; what was said."""
    said: list[str] = []
    bring_up_to_date(settings_of(warehouse), said.append)
    return said


def assert_as_described(path: Path) -> None:
    """Every table and comment is that of the schemas, in their order."""
    with open_warehouse(path) as connection:
        columns = connection.execute(
            """SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns()
               WHERE schema_name IN ('mart', 'staging', 'meta') AND table_name <> 'schema_version'
               ORDER BY schema_name, table_name, column_index"""
        ).fetchall()
        tables = connection.execute("SELECT schema_name || '.' || table_name, comment FROM duckdb_tables()").fetchall()
    assert columns == [
        (table.qualified_name, column.name, column.meaning)
        for table in sorted(TABLES, key=lambda table: (table.schema, table.name))
        for column in table.columns
    ]
    described = {table.qualified_name: table.description for table in TABLES}
    assert {name: comment for name, comment in tables if name != "meta.schema_version"} == described


def test_a_file_of_an_earlier_release_keeps_every_row_and_the_next_sync_fills_what_is_new(
    synced: TestWarehouse,
) -> None:
    before = contents(synced)
    change(
        synced,
        "DROP TABLE mart.sku_velocity",
        "DROP TABLE mart.sales_daily",
        "ALTER TABLE mart.low_stock DROP since",
        "ALTER TABLE staging.orders DROP source",
        "DROP TABLE staging.stock_report",
        "ALTER TABLE mart.orders ADD COLUMN of_old INTEGER",
        "CREATE TABLE mart.of_old (x INTEGER)",
        "COMMENT ON COLUMN mart.orders.order_total IS 'something else'",
    )
    with pytest.raises(WarehouseOutdated, match=r"an earlier version.*next sync"), open_warehouse(synced.path):
        pass
    assert up_to_date(synced) == ["The working file had the tables of an earlier version and is up to date now."]
    assert_as_described(synced.path)
    kept = contents(synced)
    merged = set(MART_TABLES) - set(DERIVED)
    assert {name: kept[name] for name in merged} == {name: before[name] for name in merged}
    synced.sync()
    assert contents(synced) == before
    assert up_to_date(synced) == [], "and that is that"


def test_a_new_column_that_may_be_null_stands_where_the_schema_has_it_and_is_null(synced: TestWarehouse) -> None:
    before = contents(synced)["orders"]
    change(synced, "ALTER TABLE mart.orders DROP sales_channel")
    up_to_date(synced)
    assert_as_described(synced.path)
    place = MART_TABLES["orders"].column_names.index("sales_channel")
    assert contents(synced)["orders"] == [(*row[:place], None, *row[place + 1 :]) for row in before]


@pytest.mark.parametrize(
    ("older", "why"),
    [
        ("ALTER TABLE mart.orders DROP is_prime", "mart.orders.is_prime is new and never NULL"),
        ("ALTER TABLE mart.orders ALTER quantity_ordered TYPE BIGINT", "quantity_ordered was BIGINT and is INTEGER"),
        ("ALTER TABLE mart.orders ALTER currency DROP NOT NULL; DROP TABLE mart.inventory_history", "is new and is"),
        ("ALTER TABLE mart.orders ALTER source DROP NOT NULL", "source could be NULL and never is"),
    ],
)
def test_what_only_the_landed_pages_know_is_made_from_them(synced: TestWarehouse, older: str, why: str) -> None:
    before = contents(synced)
    change(synced, older)
    assert why in up_to_date(synced)[0]
    assert contents(synced) == before
    assert_as_described(synced.path)


def test_a_file_whose_landed_pages_are_gone_is_left_as_it_is(synced: TestWarehouse) -> None:
    change(synced, "ALTER TABLE mart.orders DROP is_prime")
    for page in synced.landing.glob("*/orders/*/*/*"):
        page.unlink()
    with pytest.raises(WarehouseUnavailable, match="without losing 2 of its 2 orders"):
        up_to_date(synced)
    with open_as_found(synced.path) as connection:
        assert connection.execute("SELECT count(*) FROM mart.orders").fetchall() == [(2,)]


def test_a_meaning_that_changed_reaches_the_file_and_makes_the_sales_anew(synced: TestWarehouse) -> None:
    change(synced, "COMMENT ON COLUMN mart.sales_daily.revenue IS 'what it was'")
    up_to_date(synced)
    assert_as_described(synced.path)
    assert synced.rows("SELECT DISTINCT mart FROM staging.stale_sales ORDER BY ALL") == [
        ("sales_daily",),
        ("sales_hourly",),
    ]


def test_a_file_of_a_newer_program_is_refused_and_both_versions_are_named(synced: TestWarehouse) -> None:
    with open_as_found(synced.path) as connection:
        connection.execute("UPDATE meta.schema_version SET version = 1, product = '99.1.0'")
    for attempt in (lambda: up_to_date(synced), lambda: open_warehouse(synced.path).__enter__()):
        with pytest.raises(WarehouseUnavailable, match=r"version 99\.1\.0 .*newer than this one, \d+\.\d+\.\d+"):
            attempt()


def test_a_migration_that_is_killed_leaves_the_file_as_it_was(synced: TestWarehouse) -> None:
    before = contents(synced)
    change(synced, "ALTER TABLE mart.orders DROP sales_channel", "DROP TABLE mart.sales_daily")
    killed = subprocess.run([sys.executable, "-c", DIE_BEFORE_COMMIT, synced.path], env=dict(os.environ), check=False)
    assert killed.returncode == 9
    with duckdb.connect(synced.path) as connection:
        found = made_by(connection)
        assert found is not None
        assert (found.schema_version, found.product) == (1, None)
        assert connection.execute("SELECT count(*) FROM mart.orders").fetchall() == [(len(before["orders"]),)]
    up_to_date(synced)
    synced.sync()
    assert contents(synced)["sales_daily"] == before["sales_daily"]


def test_a_new_file_says_which_program_made_it(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    assert migrate(path, derived=()) is None
    with open_warehouse(path) as connection:
        found = made_by(connection)
    assert found is not None
    assert found.schema_version == SCHEMA_VERSION
    assert found.product
    assert not found.is_newer
