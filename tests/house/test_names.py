"""One name, five places; a column is described once; every asset says what one row is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.marts.build import DERIVED, VIEWS, define_views
from amazon_pipeline.marts.sales_scope import choose
from amazon_pipeline.marts.sql_files import mart_sql
from amazon_pipeline.schemas import MART_TABLES, STAGING_TABLES, Table
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import open_warehouse
from tests.house.documents import ROOT

SQL = ROOT / "amazon_pipeline" / "marts" / "sql"
SHARED_SQL = {"pool_duplicates", *VIEWS}
"""SQL that is no mart: a step of ``inventory``, and what several marts are made from."""
TABLES = [*MART_TABLES.values(), *STAGING_TABLES.values()]


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    """The code location without credentials."""
    return build_definitions(Settings(_env_file=None))


@pytest.fixture(scope="module")
def assets(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    """Every asset by its key, ``mart/orders``."""
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def test_every_mart_has_a_table_an_sql_file_and_an_asset_of_one_name(assets: dict[str, dg.AssetSpec]) -> None:
    assert {path.stem for path in SQL.glob("*.sql")} - SHARED_SQL == set(MART_TABLES)
    assert {key.removeprefix("mart/") for key in assets if key.startswith("mart/")} == set(MART_TABLES)
    assert {name: table.qualified_name for name, table in MART_TABLES.items()} == {
        name: f"mart.{name}" for name in MART_TABLES
    }


def test_every_staging_asset_is_a_staging_table(assets: dict[str, dg.AssetSpec]) -> None:
    staged = {key.removeprefix("staging/") for key in assets if key.startswith("staging/")}
    assert staged <= {table.name for table in STAGING_TABLES.values() if table.schema == "staging"}


def test_every_sql_file_of_a_mart_starts_with_its_grain() -> None:
    for name in MART_TABLES:
        assert mart_sql(name).startswith("-- One row per "), name


def test_a_merge_writes_the_table_it_is_named_for() -> None:
    for name in set(MART_TABLES) - set(DERIVED):
        assert re.search(rf"\bINSERT INTO mart\.{name} BY NAME\b", mart_sql(name)), name


def test_a_derived_mart_is_one_select_of_the_columns_of_its_table(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        define_views(connection)
        for name in DERIVED:
            choose(connection, name)
            found = connection.execute(f"SELECT * FROM ({mart_sql(name)}) LIMIT 0").description or []
            assert {column[0] for column in found} == set(MART_TABLES[name].column_names), name


def test_every_asset_says_what_one_row_is_whose_it_is_and_where_it_belongs(assets: dict[str, dg.AssetSpec]) -> None:
    for key, spec in assets.items():
        assert (spec.description or "").startswith("One row per "), key
        assert spec.owners, key
        special = {"raw/orders_history": "history", "raw/marketplaces": "account", "staging/marketplaces": "account"}
        assert spec.group_name == special.get(key, key.split("/")[0]), key


def test_the_lineage_of_the_groups_runs_one_way(assets: dict[str, dg.AssetSpec]) -> None:
    """An arrow from staging back to raw crossed the picture that a newcomer sees first."""
    order = ["account", "history", "raw", "staging", "mart", "published"]
    for key, spec in assets.items():
        before = {assets[dep.asset_key.to_user_string()].group_name for dep in spec.deps}
        assert {order.index(str(group)) <= order.index(str(spec.group_name)) for group in before} <= {True}, key


def test_every_mart_and_what_is_published_is_watched_for_its_age(assets: dict[str, dg.AssetSpec]) -> None:
    watched = {key for key, spec in assets.items() if spec.freshness_policy is not None}
    assert watched == {key for key in assets if key.startswith("mart/") or key == "published"}


def test_every_asset_of_a_table_shows_its_columns(assets: dict[str, dg.AssetSpec]) -> None:
    for key, spec in assets.items():
        if not key.startswith(("staging/", "mart/")):
            continue
        schema, name = key.split("/")
        table = MART_TABLES[name] if schema == "mart" else STAGING_TABLES[name]
        shown = spec.metadata["dagster/column_schema"]
        assert [(column.name, column.description) for column in shown.columns] == [
            (column.name, column.meaning) for column in table.columns
        ]


def test_the_job_the_schedule_and_the_sensor_have_their_promised_names(definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    assert repository.has_job("amazon_sync")
    schedule = repository.get_schedule_def("amazon_sync_every_15_minutes")
    assert (schedule.cron_schedule, schedule.default_status) == ("*/15 * * * *", dg.DefaultScheduleStatus.RUNNING)
    assert repository.get_sensor_def("low_stock_alerts").default_status == dg.DefaultSensorStatus.RUNNING


def test_the_job_holds_every_asset_but_the_history_by_months(
    definitions: dg.Definitions, assets: dict[str, dg.AssetSpec]
) -> None:
    job = definitions.resolve_job_def("amazon_sync")
    assert {key.to_user_string() for key in job.asset_layer.selected_asset_keys} == set(assets) - {"raw/orders_history"}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.qualified_name)
def test_every_column_is_described_and_there_once(table: Table) -> None:
    assert [column.name for column in table.columns if len(column.meaning.strip()) < 3] == []
    assert [name for name, count in Counter(table.column_names).items() if count > 1] == []
    assert set(table.key) <= set(table.column_names)
    assert table.description.startswith("One row per ")


def test_money_stands_beside_its_currency() -> None:
    bare = [
        table.qualified_name
        for table in TABLES
        if any(column.type == "DECIMAL(18,2)" for column in table.columns) and "currency" not in table.column_names
    ]
    assert bare == []


def test_every_staged_column_reaches_a_mart() -> None:
    assert list(_unused_columns()) == []


def _unused_columns() -> Iterator[str]:
    bookkeeping = {"batch_id", "page", "observed_at"}
    for name, table in STAGING_TABLES.items():
        if name in MART_TABLES:
            for column in table.column_names:
                if column not in bookkeeping and column not in MART_TABLES[name].column_names:
                    yield f"{table.qualified_name}.{column}"
