"""The streams of a Shopify store: windows by cursor, bulk operations over several syncs, fees, the shop."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from amazon_pipeline.errors import StoreAccessDenied
from amazon_pipeline.extraction import (
    Fetched,
    Outcome,
    fetch_shop,
    fetch_shopify_fees,
    fetch_shopify_history,
    fetch_shopify_orders,
    run_stream,
)
from amazon_pipeline.extraction.shopify_orders import CUSTOMERS_DENIED
from amazon_pipeline.extraction.shopify_session import ShopifyExtraction
from amazon_pipeline.landing import Landing
from tests.unit.shopify.fake_shopify import (
    NOW,
    STORE,
    FakeShopify,
    fields,
    good,
    in_turn,
    line,
    order,
    orders,
    page,
    refused,
)

_SCOPES = ["read_orders", "read_customers", "read_all_orders"]
_BULK_ID = "gid://shopify/BulkOperation/1"


def _orders(shopify: FakeShopify, tmp_path: Path, *, budget: float = 600) -> Outcome:
    def fetch(extraction: ShopifyExtraction, fetched: Fetched) -> None:
        fetch_shopify_orders(extraction, fetched, watermark=None)

    return run_stream("shopify_orders", lambda: shopify.extraction(tmp_path, budget=budget), fetch)


def _history(
    shopify: FakeShopify, tmp_path: Path, *, days: int = 30, is_patient: bool = False, size: int = 2
) -> Outcome:
    def fetch(extraction: ShopifyExtraction, fetched: Fetched) -> None:
        fetch_shopify_history(extraction, fetched, days=days, is_patient=is_patient, orders_a_page=size)

    return run_stream("shopify_history", lambda: shopify.extraction(tmp_path), fetch)


def _fees(shopify: FakeShopify, tmp_path: Path) -> Outcome:
    def fetch(extraction: ShopifyExtraction, fetched: Fetched) -> None:
        fetch_shopify_fees(extraction, fetched, watermark=None, days=30)

    return run_stream("shopify_fees", lambda: shopify.extraction(tmp_path), fetch)


def _statuses(tmp_path: Path, stream: str) -> list[str]:
    return [batch.manifest.status for batch in Landing(tmp_path / "landing", STORE.domain).batches(stream)]


def _landed(tmp_path: Path, stream: str) -> list[dict[str, Any]]:
    batches = Landing(tmp_path / "landing", STORE.domain).batches(stream)
    return [one.body for batch in batches for one in batch.pages()]


def _windows(shopify: FakeShopify) -> list[str]:
    return [variables["query"] for name, variables in shopify.asked if name == "ShopifyOrders"]


def test_the_first_window_reaches_back_49_hours_and_the_next_overlaps_it(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: orders(order(1)))
    assert _orders(shopify, tmp_path).status == "ok"
    shopify.now += timedelta(minutes=15)
    assert _orders(shopify, tmp_path).status == "ok"
    assert _windows(shopify) == [
        "updated_at:>='2026-11-20T10:59:00Z' AND updated_at:<'2026-11-22T11:59:00Z'",
        "updated_at:>='2026-11-22T11:54:00Z' AND updated_at:<'2026-11-22T12:14:00Z'",
    ]


def test_a_window_that_was_cut_off_goes_on_from_its_last_landed_page(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(orders(order(1), cursor="c1"), httpx.Response(401)))
    outcome = _orders(shopify, tmp_path)
    assert (outcome.status, outcome.fetched.pages) == ("failed", 1)
    assert _statuses(tmp_path, "shopify_orders") == ["open"]
    shopify.now += timedelta(minutes=15)
    shopify.answer = in_turn(orders(order(3)), orders(order(2)))
    assert _orders(shopify, tmp_path).status == "ok"
    assert [variables["after"] for _, variables in shopify.asked] == [None, "c1", None, "c1"]
    assert _statuses(tmp_path, "shopify_orders") == ["complete", "complete"]
    assert len(_landed(tmp_path, "shopify_orders")) == 3


def test_a_window_whose_points_ran_out_is_backlog_and_not_a_failure(tmp_path: Path) -> None:
    first = good({"orders": page([order(1)], "c1")}, available=0, requested=1000)
    outcome = _orders(FakeShopify(in_turn(first)), tmp_path, budget=5)
    assert (outcome.status, outcome.succeeded_at) == ("backlog", None)
    assert outcome.quota_left == {"ShopifyOrders": 0.0}


def test_a_repeated_cursor_closes_the_window_so_that_it_is_read_anew(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(orders(order(1), cursor="c"), orders(order(2), cursor="c")))
    assert _orders(shopify, tmp_path).status == "failed"
    assert _statuses(tmp_path, "shopify_orders") == ["partial"]
    shopify.answer = in_turn(orders(order(1)))
    assert _orders(shopify, tmp_path).status == "ok"
    assert _windows(shopify)[-1] == _windows(shopify)[0]


def test_a_second_sync_within_the_minute_has_nothing_to_ask(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: orders(order(1)))
    _orders(shopify, tmp_path)
    again = _orders(shopify, tmp_path)
    assert (again.status, again.api_calls, again.succeeded_at) == ("ok", 0, None)


def test_one_stores_refusal_is_told_and_its_customers_never_land(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: orders(order(1)))
    _orders(shopify, tmp_path)
    landed = json.dumps(_landed(tmp_path, "shopify_orders"))
    assert "Customer/77" not in landed
    assert '"hash"' in landed


def test_orders_without_customers_are_noted(tmp_path: Path) -> None:
    bare = order(1)
    del bare["customer"]
    denied = refused("ACCESS_DENIED", path=["orders", "nodes", 0, "customer"], available=900)
    outcome = _orders(FakeShopify(in_turn(denied, orders(bare))), tmp_path)
    assert (outcome.status, outcome.message) == ("ok", CUSTOMERS_DENIED)


def _bulk(status: str, **more: Any) -> httpx.Response:
    body = {"id": _BULK_ID, "status": status, "errorCode": None, "rootObjectCount": "0", "fileSize": None, "url": None}
    return good({"bulkOperation": {**body, "partialDataUrl": None, **more}})


def _started() -> httpx.Response:
    made = {"bulkOperation": {"id": _BULK_ID, "status": "CREATED"}, "userErrors": []}
    return good({"bulkOperationRunQuery": made})


def _shop(scopes: list[str]) -> httpx.Response:
    shop = {"id": "gid://shopify/Shop/1", "name": "Mugs", "currencyCode": "GBP", "ianaTimezone": "Europe/London"}
    return good({"shop": shop, "currentAppInstallation": {"accessScopes": [{"handle": one} for one in scopes]}})


_FILE = "".join(
    json.dumps(one) + "\n"
    for one in (
        fields(1),
        fields(2),
        {**line(11), "__parentId": fields(1)["id"]},
        fields(3),
        {**line(31), "__parentId": fields(3)["id"]},
        {**line(21), "__parentId": fields(2)["id"]},
        {**line(12), "__parentId": fields(1)["id"]},
    )
)


def _done(**more: Any) -> httpx.Response:
    facts = {"rootObjectCount": "3", "fileSize": str(len(_FILE)), "url": "https://files.example/1.jsonl"}
    return _bulk("COMPLETED", **{**facts, **more})


def _file(_request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, text=_FILE)


def test_history_is_asked_for_by_one_sync_and_landed_by_a_later_one(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started()), download=_file)
    assert _history(shopify, tmp_path).status == "backlog"
    query = shopify.asked[1][1]["query"]
    assert "created_at:>='2026-10-23T12:00:00Z' AND created_at:<'2026-11-22T12:00:00Z'" in query
    shopify.answer = in_turn(_shop(_SCOPES), _bulk("RUNNING"))
    assert _history(shopify, tmp_path).status == "backlog"
    shopify.answer = in_turn(_shop(_SCOPES), _done())
    assert _history(shopify, tmp_path).status == "ok"
    landed = [one for body in _landed(tmp_path, "shopify_history") for one in body["orders"]]
    assert [(one["name"], [item["id"][-2:] for item in one["lineItems"]]) for one in landed] == [
        ("#1", ["11", "12"]),
        ("#2", ["21"]),
        ("#3", ["31"]),
    ]
    shopify.answer = in_turn(_shop(_SCOPES))
    assert _history(shopify, tmp_path).succeeded_at is None


def test_history_and_increment_land_in_one_shape(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(orders(order(1, lines=page([line(11), line(12)])))), download=_file)
    _orders(shopify, tmp_path)
    shopify.answer = in_turn(_shop(_SCOPES), _started(), _done())
    assert _history(shopify, tmp_path, is_patient=True).status == "ok"
    assert _landed(tmp_path, "shopify_history")[0]["orders"][0] == _landed(tmp_path, "shopify_orders")[0]["orders"][0]


def test_a_run_killed_while_landing_goes_on_with_the_pages_that_are_missing(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started()), download=_file)
    _history(shopify, tmp_path)
    batch = Landing(tmp_path / "landing", STORE.domain).batches("shopify_history")[0]
    batch.write_page(
        number=1, operation="ShopifyOrdersHistory", params={}, received_at=NOW, request_id=None, next_token=None,
        body={"orders": [{"name": "kept"}]},
    )  # fmt: skip
    shopify.answer = in_turn(_shop(_SCOPES), _done())
    assert _history(shopify, tmp_path).status == "ok"
    assert [one["name"] for body in _landed(tmp_path, "shopify_history") for one in body["orders"]] == ["kept", "#3"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_done(rootObjectCount="4"), "of 3 orders, where it counted 4"),
        (_done(fileSize=str(len(_FILE) + 1)), "bytes, where Shopify says"),
    ],
)
def test_a_file_that_is_cut_off_lands_nothing(tmp_path: Path, answer: httpx.Response, words: str) -> None:
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started(), answer), download=_file)
    outcome = _history(shopify, tmp_path, is_patient=True)
    assert outcome.status == "failed"
    assert words in (outcome.message or "")
    assert _landed(tmp_path, "shopify_history") == []
    assert _statuses(tmp_path, "shopify_history") == ["open"]


def test_a_failed_operation_is_not_repeated_at_once_and_its_part_is_not_used(tmp_path: Path) -> None:
    failed = _bulk("FAILED", errorCode="TIMEOUT", partialDataUrl="https://files.example/part")
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started(), failed), download=_file)
    outcome = _history(shopify, tmp_path, is_patient=True)
    assert "FAILED, TIMEOUT); it left a part of the data, which is not used" in (outcome.message or "")
    shopify.answer = in_turn(_shop(_SCOPES))
    outcome = _history(shopify, tmp_path)
    assert "it is asked for again after 2026-11-22 18:00 UTC" in (outcome.message or "")
    shopify.now += timedelta(hours=7)
    shopify.answer = in_turn(_shop(_SCOPES), _started())
    assert _history(shopify, tmp_path).status == "backlog"


@pytest.mark.parametrize("gone", [good({"bulkOperation": None, "shop": 1}), _bulk("EXPIRED")])
def test_an_operation_whose_file_is_gone_is_asked_for_anew(tmp_path: Path, gone: httpx.Response) -> None:
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started(), gone, _started(), _done()), download=_file)
    assert _history(shopify, tmp_path, is_patient=True).status == "ok"
    assert sorted(_statuses(tmp_path, "shopify_history")) == ["abandoned", "complete"]


def test_an_operation_that_may_not_read_customers_is_asked_for_without_them(tmp_path: Path) -> None:
    denied = _bulk("FAILED", errorCode="ACCESS_DENIED")
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started(), denied, _started(), _done()), download=_file)
    assert _history(shopify, tmp_path, is_patient=True).status == "ok"
    queries = [variables["query"] for name, variables in shopify.asked if name == "ShopifyBulkRun"]
    assert ["customer" in one for one in queries] == [True, False]


def test_shopify_busy_with_another_operation_is_backlog(tmp_path: Path) -> None:
    busy = {"code": "OPERATION_IN_PROGRESS", "field": None, "message": "A bulk query is already in progress"}
    answer = good({"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [busy]}})
    outcome = _history(FakeShopify(in_turn(_shop(_SCOPES), answer)), tmp_path)
    assert outcome.status == "backlog"
    assert _statuses(tmp_path, "shopify_history") == []


def test_without_read_all_orders_history_ends_at_60_days_and_says_so(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(_shop(["read_orders"]), *[_started(), _done()] * 2), download=_file)
    outcome = _history(shopify, tmp_path, days=365, is_patient=True)
    assert outcome.status == "ok"
    assert "lacks the scope read_all_orders" in (outcome.message or "")
    queries = [variables["query"] for name, variables in shopify.asked if name == "ShopifyBulkRun"]
    assert "created_at:>='2026-09-23T12:05:00Z'" in queries[0]
    assert len(queries) == 2


def test_an_expired_link_is_a_failure_that_the_next_sync_gets_over(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(_shop(_SCOPES), _started(), _done()), download=lambda _: httpx.Response(403))
    assert _history(shopify, tmp_path, is_patient=True).status == "failed"
    shopify.answer, shopify.download = in_turn(_shop(_SCOPES), _done()), _file
    assert _history(shopify, tmp_path).status == "ok"


@pytest.mark.parametrize(
    "answer",
    [good({"shopifyPaymentsAccount": None}), refused("ACCESS_DENIED", path=["shopifyPaymentsAccount"], available=900)],
)
def test_a_store_whose_payments_cannot_be_read_has_no_fees_and_that_is_no_failure(
    tmp_path: Path, answer: httpx.Response
) -> None:
    outcome = _fees(FakeShopify(lambda *_: answer), tmp_path)
    assert outcome.status == "not-available"
    assert "Transaction fees are not available" in (outcome.message or "")
    assert not isinstance(outcome.error, StoreAccessDenied)


def test_fees_land_for_as_many_days_as_orders(tmp_path: Path) -> None:
    amount = {"amount": "59.90", "currencyCode": "GBP"}
    booked = {
        "id": "gid://shopify/ShopifyPaymentsBalanceTransaction/1", "type": "CHARGE", "test": False,
        "transactionDate": "2026-11-22T10:00:05Z", "sourceType": "CHARGE", "amount": amount, "fee": amount,
        "net": amount, "associatedOrder": {"id": "gid://shopify/Order/1"},
    }  # fmt: skip
    shopify = FakeShopify(lambda *_: good({"shopifyPaymentsAccount": {"balanceTransactions": page([booked])}}))
    assert _fees(shopify, tmp_path).status == "ok"
    assert "processed_at:>='2026-10-23T11:59:00Z'" in shopify.asked[0][1]["query"]
    assert _landed(tmp_path, "shopify_fees") == [{"balanceTransactions": [booked]}]


def test_the_shop_is_asked_for_once_a_day_with_its_scopes(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: _shop(["read_orders"]))
    for hours, calls in ((0, 1), (23, 0), (2, 1)):
        shopify.now += timedelta(hours=hours)
        assert run_stream("shopify_shop", lambda: shopify.extraction(tmp_path), fetch_shop).api_calls == calls
    body = _landed(tmp_path, "shopify_shop")[0]
    assert body["accessScopes"] == ["read_orders"]
    assert body["apiVersion"] == "2026-10"
