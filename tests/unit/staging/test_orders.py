"""Orders API v2026-01-01 to typed rows: the vocabulary, the money, and what is set aside."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.staging import Staged, stage_orders
from tests.amazon_answers import CA, NOON, SELLER, US, money, order, order_item


def staged(*orders: Any) -> Staged:
    page = LandedPage("batch-1", 1, "searchOrders", {}, NOON, "request-1", None, {"orders": list(orders)})
    return stage_orders(page, SELLER)


def row(*orders: Any) -> dict[str, Any]:
    return staged(*orders).frames["orders"].row(0, named=True)


def reason(*orders: Any) -> str:
    return str(staged(*orders).quarantined["reason"][0])


@pytest.mark.parametrize(
    ("amazon", "ours"),
    [
        ("PENDING", "Pending"),
        ("PENDING_AVAILABILITY", "PendingAvailability"),
        ("UNSHIPPED", "Unshipped"),
        ("PARTIALLY_SHIPPED", "PartiallyShipped"),
        ("SHIPPED", "Shipped"),
        ("CANCELLED", "Canceled"),
        ("UNFULFILLABLE", "Unfulfillable"),
        ("INVOICE_UNCONFIRMED", "INVOICE_UNCONFIRMED"),
    ],
)
def test_a_status_is_put_in_the_houses_words_and_a_new_one_passes_through(amazon: str, ours: str) -> None:
    assert row(order("1", status=amazon))["order_status"] == ours


def test_money_stays_exact() -> None:
    found = row(
        order("1", total="12345678.10", items=[order_item("1", subtotal="0.1"), order_item("2", subtotal="0.2")])
    )
    assert found["order_total"] == Decimal("12345678.10")
    assert found["item_revenue"] == Decimal("0.30")


def test_an_amount_that_amazon_does_not_give_is_null_and_not_zero() -> None:
    found = row(order("1", total=None, items=[order_item(subtotal=None)]))
    assert found["order_total"] is None
    assert found["item_revenue"] is None


@pytest.mark.parametrize(
    ("total", "currencies"), [("12.00", ("USD", "CAD")), (None, ("USD", "CAD")), ("12.00", ("CAD",))]
)
def test_amounts_of_two_currencies_are_never_added(total: str | None, currencies: tuple[str, ...]) -> None:
    lines = [order_item(str(n), subtotal="10.00", currency=one) for n, one in enumerate(currencies)]
    found = staged(order("1", total=total, items=lines)).frames
    assert found["orders"].row(0, named=True)["item_revenue"] is None
    assert found["order_items"]["currency"].to_list() == list(currencies), "each line keeps its own amount"


def test_a_replacement_without_an_amount_is_free_in_its_marketplaces_currency() -> None:
    body = order(
        "1",
        total=None,
        marketplace_id=CA,
        items=[order_item(subtotal=None)],
        associatedOrders=[{"orderId": "0", "associationType": "REPLACEMENT_ORIGINAL_ID"}],
    )
    del body["orderItems"][0]["product"]["price"]
    found = row(body)
    assert (found["order_total"], found["currency"], found["is_replacement"]) == (Decimal("0.00"), "CAD", True)


def test_quantities_are_summed_over_the_lines_and_null_where_amazon_is_silent() -> None:
    both = row(order("1", items=[order_item("1", quantity=3, shipped=1), order_item("2", quantity=2, shipped=2)]))
    assert (both["quantity_ordered"], both["quantity_shipped"], both["quantity_unshipped"]) == (5, 3, 2)
    silent = row(order("1", items=[order_item(shipped=None)]))
    assert (silent["quantity_shipped"], silent["quantity_unshipped"]) == (None, None)


def test_a_multi_channel_order_belongs_to_no_amazon_marketplace() -> None:
    found = row(order("1", marketplace_id=None))
    assert (found["marketplace_id"], found["sales_channel"]) == ("NON_AMAZON", "NON_AMAZON")


def test_programs_and_channel_are_marked() -> None:
    found = row(
        order(
            "1", programs=["AMAZON_BUSINESS"], fulfillment={"fulfillmentStatus": "SHIPPED", "fulfilledBy": "MERCHANT"}
        )
    )
    assert (found["is_business"], found["is_prime"], found["fulfillment_channel"]) == (True, False, "MFN")


def test_times_become_utc_whatever_zone_amazon_writes_them_in() -> None:
    found = row(order("1") | {"createdTime": "2026-11-20T09:30:00.123+02:00"})
    assert found["purchase_date"] == datetime(2026, 11, 20, 7, 30, 0, 123000, tzinfo=UTC)


def test_a_bad_order_is_set_aside_with_its_reason_and_the_good_ones_go_on() -> None:
    bad = order("2", created=NOON) | {"createdTime": "yesterday"}
    result = staged(order("1"), bad, order("3"))
    assert result.frames["orders"]["amazon_order_id"].to_list() == ["1", "3"]
    assert result.frames["order_items"]["amazon_order_id"].to_list() == ["1", "3"]
    quarantined = result.quarantined.row(0, named=True)
    assert quarantined["record_id"] == "2"
    assert quarantined["batch_id"] == "batch-1"
    assert (quarantined["page"], quarantined["row_number"]) == (1, 1)
    assert "createdTime is not an ISO 8601 time" in quarantined["reason"]


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ({"orderId": None}, "amazon_order_id is missing"),
        ({"fulfillment": {}}, "order_status is missing"),
        ({"lastUpdatedTime": "2026-11-20T10:00:00"}, "has no time zone"),
        ({"orderItems": []}, "orderItems is empty"),
        ({"orderItems": [order_item("1"), order_item("1")]}, "twice"),
        ({"orderItems": [order_item(quantity=-1)]}, "quantity_ordered is below 0"),
        ({"orderItems": [order_item() | {"quantityOrdered": "two"}]}, "quantityOrdered is not a whole number"),
        ({"proceeds": {"grandTotal": money("12,00")}}, "proceeds.grandTotal.amount is not an amount"),
        ({"salesChannel": {"channelName": "AMAZON"}}, "marketplace_id is missing"),
    ],
)
def test_what_is_wrong_is_said_field_by_field(broken: dict[str, Any], expected: str) -> None:
    assert expected in reason(order("1") | broken)


@pytest.mark.parametrize("rubbish", [None, 7, "order", []])
def test_a_row_that_is_no_object_is_set_aside(rubbish: Any) -> None:
    result = staged(rubbish, order("1"))
    assert result.quarantined.height == 1
    assert result.frames["orders"].height == 1


def test_an_order_whose_one_line_is_bad_is_set_aside_whole() -> None:
    result = staged(order("1", items=[order_item("1"), order_item("2", quantity=-5)]))
    assert result.frames["order_items"].height == 0
    assert result.quarantined.height == 1
    assert US in result.quarantined["row_json"][0]


def test_an_order_that_stands_twice_in_a_page_counts_once_as_it_stood_last() -> None:
    """Both were taken with their lines, which broke the key of the mart, and every later sync with it."""
    found = staged(order("1", status="UNSHIPPED"), order("2"), order("1", status="SHIPPED"))
    assert found.frames["orders"].select("amazon_order_id", "order_status").rows() == [
        ("2", "Unshipped"),
        ("1", "Shipped"),
    ]
    assert len(set(found.frames["order_items"].select("amazon_order_id", "order_item_id").rows())) == (
        found.frames["order_items"].height
    )
