"""FBA inventory and inbound shipments over HTTP behave as Amazon's models and its users say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.operations import PageSizes
from amazon_pipeline.simulator.server import RunningSimulator
from tests.simulator.visitor import CA, NOW, US, Visitor, refusal, visit

ALL = "WORKING,READY_TO_SHIP,SHIPPED,RECEIVING,CANCELLED,DELETED,CLOSED,ERROR,IN_TRANSIT,DELIVERED,CHECKED_IN"


@pytest.fixture(scope="module")
def large() -> Iterator[Visitor]:
    """More products than fit one page of inventory, or one page of a shipment's items."""
    with RunningSimulator(
        clock=ManualClock(NOW),
        orders_per_day=5,
        sku_count=130,
        quota_speed=float("inf"),
        pages=PageSizes(shipment_items=6),
    ) as simulator:
        yield from visit(simulator)


def all_inventory(visitor: Visitor, marketplace_id: str = US) -> list[dict[str, object]]:
    body = visitor.inventory(marketplace_id, details="true").json()
    rows = list(body["payload"]["inventorySummaries"])
    while "pagination" in body:
        body = visitor.inventory(marketplace_id, details="true", nextToken=body["pagination"]["nextToken"]).json()
        rows += body["payload"]["inventorySummaries"]
    return rows


def test_inventory_comes_in_pages_of_fifty_and_is_complete(large: Visitor) -> None:
    first = large.inventory().json()
    assert len(first["payload"]["inventorySummaries"]) == 50
    skus = [row["sellerSku"] for row in all_inventory(large)]
    assert len(skus) == len(set(skus))
    assert set(skus) == {one.seller_sku for one in large.simulator.world.inventory_at(NOW) if one.marketplace_id == US}


def test_inventory_is_the_truth(large: Visitor) -> None:
    truth = {row.seller_sku: row for row in large.simulator.world.inventory_at(NOW) if row.marketplace_id == CA}
    for row in all_inventory(large, CA):
        details = row["inventoryDetails"]
        assert isinstance(details, dict)
        one = truth[str(row["sellerSku"])]
        assert details["fulfillableQuantity"] == one.fulfillable
        assert details["reservedQuantity"]["totalReservedQuantity"] == one.reserved
        assert row["totalQuantity"] == one.total


def test_details_are_given_only_when_asked_for(reader: Visitor) -> None:
    assert not any("inventoryDetails" in row for row in reader.inventory().json()["payload"]["inventorySummaries"])
    assert all("inventoryDetails" in row for row in all_inventory(reader))


def test_an_inventory_token_dies_after_thirty_seconds(clock: ManualClock) -> None:
    with RunningSimulator(clock=clock, orders_per_day=5, sku_count=130) as simulator:
        for visitor in visit(simulator):
            token = visitor.inventory().json()["pagination"]["nextToken"]
            clock.advance(timedelta(seconds=29))
            assert visitor.inventory(nextToken=token).status_code == 200
            clock.advance(timedelta(seconds=1))
            assert "nextToken" in refusal(visitor.inventory(nextToken=token))


def test_only_changed_skus_are_listed_since_a_time_whatever_skus_are_named(reader: Visitor) -> None:
    since = "2026-11-22T12:00:00Z"
    rows = reader.inventory(startDateTime=since, sellerSkus="NO-SUCH-SKU").json()["payload"]["inventorySummaries"]
    assert rows
    assert all(row["lastUpdatedTime"] >= since for row in rows)


def test_skus_can_be_named_but_one_with_a_comma_only_alone(reader: Visitor) -> None:
    def skus(**parameters: str) -> list[str]:
        return [row["sellerSku"] for row in reader.inventory(**parameters).json()["payload"]["inventorySummaries"]]

    assert skus(sellerSkus="MUG-WHT-12,UNKNOWN") == ["MUG-WHT-12"]
    assert skus(sellerSku="MUG/BLK 12,OZ") == ["MUG/BLK 12,OZ"]
    assert skus(sellerSkus="MUG/BLK 12,OZ") == []


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"granularityType": None}, "granularityType"),
        ({"granularityType": "Country"}, "granularityType"),
        ({"granularityId": None}, "granularityId"),
        ({"granularityId": CA}, "granularityId"),
        ({"marketplaceIds": None}, "marketplaceIds"),
        ({"marketplaceIds": f"{US},{CA}"}, "marketplaceIds"),
        ({"marketplaceIds": "A1F83G8C2ARO7P"}, "marketplaceIds"),
        ({"details": "yes"}, "details"),
        ({"startDateTime": "2025-01-01T00:00:00Z"}, "startDateTime"),
        ({"sellerSkus": ",".join(["A"] * 51)}, "sellerSkus"),
        ({"nextToken": "made-up"}, "nextToken"),
        ({"pageSize": "10"}, "pageSize"),
    ],
)
def test_wrong_inventory_parameters_are_refused_by_name(
    reader: Visitor, parameters: dict[str, str | None], names: str
) -> None:
    asked = {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US, **parameters}
    given = {name: value for name, value in asked.items() if value is not None}
    assert names in refusal(reader.get("/fba/inventory/v1/summaries", **given))


def all_shipments(visitor: Visitor, marketplace_id: str = US) -> list[dict[str, object]]:
    payload = visitor.shipments(QueryType="SHIPMENT", ShipmentStatusList=ALL, MarketplaceId=marketplace_id).json()[
        "payload"
    ]
    rows = list(payload["ShipmentData"])
    while "NextToken" in payload:
        asked = {"QueryType": "NEXT_TOKEN", "NextToken": payload["NextToken"], "MarketplaceId": marketplace_id}
        payload = visitor.shipments(**asked).json()["payload"]
        rows += payload["ShipmentData"]
    return rows


def test_shipments_come_in_pages_of_fifty_and_are_complete(reader: Visitor) -> None:
    first = reader.shipments(QueryType="SHIPMENT", ShipmentStatusList=ALL).json()["payload"]
    assert len(first["ShipmentData"]) <= 50
    ids = [row["ShipmentId"] for market in (US, CA) for row in all_shipments(reader, market)]
    assert len(ids) == len(set(ids)) > 50
    assert set(ids) == {one.shipment_id for one in reader.simulator.world.shipments_at(NOW)}


def test_a_token_with_other_filters_gives_the_same_page_for_ever(reader: Visitor) -> None:
    with RunningSimulator(
        clock=reader.simulator.clock,
        sku_count=20,
        orders_per_day=5,
        quota_speed=float("inf"),
        pages=PageSizes(shipments=10),
    ) as simulator:
        for visitor in visit(simulator):
            asked = {"QueryType": "NEXT_TOKEN", "ShipmentStatusList": ALL}
            first = visitor.shipments(QueryType="SHIPMENT", ShipmentStatusList=ALL).json()["payload"]
            second = visitor.shipments(**asked, NextToken=first["NextToken"]).json()["payload"]
            third = visitor.shipments(**asked, NextToken=second["NextToken"]).json()["payload"]
            assert first["ShipmentData"] == second["ShipmentData"] == third["ShipmentData"]


def test_shipments_are_selected_by_status_id_and_time(reader: Visitor) -> None:
    closed = reader.shipments(QueryType="SHIPMENT", ShipmentStatusList="CLOSED").json()["payload"]["ShipmentData"]
    assert {row["ShipmentStatus"] for row in closed} == {"CLOSED"}
    one = closed[3]["ShipmentId"]
    chosen = reader.shipments(QueryType="SHIPMENT", ShipmentIdList=f"{one},FBA0").json()["payload"]["ShipmentData"]
    assert [row["ShipmentId"] for row in chosen] == [one]
    window = {"LastUpdatedAfter": "2026-11-15T00:00:00Z", "LastUpdatedBefore": "2026-11-22T00:00:00Z"}
    recent = reader.shipments(QueryType="DATE_RANGE", ShipmentStatusList=ALL, **window).json()["payload"][
        "ShipmentData"
    ]
    assert 0 < len(recent) < len(all_shipments(reader))


def test_the_items_of_a_shipment_are_the_truth_and_continue_with_a_token(large: Visitor) -> None:
    shipment = next(
        one for one in large.simulator.world.shipments_at(NOW) if one.status == "RECEIVING" and len(one.items) > 6
    )
    payload = large.get(f"/fba/inbound/v0/shipments/{shipment.shipment_id}/items").json()["payload"]
    rows = list(payload["ItemData"])
    assert len(rows) == 6
    while "NextToken" in payload:
        asked = {
            "QueryType": "NEXT_TOKEN",
            "NextToken": payload["NextToken"],
            "MarketplaceId": shipment.shipment.group.home,
        }
        payload = large.get("/fba/inbound/v0/shipmentItems", **asked).json()["payload"]
        rows += payload["ItemData"]
    assert [(row["SellerSKU"], row["QuantityShipped"], row["QuantityReceived"]) for row in rows] == [
        (item.pool.seller_sku, item.expected, item.received) for item in shipment.items
    ]


def test_items_can_be_asked_for_by_the_time_their_shipment_changed(reader: Visitor) -> None:
    window = {"LastUpdatedAfter": "2026-11-15T00:00:00Z", "LastUpdatedBefore": "2026-11-22T00:00:00Z"}
    answer = reader.get("/fba/inbound/v0/shipmentItems", QueryType="DATE_RANGE", MarketplaceId=US, **window)
    ids = {row["ShipmentId"] for row in answer.json()["payload"]["ItemData"]}
    asked = {"QueryType": "DATE_RANGE", "ShipmentStatusList": ALL, **window}
    assert ids == {row["ShipmentId"] for row in reader.shipments(**asked).json()["payload"]["ShipmentData"]}


@pytest.mark.parametrize(
    ("parameters", "names"),
    [
        ({"QueryType": None}, "QueryType"),
        ({"QueryType": "ALL"}, "QueryType"),
        ({"MarketplaceId": None}, "MarketplaceId"),
        ({"MarketplaceId": "A1F83G8C2ARO7P"}, "MarketplaceId"),
        ({"ShipmentStatusList": None}, "ShipmentStatusList"),
        ({"ShipmentStatusList": "Closed"}, "ShipmentStatusList"),
        ({"ShipmentIdList": ",".join(["FBA1"] * 1000)}, "ShipmentIdList"),
        ({"QueryType": "DATE_RANGE"}, "LastUpdatedAfter"),
        ({"QueryType": "DATE_RANGE", "LastUpdatedAfter": "2026-11-01T00:00:00Z"}, "LastUpdatedBefore"),
        ({"QueryType": "NEXT_TOKEN", "ShipmentStatusList": None}, "NextToken"),
        ({"QueryType": "NEXT_TOKEN", "ShipmentStatusList": None, "NextToken": "made-up"}, "NextToken"),
        ({"MarketplaceIds": US}, "MarketplaceIds"),
    ],
)
def test_wrong_shipment_parameters_are_refused_by_name(
    reader: Visitor, parameters: dict[str, str | None], names: str
) -> None:
    asked = {"QueryType": "SHIPMENT", "MarketplaceId": US, "ShipmentStatusList": ALL, **parameters}
    given = {name: value for name, value in asked.items() if value is not None}
    assert names in refusal(reader.get("/fba/inbound/v0/shipments", **given))


def test_the_items_of_an_unknown_shipment_are_not_found(reader: Visitor) -> None:
    refusal(reader.get("/fba/inbound/v0/shipments/FBA1UNKNOWN/items"), 404)
