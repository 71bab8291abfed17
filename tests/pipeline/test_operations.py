"""What docs/operations.md promises: restore, damaged files, acts from the Dagster UI."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from amazon_pipeline.commands.rebuild import rebuild
from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.defs.upkeep import REBUILD_JOB, REPLAY_JOB
from amazon_pipeline.warehouse import open_warehouse
from tests.pipeline.seller import Seller, running_seller
from tests.pipeline.test_rebuild import tables


@pytest.mark.slow
def test_a_backup_of_three_things_gives_the_same_tables_elsewhere(tmp_path: Path) -> None:
    with running_seller(tmp_path / "old", quota_speed=1000) as seller:
        (tmp_path / "old").mkdir()
        (tmp_path / "old" / "stock_thresholds.csv").write_text(
            "seller_sku,marketplace_id,low_stock_threshold,lead_time_days,case_pack\nKETTLE-01,,25,45,12\n"
        )
        assert seller.sync().success
        before = tables(seller)
        new = tmp_path / "new"
        shutil.copytree(tmp_path / "old" / "landing", new / "landing")
        for name in ("state.sqlite", "stock_thresholds.csv"):
            shutil.copy(tmp_path / "old" / name, new / name)
        seller.settings = seller.settings.model_copy(update={"data_dir": new})
        assert rebuild(seller.settings, lambda _line: None)
        assert tables(seller) == before
        assert seller.rows("SELECT seller_sku FROM staging.stock_thresholds") == [("KETTLE-01",)]
        seller.pass_time(minutes=15)
        assert seller.sync().success, "and syncs go on there"


@pytest.mark.slow
def test_a_damaged_page_is_named_stops_nothing_and_is_asked_for_again(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        before = tables(seller)
        page = min(seller.settings.landing_dir.glob("*/orders/*/*/page-*"))
        page.write_bytes(page.read_bytes()[:200])
        said: list[str] = []
        assert rebuild(seller.settings, said.append)
        assert any(str(page) in line for line in said)
        assert len(tables(seller)["inventory"]) == len(before["inventory"])
        assert len(tables(seller)["orders"]) < len(before["orders"])
        for _ in range(2):
            seller.pass_time(minutes=15)
            assert seller.sync().success
        after = {row[2] for row in tables(seller)["orders"]}
        assert after >= {row[2] for row in before["orders"]}, "Amazon was asked for that window again"
        assert seller.rows("SELECT watermark IS NOT NULL FROM mart.sync_status WHERE stream = 'orders'") == [(True,)]


def materialize(seller: Seller, *keys: str) -> dg.ExecuteInProcessResult:
    """What a person does who selects a few assets in the UI."""
    job = build_definitions(seller.settings, seller.surroundings).resolve_implicit_global_asset_job_def()
    selection = [dg.AssetKey(key.split("/")) for key in keys]
    return job.execute_in_process(instance=seller.instance, asset_selection=selection, raise_on_error=False)


@pytest.mark.slow
def test_one_stream_alone_is_no_sync_and_the_next_sync_publishes_it(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        published = seller.settings.published_path.resolve()
        told = seller.event_names()
        seller.pass_time(hours=1)
        result = materialize(
            seller,
            "raw/inventory",
            "staging/inventory",
            "mart/inventory",
            "mart/inventory_history",
            "mart/stock_transitions",
        )
        assert result.success
        assert (seller.settings.published_path.resolve(), seller.event_names()) == (published, told)
        (raw,) = [event for event in result.get_asset_materialization_events() if event.asset_key.path[0] == "raw"]
        shown = raw.materialization.metadata
        assert shown["bytes_landed"].value > 0
        assert shown["quota_left/getInventorySummaries"].value >= 0
        assert shown["lag_seconds"].value >= 0
        assert str(seller.settings.landing_dir) in shown["landed"].value
        assert shown["duration_seconds"].value >= 0
        assert seller.sync().success
        assert seller.settings.published_path.resolve() != published


def test_every_job_starts_with_what_the_launchpad_shows_first(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        definitions = build_definitions(seller.settings, seller.surroundings)
        for job in definitions.resolve_all_job_defs():
            assert dg.validate_run_config(job) is not None
        with pytest.raises(dg.DagsterInvalidConfigError, match="sales_weekly"):
            dg.validate_run_config(definitions.resolve_job_def(REBUILD_JOB), rebuilding("sales_weekly"))
        replay = definitions.resolve_job_def(REPLAY_JOB)
        wrong = {"ops": {"replay_orders": {"config": {"order_ids": ["all of them"]}}}}
        result = replay.execute_in_process(instance=seller.instance, run_config=wrong, raise_on_error=False)
        (refused,) = result.filter_events(lambda event: event.is_step_failure)
        assert "no order ids: all of them" in str(refused.step_failure_data.error)


def rebuilding(*marts: str) -> dict[str, Any]:
    """What a person writes into the launchpad of the job rebuild_marts."""
    return {"ops": {"rebuild_derived_marts": {"config": {"marts": list(marts)}}}}


def test_a_mart_is_made_from_nothing_and_a_stream_alone_is_synced_and_published(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        before = {name: tables(seller)[name] for name in ("sales_daily", "sku_velocity")}
        with open_warehouse(seller.settings.warehouse_path) as connection:
            connection.execute("UPDATE mart.sales_daily SET orders = orders + 1000")
            connection.execute("UPDATE mart.sku_velocity SET units_7d = 0")
        definitions = build_definitions(seller.settings, seller.surroundings)
        rebuild_marts = definitions.resolve_job_def(REBUILD_JOB)
        result = rebuild_marts.execute_in_process(instance=seller.instance, run_config=rebuilding("sales_daily"))
        (made,) = result.filter_events(lambda event: event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION)
        assert made.asset_key == dg.AssetKey(["mart", "sales_daily"])
        asked = seller.calls("searchOrders")
        one_stream = definitions.resolve_job_def("sync_inventory")
        assert one_stream.execute_in_process(instance=seller.instance).success
        assert seller.event_names()[-2:] == ["amazon-sync-started", "amazon-sync-completed"]
        assert seller.calls("searchOrders") == asked
        assert {name: tables(seller)[name] for name in before} == before, "nothing of the damage is left"
