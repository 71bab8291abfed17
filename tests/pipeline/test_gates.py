"""A mart whose rows break a rule: the check shows them, nothing is published; after a mend the next sync goes on."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import open_warehouse
from tests.pipeline.seller import Seller, running_seller


def checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """The check ``valid`` of each mart that the run came to."""
    return {
        check.asset_key.path[-1]: check for check in result.get_asset_check_evaluations() if check.check_name == "valid"
    }


def spoil(seller: Seller, statement: str) -> None:
    """Do something to the working file that the pipeline never would."""
    with open_warehouse(seller.settings.warehouse_path) as connection:
        connection.execute(statement)


def test_every_mart_has_one_blocking_check_of_its_own() -> None:
    definitions = build_definitions(Settings(_env_file=None))
    graph = definitions.resolve_asset_graph()
    blocking = {
        key.asset_key.path[-1]
        for key in graph.asset_check_keys
        if key.name == "valid" and graph.get(key).blocking  # type: ignore[attr-defined]
    }
    assert blocking == set(MART_TABLES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "mart", "rule", "rows"),
    [
        (
            "INSERT INTO mart.inventory_history FROM mart.inventory_history WHERE valid_to IS NULL LIMIT 2",
            "inventory_history",
            "seller_id, marketplace_id, seller_sku, valid_from is unique",
            2,
        ),
        (
            'UPDATE mart.sales_daily SET units = units + 1 WHERE "day" = (SELECT min("day") FROM mart.sales_daily)',
            "sales_daily",
            "orders, units and revenue over all days are those of mart.sales_hourly",
            1,
        ),
    ],
)
def test_failing_rows_are_on_the_check_and_the_last_good_file_stays(
    tmp_path: Path, statement: str, mart: str, rule: str, rows: int
) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        seller.pass_time(minutes=15)  # the second sync brings the history, and makes its days anew
        assert seller.sync().success
        before = seller.settings.published_path.resolve()
        spoil(seller, "CREATE TABLE main.mended AS FROM mart." + mart)
        spoil(seller, statement)
        seller.pass_time(minutes=15)
        result = seller.sync()
        assert not result.success
        check = checks(result)[mart]
        assert not check.passed
        assert check.blocking
        assert f"**{rule}**" in str(check.metadata["violations"].value)
        assert check.metadata["failing_rows"].value >= rows
        assert seller.settings.published_path.resolve() == before
        errors = [event.data for event in seller.events if event.event == "amazon-sync-error"]
        assert len(errors) == 1
        assert f"mart.{mart} was not renewed" in errors[0]

        spoil(seller, f"DELETE FROM mart.{mart}")
        spoil(seller, f"INSERT INTO mart.{mart} FROM main.mended")
        seller.pass_time(minutes=15)
        assert seller.sync().success
        assert seller.settings.published_path.resolve() != before


def test_a_sync_passes_every_gate(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        found = checks(seller.sync())
        assert set(found) == set(MART_TABLES)
        assert all(check.passed for check in found.values())
        assert set(DERIVED) <= set(found)
