"""Orders by page: whole, in one shape, and without anybody's id."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from amazon_pipeline.errors import QueryTooCostly, ShopifyMalformed, ShopifyPagesRepeat, StoreAccessDenied
from amazon_pipeline.shopify.client import Page
from amazon_pipeline.shopify.customers import CustomerHash, customer_hash
from amazon_pipeline.shopify.orders import Resume, changed_in, orders
from amazon_pipeline.shopify.payments import balance_transactions
from tests.unit.shopify.fake_shopify import NOW, Answers, FakeShopify, good, in_turn, line, order, page, refused
from tests.unit.shopify.fake_shopify import orders as answered

_HASH = CustomerHash(b"k" * 32)


def _pages(tmp_path: Path, answer: Answers, **more: Any) -> tuple[list[Page], FakeShopify]:
    shopify = FakeShopify(answer)
    with shopify.client(tmp_path) as client:
        return list(orders(client, "updated_at:>x", hashed=_HASH, **more)), shopify


def test_pages_follow_the_cursor_to_the_end(tmp_path: Path) -> None:
    found, shopify = _pages(tmp_path, in_turn(answered(order(1), cursor="c1"), answered(order(2))))
    assert [one.rows[0]["name"] for one in found] == ["#1", "#2"]
    assert [variables["after"] for _, variables in shopify.asked] == [None, "c1"]
    assert [(one.number, one.next_token) for one in found] == [(1, "c1"), (2, None)]


def test_a_customer_lands_as_a_hash_and_a_guest_as_null(tmp_path: Path) -> None:
    found, _ = _pages(tmp_path, in_turn(answered(order(1), order(2, customer=None))))
    first, second = found[0].rows
    assert first["customer"] == {"hash": _HASH.hashed("gid://shopify/Customer/77")}
    assert second["customer"] is None
    assert "Customer/77" not in str(found)


def test_lines_that_did_not_fit_are_read_on(tmp_path: Path) -> None:
    rest = good({"order": {"id": "gid://shopify/Order/1", "lineItems": page([line(12)])}})
    found, shopify = _pages(tmp_path, in_turn(answered(order(1, lines=page([line(11)], "l1"))), rest))
    assert [one["id"][-2:] for one in found[0].rows[0]["lineItems"]] == ["11", "12"]
    assert shopify.asked[1] == ("ShopifyOrderLines", {"id": "gid://shopify/Order/1", "first": 100, "after": "l1"})


def test_an_order_that_is_gone_while_its_lines_are_read_is_no_order_with_fewer_lines(tmp_path: Path) -> None:
    shopify = FakeShopify(
        lambda name, _: (
            answered(order(1, lines=page([line(11)], "l1"))) if name == "ShopifyOrders" else good({"order": None})
        )
    )
    with shopify.client(tmp_path) as client, pytest.raises(ShopifyMalformed, match="without the order"):
        list(orders(client, "q", hashed=_HASH))


def test_a_repeated_cursor_stops_the_window(tmp_path: Path) -> None:
    with pytest.raises(ShopifyPagesRepeat, match="repeats a cursor"):
        _pages(tmp_path, in_turn(answered(order(1), cursor="c"), answered(order(2), cursor="c")))


def test_an_empty_page_that_says_more_follow_stops_the_window(tmp_path: Path) -> None:
    with pytest.raises(ShopifyPagesRepeat, match="empty page"):
        _pages(tmp_path, in_turn(answered(cursor="c")))


def test_a_next_page_without_a_cursor_stops_the_window(tmp_path: Path) -> None:
    with pytest.raises(ShopifyPagesRepeat, match="no cursor"):
        _pages(tmp_path, in_turn(good({"orders": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}})))


@pytest.mark.parametrize(
    "wrong", [None, [], {"nodes": None}, {"nodes": [None], "pageInfo": {}}, {"nodes": [{}]}, {"nodes": []}]
)
def test_orders_in_another_shape_are_an_error_and_not_no_orders(tmp_path: Path, wrong: object) -> None:
    with pytest.raises(ShopifyMalformed):
        _pages(tmp_path, lambda *_: good({"orders": wrong, "shop": 1}))


def test_a_query_that_is_too_costly_is_asked_for_half_as_many(tmp_path: Path) -> None:
    found, shopify = _pages(
        tmp_path,
        in_turn(refused("MAX_COST_EXCEEDED", available=1000), answered(order(1), cursor="c"), answered(order(2))),
    )
    assert [variables["first"] for _, variables in shopify.asked] == [20, 10, 10]
    assert found[0].params["first"] == "10"


def test_a_query_that_is_too_costly_for_a_single_order_is_told(tmp_path: Path) -> None:
    with pytest.raises(QueryTooCostly):
        _pages(tmp_path, lambda *_: refused("MAX_COST_EXCEEDED", available=1000))


def test_without_the_right_to_customers_orders_come_without_them_and_say_so(tmp_path: Path) -> None:
    denied = refused("ACCESS_DENIED", path=["orders", "nodes", 0, "customer"], available=900)
    bare = order(1)
    del bare["customer"]
    found, shopify = _pages(tmp_path, in_turn(denied, answered(bare)))
    assert [variables["withCustomers"] for _, variables in shopify.asked] == [True, False]
    assert found[0].params["customers"] == "denied"
    assert "customer" not in found[0].rows[0]


def test_without_the_right_to_orders_nothing_is_asked_again(tmp_path: Path) -> None:
    with pytest.raises(StoreAccessDenied, match="read_orders"):
        _pages(tmp_path, in_turn(refused("ACCESS_DENIED", path=["orders"])))


def test_a_window_goes_on_from_its_last_page_with_what_it_asked(tmp_path: Path) -> None:
    resume = Resume({"query": "old", "first": "10", "customers": "denied"}, "c7", 8)
    found, shopify = _pages(tmp_path, in_turn(answered(order(1))), resume=resume)
    variables = shopify.asked[0][1]
    assert (variables["query"], variables["first"], variables["after"]) == ("old", 10, "c7")
    assert found[0].number == 8


def test_a_window_is_asked_for_to_the_second_in_utc() -> None:
    query = changed_in(NOW - timedelta(hours=1), NOW)
    assert query == "updated_at:>='2026-11-22T11:00:00Z' AND updated_at:<'2026-11-22T12:00:00Z'"


def test_a_store_without_shopify_payments_has_no_pages_and_one_without_bookings_has_an_empty_one(
    tmp_path: Path,
) -> None:
    shopify = FakeShopify(
        in_turn(
            good({"shopifyPaymentsAccount": None}),
            good({"shopifyPaymentsAccount": {"balanceTransactions": page([])}}),
        )
    )
    with shopify.client(tmp_path) as client:
        assert list(balance_transactions(client, "q")) == []
        assert [one.rows for one in balance_transactions(client, "q")] == [[]]


def test_an_answer_without_the_payments_account_is_not_taken_for_a_store_without_one(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: good({"shop": {}}))
    with shopify.client(tmp_path) as client, pytest.raises(ShopifyMalformed):
        list(balance_transactions(client, "q"))


def test_a_stores_key_is_made_once_and_two_stores_hash_differently(tmp_path: Path) -> None:
    one, again, other = (customer_hash(tmp_path / store) for store in ("a", "a", "b"))
    assert one.hashed("7") == again.hashed("7") != other.hashed("7")
    assert (tmp_path / "a" / "customer-key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["customer-key"]
