"""One pager: it repeats what Amazon wants repeated, notices loops, and resumes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from amazon_pipeline.errors import PageTokenExpired, PaginationLoop, RequestRejected
from amazon_pipeline.selling_partner.client import Resume
from amazon_pipeline.selling_partner.inbound import STATUSES, shipment_items, shipments
from amazon_pipeline.selling_partner.inventory import NO_FBA, inventory_snapshot, inventory_summaries
from amazon_pipeline.selling_partner.orders import get_order, search_orders
from amazon_pipeline.selling_partner.sales import order_metrics
from amazon_pipeline.selling_partner.sellers import marketplace_participations
from tests.unit.selling_partner.fake_amazon import Reply

US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
NASTY_TOKEN = "a+b/c=d%e f|g&h"
WINDOW = {
    "marketplaceIds": f"{US},{CA}",
    "lastUpdatedAfter": "2026-11-21T10:00:00Z",
    "lastUpdatedBefore": "2026-11-22T10:00:00.500Z",
    "includedData": "FULFILLMENT,PROCEEDS,CANCELLATION,PROMOTION",
    "maxResultsPerPage": "100",
}


def orders(*ids, token=None):
    body = {"orders": [{"orderId": order_id} for order_id in ids]}
    return Reply(body=body | ({"pagination": {"nextToken": token}} if token else {}))


def stock(*skus, token=None):
    body = {"payload": {"inventorySummaries": [{"sellerSku": sku} for sku in skus]}}
    return Reply(body=body | ({"pagination": {"nextToken": token}} if token else {}))


def inbound(member, rows, token=None):
    return Reply(body={"payload": {member: rows} | ({"NextToken": token} if token is not None else {})})


def rejected(message, code="InvalidInput"):
    return Reply(400, {"errors": [{"code": code, "message": message}]})


def search(client, resume=None):
    return search_orders(
        client,
        marketplace_ids=[US, CA],
        last_updated_after=datetime(2026, 11, 21, 11, 0, tzinfo=timezone(timedelta(hours=1))),
        last_updated_before=datetime(2026, 11, 22, 10, 0, 0, 500_000, tzinfo=UTC),
        resume=resume,
    )


def test_search_orders_repeats_every_parameter_and_asks_for_no_personal_data(amazon, connect, progress):
    amazon.replies = [orders("1", "2", token=NASTY_TOKEN), orders("3")]
    pages = list(search(connect()))
    assert amazon.requests[0].query == WINDOW
    assert amazon.requests[1].query == WINDOW | {"paginationToken": NASTY_TOKEN}
    assert [(page.number, page.next_token, page.params) for page in pages] == [
        (1, NASTY_TOKEN, WINDOW),
        (2, None, WINDOW),
    ]
    assert [(event.kind, event.number, event.rows) for event in progress] == [("page", 1, 2), ("page", 2, 1)]


def test_search_orders_wants_aware_times(connect):
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  # that is the point
    with pytest.raises(ValueError, match="aware"):
        list(search_orders(connect(), marketplace_ids=[US], last_updated_after=naive, last_updated_before=naive))


def test_inventory_repeats_its_parameters_and_takes_the_token_beside_the_payload(amazon, connect):
    amazon.replies = [stock("a", token="t1"), stock("b")]
    assert [row["sellerSku"] for page in inventory_summaries(connect(), US) for row in page.rows] == ["a", "b"]
    first = {"marketplaceIds": US, "granularityType": "Marketplace", "granularityId": US, "details": "true"}
    assert [seen.query for seen in amazon.requests] == [first, first | {"nextToken": "t1"}]


def test_shipments_ask_for_every_status_and_then_for_nothing_but_the_token(amazon, connect):
    amazon.replies = [inbound("ShipmentData", [{"ShipmentId": "F1"}], "t1"), inbound("ShipmentData", [], "")]
    pages = list(shipments(connect(), US))
    assert amazon.requests[0].query == {
        "QueryType": "SHIPMENT",
        "ShipmentStatusList": ",".join(STATUSES),
        "MarketplaceId": US,
    }
    assert amazon.requests[1].query == {"QueryType": "NEXT_TOKEN", "NextToken": "t1", "MarketplaceId": US}
    assert [page.next_token for page in pages] == ["t1", None]


def test_shipments_can_be_asked_for_some_statuses(amazon, connect):
    amazon.replies = [inbound("ShipmentData", [])]
    list(shipments(connect(), US, statuses=["WORKING", "SHIPPED"]))
    assert amazon.requests[0].query["ShipmentStatusList"] == "WORKING,SHIPPED"


def items(*numbers):
    return [{"ShipmentId": "F1", "SellerSKU": f"sku-{number}"} for number in numbers]


def test_items_of_a_shipment_continue_through_the_other_operation(amazon, connect):
    amazon.replies = [inbound("ItemData", items(*range(200)), "t1"), inbound("ItemData", items(200, 201), "t2")]
    pages = list(shipment_items(connect(), "F1/x", US))
    assert [seen.path for seen in amazon.requests] == [
        "/fba/inbound/v0/shipments/F1%2Fx/items",
        "/fba/inbound/v0/shipmentItems",
    ]
    assert amazon.requests[0].query == {"MarketplaceId": US}
    assert amazon.requests[1].query == {"QueryType": "NEXT_TOKEN", "NextToken": "t1", "MarketplaceId": US}
    assert [(page.operation, page.number, page.next_token, len(page.rows)) for page in pages] == [
        ("getShipmentItemsByShipmentId", 1, "t1", 200),
        ("getShipmentItems", 2, None, 2),
    ]
    assert pages[0].params == {"shipmentId": "F1/x", "MarketplaceId": US}


def test_items_that_are_not_a_full_page_are_all_there_is_whatever_token_comes(amazon, connect):
    amazon.replies = [inbound("ItemData", items(1, 2), "t1")]
    (page,) = shipment_items(connect(), "F1", US)
    assert page.next_token is None


def test_items_that_bring_nothing_new_are_the_end(amazon, connect):
    amazon.replies = [inbound("ItemData", items(*range(200)), "t1"), inbound("ItemData", items(*range(200)), "t2")]
    assert len(list(shipment_items(connect(), "F1", US))) == 2


def test_one_order_participations_and_metrics_are_single_pages(amazon, connect):
    client = connect()
    amazon.replies = [Reply(body={"order": {"orderId": "1"}})]
    assert get_order(client, "1").rows == [{"orderId": "1"}]
    assert amazon.requests[-1].path == "/orders/2026-01-01/orders/1"
    assert amazon.requests[-1].query == {"includedData": WINDOW["includedData"]}
    amazon.replies = [Reply(body={"payload": [{"marketplace": {"id": US}}]})]
    assert len(marketplace_participations(client).rows) == 1
    assert amazon.requests[-1].query == {}
    day = datetime(2026, 11, 21, 8, tzinfo=UTC)
    page = order_metrics(
        client, US, interval=(day, day + timedelta(days=1)), granularity="Day", time_zone="America/Los_Angeles"
    )
    assert amazon.requests[-1].query == page.params
    assert page.params == {
        "marketplaceIds": US,
        "interval": "2026-11-21T00:00:00-08:00--2026-11-22T00:00:00-08:00",
        "granularity": "Day",
        "granularityTimeZone": "America/Los_Angeles",
    }
    order_metrics(client, US, interval=(day, day + timedelta(hours=1)), granularity="Hour")
    assert amazon.requests[-1].query["interval"] == "2026-11-21T08:00:00+00:00--2026-11-21T09:00:00+00:00"


def test_metrics_by_day_want_a_time_zone(connect):
    day = datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        order_metrics(connect(), US, interval=(day, day), granularity="Day")


# --- loops


def test_a_repeated_token_is_a_loop(amazon, connect):
    amazon.replies = [orders("1", token="t1"), orders("2", token="t2"), orders("3", token="t1")]
    seen = []
    with pytest.raises(PaginationLoop, match="repeats a page token"):
        seen.extend(page.number for page in search(connect()))
    assert seen == [1, 2]
    assert len(amazon.requests) == 3


def test_pages_of_old_rows_under_new_tokens_are_a_loop_at_the_third(amazon, connect):
    amazon.replies = [orders("1", token=f"t{number}") for number in range(9)]
    with pytest.raises(PaginationLoop, match="nothing new"):
        list(search(connect()))
    assert len(amazon.requests) == 4


def test_old_rows_on_the_last_page_are_no_loop(amazon, connect):
    amazon.replies = [orders("1", token=f"t{number}") for number in range(3)] + [orders("1")]
    assert len(list(search(connect()))) == 4


def test_an_empty_page_with_a_next_token_goes_on(amazon, connect):
    amazon.replies = [orders("1", token="t1"), *(orders(token=f"e{n}") for n in range(5)), orders("2")]
    assert [row["orderId"] for page in search(connect()) for row in page.rows] == ["1", "2"]


def test_empty_pages_without_end_are_a_loop(amazon, connect):
    amazon.replies = [orders(token=f"t{number}") for number in range(30)]
    with pytest.raises(PaginationLoop):
        list(search(connect()))
    assert len(amazon.requests) == 10


# --- resume and expiry


def test_a_pager_resumes_with_the_frozen_window_after_the_page_it_had(amazon, connect):
    amazon.replies = [orders("1", token="t1")]
    first = next(search(connect()))
    amazon.replies = [orders("2", token="t2"), orders("3")]
    later = search_orders(
        connect(),
        marketplace_ids=["OTHER"],
        last_updated_after=datetime(2027, 1, 1, tzinfo=UTC),
        last_updated_before=datetime(2027, 1, 2, tzinfo=UTC),
        resume=first.resume,
    )
    assert [page.number for page in later] == [2, 3]
    assert [seen.query for seen in amazon.requests[1:]] == [
        WINDOW | {"paginationToken": "t1"},
        WINDOW | {"paginationToken": "t2"},
    ]


def test_a_resumed_pager_notices_that_its_own_token_comes_back(amazon, connect):
    amazon.replies = [orders("2", token="t1")]
    with pytest.raises(PaginationLoop):
        list(search(connect(), Resume(WINDOW, "t1", 2)))


def test_the_last_page_has_nothing_to_resume(amazon, connect):
    amazon.replies = [orders("1")]
    assert next(search(connect())).resume is None


@pytest.mark.parametrize("message", ["Next token is invalid or expired", "We could not decode your NextToken.", None])
def test_a_token_amazon_no_longer_takes_is_expired(amazon, connect, message):
    amazon.replies = [rejected(message)]
    with pytest.raises(PageTokenExpired, match="first page"):
        list(search(connect(), Resume(WINDOW, "t1", 2)))
    assert len(amazon.requests) == 1


@pytest.mark.parametrize("message", ["Next token is invalid or expired", None])
def test_without_a_page_token_the_same_words_are_a_rejection(amazon, connect, message):
    amazon.replies = [rejected(message)]
    with pytest.raises(RequestRejected):
        list(search(connect()))


def test_a_snapshot_begins_again_when_a_token_expired(amazon, connect):
    expired = rejected("Next token is invalid or expired")
    amazon.replies = [stock("a", token="t1"), expired, stock("b", token="t2"), expired, stock("c")]
    pages = inventory_snapshot(connect(), US)
    assert [row["sellerSku"] for page in pages for row in page.rows] == ["c"]


def test_a_snapshot_begins_again_twice_at_most(amazon, connect):
    expired = rejected("Next token is invalid or expired")
    amazon.replies = [reply for n in range(3) for reply in (stock("a", token=f"t{n}"), expired)]
    with pytest.raises(PageTokenExpired):
        inventory_snapshot(connect(), US)
    assert len(amazon.requests) == 6


def test_an_account_without_fba_is_recognisable(amazon, connect):
    amazon.replies = [rejected("Invalid request, please check your input.")]
    with pytest.raises(RequestRejected, match=NO_FBA) as caught:
        list(inventory_summaries(connect(), US))
    assert caught.value.status == 400


def test_a_rejected_later_page_does_not_speak_of_fba(amazon, connect):
    amazon.replies = [stock("a", token="t1"), rejected("granularityId is wrong")]
    with pytest.raises(RequestRejected) as caught:
        list(inventory_summaries(connect(), US))
    assert NO_FBA not in str(caught.value)
