"""Order metrics and the stock report to typed rows."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.landing.personal_data import without_personal_data
from amazon_pipeline.staging import Staged, stage_order_metrics, stage_stock_report
from tests.amazon_answers import NOON, SELLER, US
from tests.amazon_figures import metrics_of, metrics_params, stock_line, stock_page


def staged_metrics(*days: dict[str, Any], zone: str = "America/Los_Angeles") -> Staged:
    body = {"payload": list(days)}
    page = LandedPage("batch-1", 1, "getOrderMetrics", metrics_params(zone=zone), NOON, None, None, body)
    return stage_order_metrics(page, SELLER)


def test_a_day_of_metrics_is_the_marketplaces_own_and_knows_where_it_begins_and_ends() -> None:
    (row,) = staged_metrics(metrics_of(date(2026, 11, 18), 3, 5, "70.50")).frames["order_metrics"].to_dicts()
    assert (row["day"], row["orders"], row["units"], row["sales"]) == (date(2026, 11, 18), 3, 5, Decimal("70.50"))
    assert row["starts_at"] == datetime(2026, 11, 18, 8, tzinfo=UTC)
    assert row["ends_at"] == datetime(2026, 11, 19, 8, tzinfo=UTC)
    assert (row["marketplace_id"], row["currency"], row["observed_at"]) == (US, "USD", NOON)


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 11, 1), 25), (date(2026, 3, 8), 23), (date(2026, 3, 9), 24)])
def test_a_day_on_which_the_clocks_change_is_longer_or_shorter(day: date, hours: int) -> None:
    (row,) = staged_metrics(metrics_of(day, 0, 0, "0.00")).frames["order_metrics"].to_dicts()
    assert (row["day"], (row["ends_at"] - row["starts_at"]).total_seconds() / 3600) == (day, hours)


def test_sales_that_amazon_does_not_give_are_null_and_not_zero() -> None:
    """It was seen to send an empty object for an amount."""
    day = metrics_of(date(2026, 11, 18), 3, 5, None)
    day["totalSales"]["amount"] = {}
    kept = without_personal_data("getOrderMetrics", {"payload": [day]})
    (row,) = staged_metrics(*kept["payload"]).frames["order_metrics"].to_dicts()
    assert (row["orders"], row["sales"]) == (3, None)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"interval": "yesterday"}, "interval is not two times with a zone"),
        ({"interval": "2026-11-18T00:00--2026-11-19T00:00"}, "interval is not two times with a zone"),
        ({"interval": "2026-11-18T00:00Z--2026-11-19T00:00Z"}, "interval is not one day of America/Los_Angeles"),
        ({"orderCount": None}, "orders is missing"),
        ({"unitCount": "many"}, "unitCount is not a whole number"),
    ],
)
def test_metrics_that_cannot_be_taken_are_set_aside_with_the_reason(changes: dict[str, Any], reason: str) -> None:
    good = metrics_of(date(2026, 11, 17), 1, 1, "1.00")
    staged = staged_metrics(good, {**metrics_of(date(2026, 11, 18), 3, 5, "70.50"), **changes})
    assert staged.frames["order_metrics"].height == 1
    assert reason in staged.quarantined["reason"][0]


def test_a_line_of_the_stock_report_takes_amazons_quantities_one_by_one() -> None:
    line = stock_line("A", 5, afn_reserved_quantity="3", afn_unsellable_quantity="1", afn_total_quantity="9")
    (row,) = stage_stock_report(stock_page(line), SELLER).frames["stock_report"].to_dicts()
    assert (row["seller_sku"], row["marketplace_id"], row["reported_at"]) == ("A", US, NOON)
    assert (row["fulfillable_quantity"], row["reserved_quantity"], row["unfulfillable_quantity"]) == (5, 3, 1)
    assert row["total_quantity"] == 9


def test_a_cell_of_the_stock_report_that_is_empty_is_null_and_not_zero() -> None:
    staged = stage_stock_report(stock_page(stock_line("A", 5, afn_reserved_quantity=None)), SELLER)
    assert staged.frames["stock_report"]["reserved_quantity"].to_list() == [None]


def test_a_line_of_the_stock_report_that_is_broken_is_set_aside_alone() -> None:
    lines = (
        stock_line("A", 5),
        stock_line("B", 5, afn_fulfillable_quantity=None),
        stock_line("C", 5, afn_fulfillable_quantity="-1"),
        {"sku": "D", "misaligned": "the line has 3 cells, the header 21"},
    )
    staged = stage_stock_report(stock_page(*lines), SELLER)
    assert staged.frames["stock_report"]["seller_sku"].to_list() == ["A"]
    reasons = dict(staged.quarantined.select("record_id", "reason").iter_rows())
    assert reasons["B"] == "fulfillable_quantity is missing"
    assert "not a whole number" in reasons["C"]
    assert "3 cells" in reasons["D"]
