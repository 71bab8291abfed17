"""Our figures beside Amazon's own through whole syncs, on several days."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from amazon_pipeline.commands.rebuild import rebuild
from tests.pipeline.seller import Answer, Seller, refuse, running_seller

TABLES = ("reconciliation", "inventory_reconciliation")


def tables(seller: Seller) -> list[list[tuple[Any, ...]]]:
    return [seller.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in TABLES]


def agreements(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {
        check.asset_key.path[-1]: check
        for check in result.get_asset_check_evaluations()
        if check.check_name == "agrees_with_amazon"
    }


def status(seller: Seller, stream: str) -> tuple[str, str | None]:
    ((word, message),) = seller.rows(f"SELECT status, message FROM mart.sync_status WHERE stream = '{stream}'")
    return word, message


def sync_over_days(seller: Seller) -> dg.ExecuteInProcessResult:
    """A new account's first syncs, and one a day for three days; the last one lands a stock report."""
    for minutes in (15, 15, 60 * 24, 60 * 24, 60 * 24 - 45, 15):
        assert seller.sync().success
        seller.pass_time(minutes=minutes)
    return seller.sync()


@pytest.mark.slow
def test_over_days_our_settled_figures_are_amazons_and_a_rebuild_gives_the_same(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=30) as seller:
        result = sync_over_days(seller)
        assert result.success
        settled = seller.rows(
            "SELECT count(*), count(DISTINCT marketplace_id), sum(our_orders) > 300, "
            "count(*) FILTER (our_orders = amazon_orders AND our_units = amazon_units AND difference = 0) "
            "FROM mart.reconciliation WHERE is_settled AND orders_without_amount = 0"
        )
        ((days, marketplaces, has_orders, equal),) = settled
        assert (marketplaces, has_orders) == (2, True)
        assert days >= 28, "fourteen days of two marketplaces, known through the report of the first syncs"
        assert equal == days, "the simulator is one world: there is nothing to differ"
        days_without_amount = seller.rows("SELECT count(*) FROM mart.reconciliation WHERE orders_without_amount > 0")
        assert days_without_amount[0][0] <= 4
        checks = agreements(result)
        assert checks["reconciliation"].passed
        assert checks["reconciliation"].metadata["rows_compared"].value >= days
        assert checks["inventory_reconciliation"].metadata["rows_compared"].value > 10
        assert seller.rows(
            "SELECT count(*) > 10, count(*) = count(our_total), count(*) = count(amazon_total), "
            "count(DISTINCT marketplace_id) FROM mart.inventory_reconciliation"
        ) == [(True, True, True, 1)], "the other marketplace's report is due later"
        before = tables(seller)
        assert rebuild(seller.settings, lambda _line: None)
        assert tables(seller) == before
        assert [call for call in seller.simulator.calls if call.status == 429] == []


@pytest.mark.slow
def test_a_second_sync_of_the_day_asks_amazon_for_neither_again(tmp_path: Path) -> None:
    settings = {"AMAZON_HISTORY_DAYS": "0", "AMAZON_MARKETPLACE_IDS": "ATVPDKIKX0DER"}
    with running_seller(tmp_path, settings=settings, quota_speed=1000, orders_per_day=10) as seller:
        for _ in range(2):
            assert seller.sync().success
            seller.pass_time(minutes=15)
        assert (seller.calls("getOrderMetrics"), seller.calls("createReport")) == (1, 1)
        calls = {name: seller.calls(name) for name in ("getOrderMetrics", "createReport", "getReport")}
        assert seller.sync().success
        assert {name: seller.calls(name) for name in calls} == calls
        assert status(seller, "order_metrics") == status(seller, "stock_report") == ("ok", None)


@pytest.mark.slow
def test_an_application_that_may_read_neither_still_syncs_and_says_so(tmp_path: Path) -> None:
    def denied(path: str, _headers: dict[str, str]) -> Answer | None:
        return refuse(403, "Unauthorized") if path.startswith(("/sales/", "/reports/")) else None

    with running_seller(tmp_path, fault=denied, quota_speed=1000, orders_per_day=10) as seller:
        result = seller.sync()
        assert result.success
        for stream in ("order_metrics", "stock_report"):
            word, message = status(seller, stream)
            assert word == "not-available"
            assert "request-of-the-fault" in (message or "")
        for check in agreements(result).values():
            assert check.passed
            assert check.metadata["message"].value == "There is nothing to compare yet."


@pytest.mark.slow
def test_amazons_own_figures_failing_stops_no_other_stream_and_is_told(tmp_path: Path) -> None:
    def broken(path: str, _headers: dict[str, str]) -> Answer | None:
        return (503, {}, b"") if path.startswith("/sales/") else None

    with running_seller(tmp_path, fault=broken, quota_speed=1000, orders_per_day=10) as seller:
        assert not seller.sync().success
        assert status(seller, "order_metrics")[0] == "failed"
        assert status(seller, "orders")[0] == status(seller, "inventory")[0] == "ok"
        assert "Amazon's own order figures could not be refreshed" in seller.events[-1].data


def test_drift_is_a_warning_with_the_days_and_fails_no_sync(tmp_path: Path) -> None:
    with running_seller(tmp_path, fault=lambda _path, _headers: None, quota_speed=1000, orders_per_day=30) as seller:

        def doubled(path: str, answer: Answer) -> Answer:
            if not path.startswith("/sales/") or answer[0] != 200:
                return answer
            return answer[0], answer[1], answer[2].replace(b'"orderCount":', b'"orderCount":1')

        seller.spoil = doubled
        assert seller.sync().success
        seller.pass_time(minutes=15)
        result = seller.sync()
        assert result.success
        check = agreements(result)["reconciliation"]
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert check.metadata["rows_beyond_tolerance"].value > 20
        assert str(seller.clock().date() - timedelta(days=5)) in str(check.metadata["beyond_tolerance"].value)
