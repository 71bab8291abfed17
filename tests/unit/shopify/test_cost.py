"""Shopify's points: waited for before asking, shared between processes, corrected by every answer."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from amazon_pipeline import state
from amazon_pipeline.errors import ShopifyThrottled, StoreBudgetSpent
from amazon_pipeline.shopify.cost import CostLedger, ThrottleStatus, read_cost
from tests.state_locations import both_kinds
from tests.unit.shopify.fake_shopify import NOW, FakeShopify, good, in_turn, refused

state_location = both_kinds
_SHOP = {"shop": {"id": "gid://shopify/Shop/1"}}


def test_a_query_that_does_not_fit_waits_before_it_is_asked(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(good(_SHOP, available=20, requested=120), good(_SHOP)))
    with shopify.client(tmp_path) as client:
        client.ask("ShopifyShop", {})
        client.ask("ShopifyShop", {})
    assert shopify.waited == [2.0]  # 100 points at 50 a second
    assert client.stats["ShopifyShop"].quota_wait_seconds == 2.0


def test_throttled_waits_for_what_the_query_needs_and_asks_again(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(refused("THROTTLED", available=0), good(_SHOP)))
    with shopify.client(tmp_path) as client:
        assert client.ask("ShopifyShop", {}).data == _SHOP
    assert shopify.waited == [2.0]
    assert client.stats["ShopifyShop"].throttled == 1


def test_a_429_without_a_word_of_cost_waits_as_long_as_it_says(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(httpx.Response(429, headers={"Retry-After": "7"}), good(_SHOP)))
    with shopify.client(tmp_path) as client:
        client.ask("ShopifyShop", {})
    assert sum(shopify.waited) == pytest.approx(7.0)


def test_a_store_that_throttles_for_ever_is_given_up_after_four_attempts(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: refused("THROTTLED", available=1000))
    with shopify.client(tmp_path) as client, pytest.raises(ShopifyThrottled):
        client.ask("ShopifyShop", {})
    assert len(shopify.asked) == 4


def test_a_wait_that_outlasts_the_budget_is_not_begun(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(good(_SHOP, available=0, requested=1000)))
    with shopify.client(tmp_path, budget=10) as client:
        client.ask("ShopifyShop", {})
        with pytest.raises(StoreBudgetSpent, match="another 20 s") as caught:
            client.ask("ShopifyShop", {})
    assert caught.value.wait_seconds == 20
    assert shopify.waited == []


def test_two_processes_share_a_stores_bucket_and_two_stores_do_not(state_location: state.Location) -> None:
    one, same, other = (CostLedger(state_location, store=store, clock=lambda: NOW) for store in ("a", "a", "b"))
    assert one.take(900) == 0
    assert same.take(300) == pytest.approx(4.0)
    assert other.take(300) == 0
    one.settle(900, ThrottleStatus(2000, 1990, 100))
    assert same.take(300) == 0
    assert one.points() == pytest.approx(1690)


def test_an_answer_that_says_nothing_of_cost_gives_back_what_was_taken(state_location: state.Location) -> None:
    ledger = CostLedger(state_location, store="a", clock=lambda: NOW)
    ledger.take(400)
    ledger.settle(400, None)
    assert ledger.points() == 1000


@pytest.mark.parametrize("extensions", [None, {}, {"cost": 3}, {"cost": {"throttleStatus": {"maximumAvailable": "x"}}}])
def test_a_cost_that_makes_no_sense_is_no_cost(extensions: object) -> None:
    assert read_cost(extensions) is None
