"""Shopify's landed pages to typed rows: what is set aside, and what must not stop the others."""

from __future__ import annotations

from typing import Any

import pytest

from amazon_pipeline.landing import LandedPage
from amazon_pipeline.staging import Staged, stage_shopify_orders
from tests.amazon_answers import NOON

STORE = "uk.myshopify.com"


def shop_money(amount: str, currency: str = "GBP") -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": currency}}


def order(number: int, **changes: Any) -> dict[str, Any]:
    line = {
        "id": f"gid://shopify/LineItem/{number}", "sku": "MUG", "title": "Mug", "quantity": 2, "currentQuantity": 2,
        "isGiftCard": False, "discountedTotalSet": shop_money("20.0"),
    }  # fmt: skip
    whole = {
        "id": f"gid://shopify/Order/{number}", "name": "#1", "createdAt": "2026-11-22T10:00:00Z",
        "updatedAt": "2026-11-22T11:00:00Z", "cancelledAt": None, "test": False, "currencyCode": "GBP",
        "paymentGatewayNames": [], "customer": None, "totalPriceSet": shop_money("24.95"),
        "totalReceivedSet": shop_money("24.95"), "totalRefundedSet": shop_money("0.0"), "lineItems": [line],
    }  # fmt: skip
    return {**whole, **changes}


def staged(*orders: Any) -> Staged:
    page = LandedPage("batch-1", 1, "ShopifyOrders", {}, NOON, None, None, {"orders": list(orders)})
    return stage_shopify_orders(page, STORE)


def test_an_order_that_stands_twice_in_a_page_counts_once_with_its_lines() -> None:
    found = staged(order(1), order(1, totalRefundedSet=shop_money("4.95")))
    assert [str(revenue) for revenue in found.frames["shopify_orders"]["revenue"]] == ["20.00"]
    assert found.frames["shopify_order_lines"].height == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"totalPriceSet": shop_money("9999999999999")}, "too large"),
        ({"totalPriceSet": shop_money("-1")}, "below 0"),
        ({"totalPriceSet": shop_money("9", "EUR")}, "totalPriceSet is in EUR, the order in GBP"),
        ({"totalRefundedSet": None}, "missing"),
        ({"createdAt": None}, "created_at is missing"),
        ({"test": None}, "test is not true or false"),
    ],
)
def test_an_order_that_makes_no_sense_is_set_aside_and_the_others_go_on(changes: dict[str, Any], words: str) -> None:
    """An amount between what staging took and what the gates of the marts allow stopped every later sync."""
    found = staged(order(1, **changes), order(2))
    assert found.frames["shopify_orders"]["order_id"].to_list() == ["gid://shopify/Order/2"]
    assert words in found.quarantined["reason"][0]
