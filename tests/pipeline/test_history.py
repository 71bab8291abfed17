"""Order history through whole syncs, by months in Dagster, and by the command."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from amazon_pipeline.commands.backfill import backfill, span_of_days
from amazon_pipeline.commands.rebuild import rebuild
from amazon_pipeline.definitions import build_definitions
from amazon_pipeline.defs.assets_history import first_months
from amazon_pipeline.errors import HistoryAlreadyRunning, SettingsError
from amazon_pipeline.landing import Landing
from amazon_pipeline.simulator.orders import OrderState
from tests.pipeline.seller import START, Seller, running_seller
from tests.pipeline.test_truth import STATUS, total

MONTH = "2026-10-01"
HISTORY = "SELECT status, backlog, last_success_at IS NOT NULL FROM mart.sync_status WHERE stream = 'orders_history'"


def reports_asked_for(seller: Seller) -> int:
    """How many reports of orders Amazon was asked for; the stock report is another stream's."""
    return len(Landing(seller.settings.landing_dir, seller.settings.credentials().seller_id).batches("orders_history"))


def truth(seller: Seller, since: datetime, until: datetime) -> dict[str, OrderState]:
    """The orders the account holds, by id, as they stand now."""
    found = seller.simulator.world.orders_at(seller.clock(), since)
    return {state.order_id: state for state in found if since <= state.created <= until}


def published(seller: Seller) -> dict[str, tuple[Any, ...]]:
    rows = seller.rows(
        "SELECT amazon_order_id, order_status, purchase_date, order_total, item_revenue, quantity_ordered, "
        "quantity_shipped, fulfillment_channel, is_business, marketplace_id FROM mart.orders"
    )
    return {row[0]: row[1:] for row in rows}


def expected(state: OrderState) -> tuple[Any, ...]:
    return (
        STATUS[state.status],
        state.created.replace(microsecond=0),
        total(state),
        state.item_revenue,
        state.quantity_ordered,
        state.quantity_shipped,
        {"AMAZON": "AFN", "MERCHANT": "MFN"}[state.fulfilled_by],
        state.order.business,
        state.order.marketplace_id or "NON_AMAZON",
    )


def fetch_month(seller: Seller) -> dg.ExecuteInProcessResult:
    """A month of the partitioned asset, as its button in the UI does."""
    definitions = build_definitions(seller.settings, seller.surroundings)
    job = definitions.resolve_implicit_job_def_def_for_assets([dg.AssetKey(["raw", "orders_history"])])
    assert job is not None
    return job.get_subset(asset_selection={dg.AssetKey(["raw", "orders_history"])}).execute_in_process(
        instance=seller.instance, partition_key=MONTH, raise_on_error=False
    )


def test_a_new_accounts_last_days_come_with_its_second_sync_and_equal_the_truth(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=40) as seller:
        before = seller.clock()
        assert seller.sync().success
        assert seller.clock() - before < timedelta(seconds=5), "the first figures do not wait for the report"
        assert seller.rows(HISTORY) == [("backlog", True, False)]
        assert seller.rows("SELECT count(*) > 0 FROM mart.order_metrics_24h WHERE total_orders > 0") == [(True,)]
        seller.pass_time(minutes=15)
        assert seller.sync().success
        assert seller.rows(HISTORY) == [("ok", False, True)]
        found, held = published(seller), truth(seller, START - timedelta(days=29), START - timedelta(days=3))
        assert len(held) > 500
        for order_id, state in held.items():
            row = found[order_id]
            assert (row[0], row[1].replace(microsecond=0), *row[2:]) == expected(state)
        assert seller.rows("SELECT source, count(*) > 40 FROM mart.orders GROUP BY ALL ORDER BY 1") == [
            ("orders_api", True),
            ("report", True),
        ]
        assert seller.rows(
            "SELECT count(*) FROM mart.order_items AS i JOIN mart.orders AS o USING (amazon_order_id) "
            "WHERE (o.source = 'report') <> starts_with(i.order_item_id, 'report:')"
        ) == [(0,)]


@pytest.mark.slow
def test_a_month_in_dagster_lands_beside_the_schedule_and_the_next_sync_publishes_it(tmp_path: Path) -> None:
    settings = {"AMAZON_HISTORY_DAYS": "0"}
    with running_seller(tmp_path, settings=settings, quota_speed=1000, orders_per_day=20) as seller:
        assert seller.sync().success
        assert fetch_month(seller).success
        assert seller.instance.get_materialized_partitions(dg.AssetKey(["raw", "orders_history"])) == {MONTH}
        assert seller.rows("SELECT count(*) FROM mart.orders WHERE source = 'report'") == [(0,)]
        assert seller.sync().success
        month = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
        assert truth(seller, *month).keys() <= published(seller).keys()
        asked = reports_asked_for(seller)
        assert fetch_month(seller).success
        assert reports_asked_for(seller) == asked == 2, "a month of 31 days is two reports, asked for once"


@pytest.mark.slow
def test_a_month_that_amazon_refuses_is_a_failed_run_with_the_reason(tmp_path: Path) -> None:
    settings = {"AMAZON_HISTORY_DAYS": "0"}
    with running_seller(tmp_path, settings=settings, quota_speed=1000, orders_per_day=20) as seller:
        assert seller.sync().success
        seller.simulator.faults.add(operation="createReport", kind="report-fatal", times=1)
        result = fetch_month(seller)
        assert not result.success
        (failure,) = result.filter_events(lambda event: event.is_step_failure)
        assert "FATAL" in str(failure.step_failure_data)
        assert seller.sync().success, "the schedule goes on"


@pytest.mark.slow
def test_the_command_brings_a_span_and_publishes_it_before_any_sync(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=20) as seller:
        said: list[str] = []
        assert backfill(seller.settings, date(2026, 9, 1), date(2026, 10, 10), said.append, seller.surroundings)
        span = (datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 11, tzinfo=UTC))
        assert set(published(seller)) == set(truth(seller, *span))
        assert any("2 reports" in line for line in said)
        asked = reports_asked_for(seller)
        assert backfill(seller.settings, date(2026, 9, 5), date(2026, 10, 1), said.append, seller.surroundings)
        assert reports_asked_for(seller) == asked == 2
        assert seller.sync().success
        assert set(truth(seller, *span)) <= set(published(seller))


@pytest.mark.slow
def test_a_command_that_was_not_finished_says_so_and_goes_on_when_run_again(tmp_path: Path) -> None:
    settings = {"AMAZON_HISTORY_DAYS": "0"}
    with running_seller(tmp_path, settings=settings, quota_speed=1000, orders_per_day=20) as seller:
        assert seller.sync().success
        said: list[str] = []
        seller.simulator.faults.add(operation="downloadDocument", kind="503", times=3, after=1)
        span = (date(2026, 9, 1), date(2026, 10, 10))
        assert not backfill(seller.settings, *span, said.append, seller.surroundings)
        assert "Run the same command again" in said[-1]
        first = seller.rows("SELECT count(*) FROM mart.orders WHERE source = 'report'")
        assert first > [(0,)], "what came is published"
        assert backfill(seller.settings, *span, said.append, seller.surroundings)
        assert reports_asked_for(seller) == 2
        assert seller.rows("SELECT count(*) FROM mart.orders WHERE source = 'report'") > first


@pytest.mark.slow
def test_a_rebuild_gives_the_same_orders_history_included(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=20) as seller:
        seller.sync()
        seller.pass_time(minutes=15)
        assert seller.sync().success
        tables = ("orders", "order_items", "sales_daily")
        before = [seller.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in tables]
        assert rebuild(seller.settings, lambda _line: None)
        assert [seller.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in tables] == before


@pytest.mark.slow
def test_who_comes_second_to_the_history_is_told_and_a_sync_goes_on_without_it(tmp_path: Path) -> None:
    program = (
        "import fcntl, sys; lock = open(sys.argv[1], 'a'); fcntl.flock(lock, fcntl.LOCK_EX); "
        "print('held', flush=True); "
        "sys.stdin.read()"
    )
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=20) as seller:
        lock = str(seller.settings.history_lock_path)
        other = [sys.executable, "-c", program, lock]
        with subprocess.Popen(other, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            with pytest.raises(HistoryAlreadyRunning):
                backfill(seller.settings, date(2026, 11, 1), None, lambda _line: None, seller.surroundings)
            assert seller.sync().success
            holder.communicate()
        assert reports_asked_for(seller) == 0
        assert seller.sync().success
        assert reports_asked_for(seller) == 1


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), "before --since"),
        (date(2026, 11, 21), None, "in the future"),
        (date(2024, 11, 19), None, "two years"),
    ],
)
def test_a_span_that_cannot_be_is_refused_with_a_sentence(since: date, until: date | None, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        span_of_days(since, until, START)


def test_a_span_is_whole_days_and_ends_today_at_the_latest() -> None:
    assert span_of_days(date(2024, 11, 20), None, START) == (
        datetime(2024, 11, 20, tzinfo=UTC),
        datetime(2026, 11, 21, tzinfo=UTC),
    )
    assert span_of_days(date(2026, 11, 1), date(2027, 1, 1), START)[1] == datetime(2026, 11, 21, tzinfo=UTC)


def test_the_months_are_those_amazon_keeps_whole() -> None:
    assert first_months(START) == datetime(2024, 12, 1, tzinfo=UTC)
    assert first_months(datetime(2026, 3, 31, 12, tzinfo=UTC)) == datetime(2024, 4, 1, tzinfo=UTC)
