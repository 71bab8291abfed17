"""The report of all orders to typed rows: lines grouped, words and money as everywhere, and what is set aside."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from amazon_pipeline.marketplaces import MARKETPLACES
from tests.order_reports import line, staged


def order(*lines: Any) -> dict[str, Any]:
    return staged(*lines).frames["orders"].row(0, named=True)


def reason(*lines: Any) -> str:
    return str(staged(*lines).quarantined["reason"][0])


def test_the_lines_of_an_order_are_numbered_in_the_order_of_the_report() -> None:
    found = staged(line("1", sku="A"), line("2", sku="B"), line("1", sku="C"), line("1", sku="C"))
    items = [(row["amazon_order_id"], row["order_item_id"], row["seller_sku"]) for row in _rows(found, "order_items")]
    assert items == [("1", "report:1", "A"), ("1", "report:2", "C"), ("1", "report:3", "C"), ("2", "report:1", "B")]
    assert [row["quantity_ordered"] for row in _rows(found, "orders")] == [3, 1]


def _rows(found: Any, table: str) -> list[dict[str, Any]]:
    return list(found.frames[table].iter_rows(named=True))


@pytest.mark.parametrize(
    ("amazon", "ours"),
    [
        ("Shipped", "Shipped"),
        ("Shipped - Delivered to Buyer", "Shipped"),
        ("Cancelled", "Canceled"),
        ("Pending", "Pending"),
        ("PendingAvailability", "PendingAvailability"),
        ("Unshipped", "Unshipped"),
        ("PartiallyShipped", "PartiallyShipped"),
        ("Partially Shipped", "PartiallyShipped"),
        ("Unfulfillable", "Unfulfillable"),
        ("Something New", "Something New"),
    ],
)
def test_a_status_is_put_in_the_houses_words_and_a_new_one_passes_through(amazon: str, ours: str) -> None:
    assert order(line(order_status=amazon))["order_status"] == ours


def test_the_total_is_prices_and_taxes_less_discounts_over_the_lines() -> None:
    found = order(
        line(
            item_price="20.00", item_tax="1.65", shipping_price="4.99", shipping_tax="0.41", gift_wrap_price="3.99",
            gift_wrap_tax="0.33", item_promotion_discount="2.00", ship_promotion_discount="4.99", quantity="2",
        ),
        line(item_price="0.10", item_tax=None),
    )  # fmt: skip
    assert found["order_total"] == Decimal("24.48")
    assert found["item_revenue"] == Decimal("20.10")


def test_a_discount_of_either_sign_is_taken_off() -> None:
    assert order(line(item_promotion_discount="-2.00"))["order_total"] == Decimal("8.83")


def test_an_order_without_a_price_has_no_total_and_not_zero() -> None:
    found = order(line(item_price=None, item_tax=None, currency=None, order_status="Pending"))
    assert (found["order_total"], found["item_revenue"], found["currency"]) == (None, None, None)


def test_a_price_of_nothing_is_zero() -> None:
    assert order(line(item_price="0.00", item_tax="0.00"))["order_total"] == Decimal("0.00")


def test_the_unit_price_is_given_where_it_comes_out_to_the_cent() -> None:
    items = _rows(staged(line(item_price="10.00", quantity="4"), line(item_price="10.00", quantity="3")), "order_items")
    assert [item["unit_price"] for item in items] == [Decimal("2.50"), None]


@pytest.mark.parametrize(
    ("item_status", "shipped", "unshipped"),
    [
        ("Shipped", 2, 0),
        ("Unshipped", 0, 2),
        ("Pending", 0, 2),
        ("Unfulfillable", 0, 2),
        ("Cancelled", 0, 0),
        ("Odd", None, None),
    ],
)
def test_what_has_left_is_told_by_the_status_of_the_line(
    item_status: str, shipped: int | None, unshipped: int | None
) -> None:
    found = order(line(item_status=item_status, quantity="2"))
    assert (found["quantity_shipped"], found["quantity_unshipped"]) == (shipped, unshipped)


@pytest.mark.parametrize("marketplace", MARKETPLACES.values(), ids=lambda one: one.country_code)
def test_every_sales_channel_is_its_marketplace(marketplace: Any) -> None:
    found = order(line(sales_channel=marketplace.sales_channel))
    assert (found["marketplace_id"], found["sales_channel"]) == (marketplace.marketplace_id, marketplace.sales_channel)


@pytest.mark.parametrize("channel", ["Non-Amazon", "Non-Amazon US"])
def test_multi_channel_orders_belong_to_no_marketplace(channel: str) -> None:
    assert order(line(sales_channel=channel))["marketplace_id"] == "NON_AMAZON"


def test_channels_flags_times_and_source_are_those_of_the_house() -> None:
    found = order(
        line(
            fulfillment_channel="Merchant", is_business_order="true",
            purchase_date="2026-11-01T09:30:00+09:00", last_updated_date="2026-11-02T00:00:00+00:00",
        ),
        line(last_updated_date="2026-11-03T00:00:00+00:00"),
    )  # fmt: skip
    assert (found["fulfillment_channel"], found["is_business"], found["source"]) == ("MFN", True, "report")
    assert (found["is_prime"], found["is_replacement"]) == (False, False)
    assert found["purchase_date"] == datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    assert found["last_update_date"] == datetime(2026, 11, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"quantity": "two"}, "line 1: quantity is not a whole number"),
        ({"quantity": None}, "quantity_ordered is missing"),
        ({"item_price": "10,00"}, "line 1: item-price is not an amount"),
        ({"item_price": "NaN"}, "line 1: item-price is not an amount"),
        ({"purchase_date": "yesterday"}, "purchase-date is not an ISO 8601 time"),
        ({"purchase_date": "2026-11-01T09:30:00"}, "purchase-date has no time zone"),
        ({"last_updated_date": None}, "last_update_date is missing"),
        ({"order_status": None}, "order_status is missing"),
        ({"sales_channel": "Amazon.mars"}, "sales-channel 'Amazon.mars' is no marketplace"),
        ({"misaligned": "the line has 31 cells, the header 30"}, "the line has 31 cells"),
    ],
)
def test_what_is_wrong_is_said_field_by_field(changes: dict[str, str | None], words: str) -> None:
    assert words in reason(line(**changes))


def test_lines_in_two_currencies_are_no_order() -> None:
    assert "more than one currency" in reason(line(), line(currency="CAD"))


def test_an_order_whose_one_line_is_bad_is_set_aside_whole_and_the_others_go_on() -> None:
    found = staged(line("1"), line("1", quantity="x"), line("2"))
    assert found.frames["orders"]["amazon_order_id"].to_list() == ["2"]
    assert found.frames["order_items"].height == 1
    assert found.quarantined["record_id"].to_list() == ["1"]
    assert found.stream == "orders_history"


def test_lines_without_an_order_are_set_aside_one_by_one() -> None:
    found = staged({}, line("1"), {"misaligned": "the line has 2 cells, the header 30"}, None)
    assert found.frames["orders"].height == 1
    assert found.quarantined.height == 3
