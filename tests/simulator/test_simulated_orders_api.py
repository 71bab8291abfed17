"""searchOrders and getOrder over HTTP behave as Amazon's model says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.simulator.visitor import CA, NOW, US, Visitor, refusal, visit

SINCE = "2026-11-19T00:00:00Z"
MONEY_AND_STATUS = "PROCEEDS,FULFILLMENT,CANCELLATION,PROMOTION"


@pytest.fixture(scope="module")
def shop() -> Iterator[Visitor]:
    with RunningSimulator(clock=ManualClock(NOW), orders_per_day=120, quota_speed=float("inf")) as simulator:
        yield from visit(simulator)


def test_all_pages_together_hold_exactly_the_orders_updated_in_the_window(shop: Visitor) -> None:
    found = shop.all_orders(lastUpdatedAfter=SINCE, maxResultsPerPage=37)
    end = NOW - timedelta(minutes=2)
    truth = {
        one.order_id
        for one in shop.simulator.world.orders_at(NOW, NOW - timedelta(days=20))
        if one.last_updated.isoformat() >= SINCE and one.last_updated <= end
    }
    assert len(found) > 200
    assert [one["orderId"] for one in found].count(found[0]["orderId"]) == 1
    assert {one["orderId"] for one in found} == truth
    times = [one["lastUpdatedTime"] for one in found]
    assert times == sorted(times)


def test_the_answer_says_up_to_when_it_looked(shop: Visitor) -> None:
    assert shop.orders(lastUpdatedAfter=SINCE).json()["lastUpdatedBefore"] == "2026-11-22T19:28:00.000Z"
    asked = {"lastUpdatedAfter": SINCE, "lastUpdatedBefore": "2026-11-20T00:00:00Z"}
    assert shop.orders(**asked).json()["lastUpdatedBefore"] == "2026-11-20T00:00:00.000Z"
    body = shop.orders(createdAfter=SINCE).json()
    assert body["createdBefore"] == "2026-11-22T19:28:00.000Z"
    assert "lastUpdatedBefore" not in body


def test_both_ends_of_a_window_belong_to_it(shop: Visitor) -> None:
    one, other = (shop.all_orders(lastUpdatedAfter=SINCE)[index] for index in (3, 8))
    window = {"lastUpdatedAfter": one["lastUpdatedTime"], "lastUpdatedBefore": other["lastUpdatedTime"]}
    ids = [order["orderId"] for order in shop.all_orders(**window)]
    assert (ids[0], ids[-1]) == (one["orderId"], other["orderId"])


def test_the_last_page_has_no_pagination(shop: Visitor) -> None:
    assert "pagination" not in shop.orders(lastUpdatedAfter="2026-11-22T19:00:00Z").json()


def test_without_included_data_there_is_no_status_no_money_and_nobody(shop: Visitor) -> None:
    for order in shop.orders(lastUpdatedAfter=SINCE).json()["orders"]:
        assert set(order) <= {
            "orderId", "createdTime", "lastUpdatedTime", "programs", "salesChannel", "orderItems", "orderAliases",
            "associatedOrders",
        }  # fmt: skip
        for item in order["orderItems"]:
            assert set(item) == {"orderItemId", "quantityOrdered", "product"}
            assert set(item["product"]) == {"asin", "title", "sellerSku", "condition"}


def test_people_are_given_only_to_those_who_ask_and_are_clearly_made_up(shop: Visitor) -> None:
    orders = shop.orders(lastUpdatedAfter=SINCE, includedData="BUYER,RECIPIENT").json()["orders"]
    assert all(order["buyer"]["buyerName"].startswith("Simulated Buyer") for order in orders)
    assert all(order["recipient"]["deliveryAddress"]["city"] == "Nowhere" for order in orders)
    text = shop.orders(lastUpdatedAfter=SINCE, includedData=MONEY_AND_STATUS).text
    assert "Simulated Buyer" not in text
    assert "Nowhere" not in text


def test_the_breakdowns_of_an_order_make_its_total(shop: Visitor) -> None:
    seen = set()
    for order in shop.all_orders(lastUpdatedAfter=SINCE, includedData=MONEY_AND_STATUS):
        if "proceeds" not in order:
            continue
        parts = {one["type"]: Decimal(one["subtotal"]["amount"]) for one in order["proceeds"]["breakdowns"]}
        seen |= set(parts)
        total = Decimal(order["proceeds"]["grandTotal"]["amount"])
        assert total == sum(amount if kind != "DISCOUNT" else -amount for kind, amount in parts.items())
        assert total == sum(Decimal(item["proceeds"]["proceedsTotal"]["amount"]) for item in order["orderItems"])
        currency = {US: "USD", CA: "CAD"}[order["salesChannel"]["marketplaceId"]]
        assert order["proceeds"]["grandTotal"]["currencyCode"] == currency
    assert seen == {"ITEM", "SHIPPING", "GIFT_WRAP", "TAX", "DISCOUNT"}


def test_pending_and_cancelled_orders_have_no_proceeds(shop: Visitor) -> None:
    asked = {"lastUpdatedAfter": "2026-10-25T00:00:00Z", "includedData": MONEY_AND_STATUS}
    for order in shop.all_orders(**asked, fulfillmentStatuses="PENDING,PENDING_AVAILABILITY,CANCELLED"):
        assert "proceeds" not in order
    cancelled = shop.all_orders(**asked, fulfillmentStatuses="CANCELLED")
    assert all(item["cancellation"] for order in cancelled for item in order["orderItems"])
    assert cancelled


def test_filters_narrow_the_answer(shop: Visitor) -> None:
    asked = {"lastUpdatedAfter": SINCE, "includedData": "FULFILLMENT,PACKAGES"}
    everything = shop.all_orders(**asked)
    merchant = shop.all_orders(**asked, fulfilledBy="MERCHANT")
    assert 0 < len(merchant) < len(everything)
    assert {order["fulfillment"]["fulfilledBy"] for order in merchant} == {"MERCHANT"}
    assert any("packages" in order for order in merchant)
    assert not any("packages" in order for order in shop.all_orders(**asked, fulfilledBy="AMAZON"))
    canada = shop.all_orders(**asked, marketplaceIds=CA)
    assert {order["salesChannel"].get("marketplaceId") for order in canada} <= {CA, None}
    shipped = shop.all_orders(**asked, fulfillmentStatuses="SHIPPED")
    assert {order["fulfillment"]["fulfillmentStatus"] for order in shipped} == {"SHIPPED"}


def test_multi_channel_orders_name_no_marketplace_and_replacements_name_the_order_they_replace(shop: Visitor) -> None:
    orders = shop.all_orders(lastUpdatedAfter="2026-11-05T00:00:00Z", includedData="PROCEEDS")
    other = [order for order in orders if order["salesChannel"]["channelName"] == "NON_AMAZON"]
    assert other
    assert all(order["salesChannel"] == {"channelName": "NON_AMAZON"} and "proceeds" not in order for order in other)
    replacements = [order for order in orders if "associatedOrders" in order]
    assert replacements
    original = shop.get(f"/orders/2026-01-01/orders/{replacements[-1]['associatedOrders'][0]['orderId']}").json()[
        "order"
    ]
    assert original["createdTime"] < replacements[-1]["createdTime"]
    replaced = {item["product"]["sellerSku"] for item in original["orderItems"]}
    assert replacements[-1]["orderItems"][0]["product"]["sellerSku"] in replaced


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({}, "createdAfter"),
        ({"createdAfter": SINCE, "lastUpdatedAfter": SINCE}, "createdAfter"),
        ({"createdAfter": SINCE, "lastUpdatedBefore": "2026-11-20T00:00:00Z"}, "lastUpdatedBefore"),
        ({"lastUpdatedAfter": SINCE, "createdBefore": "2026-11-20T00:00:00Z"}, "createdBefore"),
        ({"lastUpdatedAfter": SINCE, "lastUpdatedBefore": "2026-11-22T19:28:00.001Z"}, "lastUpdatedBefore"),
        ({"lastUpdatedAfter": SINCE, "lastUpdatedBefore": "2026-11-18T00:00:00Z"}, "lastUpdatedBefore"),
        ({"lastUpdatedAfter": "2026-11-22T19:29:00Z"}, "lastUpdatedAfter"),
        ({"lastUpdatedAfter": "2026-11-19"}, "lastUpdatedAfter"),
        ({"lastUpdatedAfter": "2026-11-19T00:00:00"}, "lastUpdatedAfter"),
        ({"lastUpdatedAfter": "2026-02-30T00:00:00Z"}, "lastUpdatedAfter"),
        ({"lastUpdatedAfter": "2026-11-19 00:00:00+00:00"}, "lastUpdatedAfter"),
        ({"lastUpdatedAfter": SINCE, "maxResultsPerPage": 0}, "maxResultsPerPage"),
        ({"lastUpdatedAfter": SINCE, "maxResultsPerPage": 101}, "maxResultsPerPage"),
        ({"lastUpdatedAfter": SINCE, "maxResultsPerPage": "ten"}, "maxResultsPerPage"),
        ({"lastUpdatedAfter": SINCE, "marketplaceIds": "A1F83G8C2ARO7P"}, "marketplaceIds"),
        ({"lastUpdatedAfter": SINCE, "marketplaceIds": ",".join([US] * 51)}, "marketplaceIds"),
        ({"lastUpdatedAfter": SINCE, "includedData": "PROCEEDS,STATUS"}, "includedData"),
        ({"lastUpdatedAfter": SINCE, "fulfillmentStatuses": "Shipped"}, "fulfillmentStatuses"),
        ({"lastUpdatedAfter": SINCE, "fulfilledBy": "AFN"}, "fulfilledBy"),
        ({"lastUpdatedAfter": SINCE, "MarketplaceIds": US}, "MarketplaceIds"),
        ({"lastUpdatedAfter": SINCE, "paginationToken": "made-up"}, "paginationToken"),
        ({"lastUpdatedAfter": SINCE, "includedData": ""}, "includedData"),
    ],
)
def test_what_the_model_does_not_allow_is_refused_by_name(
    shop: Visitor, parameters: dict[str, str | int], names: str
) -> None:
    assert names in refusal(shop.orders(**parameters))


def test_a_parameter_given_twice_is_refused(shop: Visitor) -> None:
    answer = shop.http.get(
        f"/orders/2026-01-01/orders?lastUpdatedAfter={SINCE}&marketplaceIds={US}&marketplaceIds={CA}"
    )
    assert "marketplaceIds" in refusal(answer)


def test_the_marketplace_of_multi_channel_orders_may_not_be_searched(shop: Visitor) -> None:
    refusal(shop.orders(lastUpdatedAfter=SINCE, marketplaceIds=f"{US},A2ZV50J4W1RKNI"), 403)


def test_with_a_page_token_all_but_page_size_and_data_sets_must_stay_as_they_were(shop: Visitor) -> None:
    first = {"lastUpdatedAfter": SINCE, "marketplaceIds": US}
    token = shop.orders(**first).json()["pagination"]["nextToken"]
    assert shop.orders(**first, paginationToken=token, maxResultsPerPage=5, includedData="PROCEEDS").status_code == 200
    other = {"lastUpdatedAfter": "2026-11-19T00:00:01Z", "marketplaceIds": US}
    assert "lastUpdatedAfter" in refusal(shop.orders(**other, paginationToken=token))
    assert "marketplaceIds" in refusal(shop.orders(lastUpdatedAfter=SINCE, paginationToken=token))
    assert "fulfilledBy" in refusal(shop.orders(**first, fulfilledBy="AMAZON", paginationToken=token))


def test_a_page_token_lives_a_day_and_keeps_the_end_of_the_window(visitor: Visitor, clock: ManualClock) -> None:
    body = visitor.orders(lastUpdatedAfter=SINCE, maxResultsPerPage=20).json()
    token = body["pagination"]["nextToken"]
    clock.advance(timedelta(hours=23, minutes=59))
    visitor.log_in()
    later = visitor.orders(lastUpdatedAfter=SINCE, paginationToken=token).json()
    assert later["lastUpdatedBefore"] == body["lastUpdatedBefore"]
    clock.advance(timedelta(minutes=1))
    assert "expired" in refusal(visitor.orders(lastUpdatedAfter=SINCE, paginationToken=token))


def test_an_order_comes_again_with_each_change(visitor: Visitor, clock: ManualClock) -> None:
    before = {order["orderId"]: order for order in visitor.all_orders(lastUpdatedAfter=SINCE)}
    clock.advance(timedelta(minutes=45))
    changed = visitor.all_orders(lastUpdatedAfter="2026-11-22T19:28:00Z")
    again = [order for order in changed if order["orderId"] in before]
    assert again
    assert all(order["lastUpdatedTime"] > before[order["orderId"]]["lastUpdatedTime"] for order in again)


def test_one_order_is_answered_like_the_search_answers_it(shop: Visitor) -> None:
    searched = shop.orders(lastUpdatedAfter=SINCE, includedData=MONEY_AND_STATUS).json()["orders"][0]
    path = f"/orders/2026-01-01/orders/{searched['orderId']}"
    assert shop.get(path, includedData=MONEY_AND_STATUS).json() == {"order": searched}


def test_an_unknown_order_is_not_found(shop: Visitor) -> None:
    answer = shop.get("/orders/2026-01-01/orders/112-0000000-0000000")
    assert "112-0000000-0000000" in refusal(answer, 404)
    assert answer.headers["x-amzn-ratelimit-limit"]
