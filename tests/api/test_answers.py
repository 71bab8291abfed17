"""What the data addresses say, in each state of the data directory."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from amazon_pipeline.events import SYNC_COMPLETED, SYNC_ERROR, EventLog
from api.models import ExecutiveData, Model, SetupRequired, Success
from api.models_lists import (
    AlertsData,
    ChannelSalesData,
    InventoryData,
    OrdersData,
    SalesData,
    ShipmentsData,
    SyncStatusData,
)
from api.models_stock import RestockData, StockDaysData, StockLinesData
from tests.api.application import DATA_PATHS, Clock, body_of
from tests.api.conftest import MakeClient
from tests.api.published_account import CA, DE, NOW, US, Published, item, metrics, small_account, two_stores

MODELS: dict[str, type[Model]] = dict(
    zip(
        DATA_PATHS,
        (
            ExecutiveData,
            InventoryData,
            OrdersData,
            ShipmentsData,
            SalesData,
            AlertsData,
            SyncStatusData,
            RestockData,
            StockDaysData,
            StockLinesData,
            ChannelSalesData,
        ),
        strict=True,
    )
)
EXECUTIVE, INVENTORY, ORDERS, SHIPMENTS, SALES, ALERTS, SYNC_STATUS = DATA_PATHS[:7]
METADATA = {"asOf", "stale", "source"}


@pytest.mark.parametrize("path", DATA_PATHS)
@pytest.mark.parametrize("state", ["nothing published", "published", "published and empty"])
def test_every_body_is_what_its_model_says(
    state: str, path: str, make_client: MakeClient, published: Published
) -> None:
    if state != "nothing published":
        published.publish({} if state.endswith("empty") else None)
    body = make_client().get(path).text
    Success[MODELS[path]].model_validate_json(body, strict=True)  # type: ignore[valid-type]


@pytest.mark.parametrize("path", DATA_PATHS)
def test_without_credentials_every_address_says_what_to_set_even_beside_published_data(
    path: str, make_client: MakeClient, published: Published
) -> None:
    published.publish()
    response = make_client(AMAZON_SELLER_ID="", AMAZON_REFRESH_TOKEN="").get(path)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    body = SetupRequired.model_validate_json(response.text, strict=True)
    assert set(response.json()) == {"success", "setupRequired", "message", "missing", "data"}
    assert body.missing == ["AMAZON_REFRESH_TOKEN", "AMAZON_SELLER_ID"]
    assert body.message == (
        "Amazon SP-API not configured. Set AMAZON_REFRESH_TOKEN, AMAZON_SELLER_ID in the environment or in .env, "
        "then restart."
    )


def test_a_malformed_credential_is_named_and_its_value_is_not(make_client: MakeClient) -> None:
    response = make_client(AMAZON_REFRESH_TOKEN="wrong-secret-value").get(EXECUTIVE)
    assert response.json()["setupRequired"] is True
    assert response.json()["missing"] == []
    assert 'Invalid AMAZON_REFRESH_TOKEN format. Should start with "Atzr|"' in response.json()["message"]
    assert "wrong-secret-value" not in response.text


def test_before_the_first_publish_nothing_is_known_and_nothing_is_zero(make_client: MakeClient) -> None:
    client = make_client()

    def numbers(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [number for item in value.values() for number in numbers(item)]
        if isinstance(value, list):
            return [number for item in value for number in numbers(item)]
        return [value] if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else []

    inventory = body_of(client, INVENTORY)
    assert inventory["items"] == []
    assert inventory["lastSync"] is None
    assert body_of(client, ORDERS)["orders"] == []
    assert body_of(client, SHIPMENTS)["shipments"] == []
    for path in (INVENTORY, ORDERS, SHIPMENTS, ALERTS, SYNC_STATUS):
        assert numbers(body_of(client, path)) == []
    executive = body_of(client, EXECUTIVE)
    assert numbers([executive["kpis"], executive["channelPerformance"]]) == []
    assert executive["metadata"]["dataAvailable"] is False
    assert executive["metadata"]["integrationStatus"]["amazon"] == {
        "connected": False,
        "inventorySync": "inactive",
        "orderSync": "inactive",
    }


@pytest.mark.parametrize("path", DATA_PATHS)
def test_before_the_first_publish_the_failure_of_the_first_sync_is_told(
    path: str, make_client: MakeClient, published: Published
) -> None:
    client = make_client()
    before = client.get(path)
    assert "connectionError" not in before.json()["data"]["metadata"]
    log = EventLog(published.data_dir / "state.sqlite")
    log.append(SYNC_ERROR, {"error": "Amazon refused the login.", "timestamp": "", "runId": "r1"}, at=NOW, run_id="r1")
    after = client.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.json()["data"]["metadata"]["connectionError"] == "Amazon refused the login."
    log.append(SYNC_COMPLETED, {"timestamp": "", "runId": "r2"}, at=NOW, run_id="r2")
    assert "connectionError" not in client.get(path).json()["data"]["metadata"]


def test_a_stream_that_never_succeeded_is_unknown_beside_one_that_did(
    make_client: MakeClient, published: Published
) -> None:
    published.publish({"order_metrics_24h": [metrics("USD", total_orders=0)]})
    client = make_client()
    executive = body_of(client, EXECUTIVE)
    assert executive["kpis"]["orders"]["amazon"] == 0
    assert executive["kpis"]["revenue"]["amazon"] == 0
    assert executive["kpis"]["avgOrderValue"]["amazon"] is None
    assert executive["kpis"]["inventory"]["amazon"] is None
    assert executive["kpis"]["inventory"]["source"] == "disconnected"
    assert body_of(client, INVENTORY)["total"] is None
    assert body_of(client, SHIPMENTS)["summary"]["open"] is None


def test_a_stream_that_succeeded_and_found_nothing_is_known_to_be_nothing(
    make_client: MakeClient, published: Published
) -> None:
    published.publish({"sync_status": small_account()["sync_status"]})
    client = make_client()
    inventory = body_of(client, INVENTORY)
    assert inventory["summary"]["totalSKUs"] == 0
    assert inventory["total"] == 0
    assert inventory["lastSync"] == "2026-11-22T11:58:00Z"
    assert body_of(client, SHIPMENTS)["summary"] == {
        "open": 0,
        "inTransit": 0,
        "receiving": 0,
        "unitsExpected": 0,
        "unitsReceived": 0,
    }


def test_executive_has_exactly_the_contracts_keys(make_client: MakeClient, published: Published) -> None:
    published.publish()
    data = body_of(make_client(), EXECUTIVE)
    assert set(data) == {"kpis", "channelPerformance", "metadata"}
    kpis = data["kpis"]
    assert set(kpis) == {"revenue", "orders", "units", "inventory", "avgOrderValue"}
    headline = {"label", "shopify", "amazon", "total", "unit", "trend", "change", "sources"}
    assert set(kpis["revenue"]) == {*headline, "byCurrency"}
    assert set(kpis["orders"]) == headline
    assert set(kpis["units"]) == headline - {"sources"}
    assert set(kpis["inventory"]) == {
        "label", "amazon", "fulfillable", "lowStockItems", "outOfStockItems", "unit", "trend", "source"
    }  # fmt: skip
    assert set(kpis["avgOrderValue"]) == {"label", "shopify", "amazon", "combined", "unit", "trend", "change"}
    assert set(kpis["revenue"]["byCurrency"][0]) == {"currency", "revenue", "orders", "averageOrderValue"}
    amazon, shopify = data["channelPerformance"]
    channel = {"channel", "revenue", "orders", "avgOrderValue", "currency", "byCurrency", "status"}
    assert set(amazon) == {*channel, "unshippedOrders", "inventoryStatus"}
    assert set(amazon["inventoryStatus"]) == {"totalSKUs", "totalQuantity", "lowStockItems"}
    assert set(shopify) == {*channel, "netRevenue", "customers", "commission"}
    assert set(shopify["commission"]) == {"fees", "rate", "description", "byCurrency"}
    assert set(data["metadata"]) == {*METADATA, "timestamp", "responseTime", "dataAvailable", "integrationStatus"}
    assert set(data["metadata"]["integrationStatus"]["shopify"]) == {"connected", "activeStores"}


def test_executive_counts_all_currencies_and_adds_no_money_across_them(
    make_client: MakeClient, published: Published
) -> None:
    published.publish()
    data = body_of(make_client(), EXECUTIVE)
    assert data["kpis"]["orders"]["total"] == 4
    assert data["kpis"]["orders"]["change"] == 1
    revenue = data["kpis"]["revenue"]
    assert (revenue["amazon"], revenue["total"], revenue["unit"]) == (
        Decimal("1234567890123456.78"), Decimal("1234567890123456.78"), "USD"
    )  # fmt: skip
    assert (revenue["trend"], revenue["change"]) == ("up", Decimal("0.2346"))
    assert [entry["currency"] for entry in revenue["byCurrency"]] == ["USD", "EUR"]
    assert revenue["shopify"] is None
    assert revenue["sources"] == {"shopify": "disconnected", "amazon": "connected"}
    assert data["kpis"]["inventory"]["amazon"] == 53
    amazon, shopify = data["channelPerformance"]
    assert (amazon["channel"], amazon["status"], amazon["unshippedOrders"]) == ("Amazon FBA", "connected", 1)
    assert (shopify["channel"], shopify["status"], shopify["orders"]) == ("Shopify", "disconnected", None)
    assert data["metadata"]["asOf"] == "2026-11-22T11:56:00Z"  # the older of orders and inventory


def test_connected_stores_stand_beside_amazon_and_count_in_the_totals(
    make_client: MakeClient, published: Published
) -> None:
    published.publish({**small_account(), **two_stores()})
    data = body_of(make_client(REPORTING_CURRENCY="EUR"), EXECUTIVE)
    kpis = data["kpis"]
    assert (kpis["orders"]["amazon"], kpis["orders"]["shopify"], kpis["orders"]["total"]) == (4, 5, 9)
    assert kpis["orders"]["change"] == Decimal("1.25"), "9 after 2 at Amazon and 2 in the stores"
    assert kpis["units"]["shopify"] == 3, "of the orders that are counted and in the 24 hours"
    revenue = kpis["revenue"]
    assert (revenue["amazon"], revenue["shopify"], revenue["total"]) == (
        Decimal("10.10"), Decimal("60.00"), Decimal("70.10")
    )  # fmt: skip
    assert (revenue["unit"], revenue["sources"]) == ("EUR", {"shopify": "connected", "amazon": "connected"})
    assert revenue["byCurrency"] == [
        {"currency": "USD", "revenue": Decimal("1234567890123556.78"), "orders": 6,
         "averageOrderValue": Decimal("246913578024711.36")},
        {"currency": "EUR", "revenue": Decimal("70.10"), "orders": 3, "averageOrderValue": Decimal("23.37")},
    ]  # fmt: skip
    average = kpis["avgOrderValue"]
    assert (average["amazon"], average["shopify"], average["combined"]) == (
        Decimal("10.10"), Decimal("30.00"), Decimal("23.37")
    )  # fmt: skip
    _amazon, shopify = data["channelPerformance"]
    assert (shopify["channel"], shopify["status"]) == ("Shopify (UK/EU + USA)", "connected")
    assert (shopify["orders"], shopify["customers"], shopify["currency"]) == (5, 4, "EUR")
    assert (shopify["revenue"], shopify["netRevenue"]) == (Decimal("60.00"), Decimal("58.26"))
    assert shopify["commission"] == {
        "fees": Decimal("1.74"),
        "rate": Decimal("0.029"),
        "description": "USA: transaction fees as booked by Shopify Payments. "
        "UK/EU: an estimate of 2.9% of revenue, since the fees cannot be read.",
        "byCurrency": [
            {"currency": "USD", "fees": Decimal("2.50"), "rate": Decimal("0.025"), "netRevenue": Decimal("97.50")},
            {"currency": "EUR", "fees": Decimal("1.74"), "rate": Decimal("0.029"), "netRevenue": Decimal("58.26")},
        ],
    }
    assert data["metadata"]["integrationStatus"]["shopify"] == {"connected": True, "activeStores": 2}
    assert data["metadata"]["asOf"] == "2026-11-22T11:50:00Z", "the store that is furthest behind"
    assert data["metadata"]["stale"] is False


def test_a_store_that_has_not_been_read_is_named_and_has_no_figure(
    make_client: MakeClient, published: Published
) -> None:
    published.publish()
    stores = '[{"name": "USA", "domain": "x.myshopify.com", "token": "shpat_0"}]'
    data = body_of(make_client(SHOPIFY_STORES=stores), EXECUTIVE)
    _amazon, shopify = data["channelPerformance"]
    assert (shopify["channel"], shopify["status"]) == ("Shopify (USA)", "disconnected")
    assert shopify["commission"]["description"] == "No orders have been read from the Shopify stores yet."
    figures = ("revenue", "orders", "avgOrderValue", "netRevenue", "customers")
    assert [shopify[name] for name in figures] == [None] * 5


def test_the_reporting_currency_can_be_chosen(make_client: MakeClient, published: Published) -> None:
    published.publish()
    revenue = body_of(make_client(REPORTING_CURRENCY="EUR"), EXECUTIVE)["kpis"]["revenue"]
    assert (revenue["amazon"], revenue["unit"]) == (Decimal("10.10"), "EUR")
    revenue = body_of(make_client(REPORTING_CURRENCY="GBP"), EXECUTIVE)["kpis"]["revenue"]
    assert (revenue["amazon"], revenue["unit"]) == (0, "GBP")


def test_money_is_printed_digit_by_digit(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client()
    assert '"totalRevenue":1234567890123456.78' in client.get(ORDERS).text
    assert '"orderTotal":19.99,' in client.get(ORDERS).text
    assert '"revenue":0.30,' in client.get(SALES).text  # 0.10 + 0.20


def test_orders_lists_the_window_newest_first(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client()
    data = body_of(client, ORDERS)
    assert set(data) == {"summary", "orders", "nextCursor", "dateRange", "metadata"}
    assert set(data["summary"]) == {
        "totalOrders", "totalRevenue", "averageOrderValue", "unshippedCount", "shippedCount", "pendingCount",
        "canceledCount", "ordersWithoutAmount", "currency", "byCurrency",
    }  # fmt: skip
    assert set(data["orders"][0]) == {
        "amazonOrderId", "orderStatus", "purchaseDate", "orderTotal", "currency", "itemsShipped", "itemsUnshipped",
        "fulfillmentChannel", "salesChannel", "marketplaceId",
    }  # fmt: skip
    assert set(data["metadata"]) == METADATA
    # not the one from 30 hours ago, nor the one placed after the window's end
    assert [order["amazonOrderId"][:11] for order in data["orders"]] == ["111-0000001", "111-0000005", "111-0000002"]
    assert data["orders"][2]["orderTotal"] is None
    assert data["dateRange"] == {"start": "2026-11-21T11:58:00Z", "end": "2026-11-22T11:58:00Z"}
    assert data["summary"]["ordersWithoutAmount"] == 1
    assert len(body_of(client, ORDERS, status="Shipped")["orders"]) == 1
    german = body_of(client, ORDERS, marketplaceId=DE)
    assert [order["currency"] for order in german["orders"]] == ["EUR"]
    assert german["summary"] == data["summary"]


def test_inventory_lists_the_lowest_first_with_the_summary_of_all(
    make_client: MakeClient, published: Published
) -> None:
    published.publish()
    client = make_client()
    data = body_of(client, INVENTORY)
    assert set(data) == {
        "summary", "alerts", "marketplaceIds", "items", "total", "nextCursor", "lastSync", "metadata"
    }  # fmt: skip
    assert data["marketplaceIds"] == [CA, US]
    assert set(data["summary"]) == {
        "totalSKUs", "totalQuantity", "fulfillableQuantity", "reservedQuantity", "inboundQuantity"
    }  # fmt: skip
    assert set(data["items"][0]) == {
        "asin", "sku", "productName", "marketplaceId", "fulfillableQuantity", "reservedQuantity", "inboundQuantity",
        "totalQuantity", "status", "lowStockThreshold", "daysOfCover", "restockQuantity", "lastUpdated",
        "reservedCustomerOrders", "reservedFcTransfer", "reservedFcProcessing", "inboundWorking", "inboundShipped",
        "inboundReceiving", "unfulfillableQuantity", "researchingQuantity", "dailyVelocity", "coverStatus",
        "isPoolDuplicate",
    }  # fmt: skip
    assert [entry["sku"] for entry in data["items"]] == ["SKU-OUT", "SKU-LOW", "SKU-FINE", "SKU-FINE"]
    assert data["alerts"] == {"lowStockCount": 2, "outOfStockCount": 1, "inboundCount": 1}  # the duplicate left out
    assert data["items"][0]["reservedQuantity"] is None  # Amazon has not said
    assert data["items"][1]["lastUpdated"] == "2026-11-22T11:00:00Z"


@pytest.mark.parametrize(
    ("parameters", "skus"),
    [
        ({"status": "alert"}, ["SKU-OUT", "SKU-LOW"]),
        ({"status": "out-of-stock"}, ["SKU-OUT"]),
        ({"status": "in-stock", "marketplaceId": US}, ["SKU-FINE"]),
        ({"marketplaceId": CA}, ["SKU-FINE"]),
        ({"q": "blue m"}, ["SKU-LOW"]),
        ({"q": "b0mug"}, ["SKU-LOW"]),
        ({"q": "sku-o"}, ["SKU-OUT"]),
        ({"q": "%"}, []),
        ({"q": "'; DROP TABLE mart.inventory; --"}, []),
        ({"sort": "-sku", "marketplaceId": US}, ["SKU-OUT", "SKU-LOW", "SKU-FINE"]),
        ({"status": "", "q": "", "cursor": "", "sort": "sku", "marketplaceId": US}, ["SKU-FINE", "SKU-LOW", "SKU-OUT"]),
    ],
)
def test_inventory_is_filtered_and_sorted(
    parameters: dict[str, str], skus: list[str], make_client: MakeClient, published: Published
) -> None:
    published.publish()
    data = body_of(make_client(), INVENTORY, **parameters)
    assert [entry["sku"] for entry in data["items"]] == skus
    assert data["total"] == len(skus)
    assert data["summary"]["totalSKUs"] == 3


def test_shipments_list_open_ones_first_with_their_items(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client()
    data = body_of(client, SHIPMENTS)
    assert set(data) == {"summary", "shipments", "nextCursor", "metadata"}
    assert data["summary"] == {"open": 2, "inTransit": 1, "receiving": 1, "unitsExpected": 110, "unitsReceived": 40}
    assert [shipment["shipmentId"] for shipment in data["shipments"]] == ["FBA1", "FBA2", "FBA3"]
    assert set(data["shipments"][0]) == {
        "shipmentId", "name", "status", "destinationFulfillmentCenter", "needByDate", "unitsExpected", "unitsReceived",
        "daysInStatus", "items",
    }  # fmt: skip
    assert data["shipments"][0]["items"] == [
        {"sku": "SKU-LOW", "fnSku": "X1", "expected": 40, "received": 40},
        {"sku": "SKU-OUT", "fnSku": None, "expected": 60, "received": None},
    ]
    assert [one["shipmentId"] for one in body_of(client, SHIPMENTS, status="CLOSED")["shipments"]] == ["FBA3"]


def test_units_of_shipments_are_unknown_while_the_items_of_an_open_one_are_not_read(
    make_client: MakeClient, published: Published
) -> None:
    rows = small_account()
    first, *others = rows["inbound_shipments"]
    unread = {**first, "units_expected": None, "units_received": None}
    published.publish({**rows, "inbound_shipments": [unread, *others]})
    summary = body_of(make_client(), SHIPMENTS)["summary"]
    assert (summary["open"], summary["unitsExpected"], summary["unitsReceived"]) == (2, None, None)


def test_alerts_are_the_changes_of_status_newest_first(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client()
    alerts = body_of(client, ALERTS)["alerts"]
    assert [alert["transitionId"] for alert in alerts] == ["t3", "t2", "t1"]
    assert alerts[2] == {
        "transitionId": "t1",
        "sku": "SKU-LOW",
        "productName": "Blue Mug",
        "marketplaceId": US,
        "fromStatus": "in-stock",
        "toStatus": "low-stock",
        "fulfillableQuantity": 3,
        "at": "2026-11-22T11:10:00Z",
    }
    assert [alert["transitionId"] for alert in body_of(client, ALERTS, status="alert")["alerts"]] == ["t2", "t1"]


def test_sync_status_has_a_row_per_stream(make_client: MakeClient, published: Published) -> None:
    published.publish(source="simulator")
    data = body_of(make_client(), SYNC_STATUS)
    assert [stream["stream"] for stream in data["streams"]] == ["inbound_shipments", "inventory", "orders"]
    assert data["streams"][0]["quotaWaitSeconds"] == Decimal("1.5")
    assert data["metadata"]["source"] == "simulator"


def test_the_source_before_the_first_publish_is_that_of_the_settings(make_client: MakeClient) -> None:
    assert body_of(make_client(), INVENTORY)["metadata"]["source"] == "amazon"
    simulated = make_client(AMAZON_SP_API_ENDPOINT="http://127.0.0.1:9999")
    assert body_of(simulated, INVENTORY)["metadata"]["source"] == "simulator"


def test_an_answer_grows_stale_with_another_etag_and_each_stream_at_its_own_time(
    make_client: MakeClient, published: Published, clock: Clock
) -> None:
    published.publish()
    client = make_client()
    young = client.get(EXECUTIVE)
    assert young.json()["data"]["metadata"]["stale"] is False
    clock.now = NOW + timedelta(minutes=26, seconds=1)  # inventory was read at 11:56, orders at 11:58
    older = client.get(EXECUTIVE, headers={"If-None-Match": young.headers["etag"]})
    assert older.status_code == 200
    assert older.headers["etag"].endswith('-stale"')
    assert older.json()["data"]["metadata"]["stale"] is True
    assert older.json()["data"]["metadata"]["integrationStatus"]["amazon"] == {
        "connected": True,
        "inventorySync": "inactive",
        "orderSync": "active",
    }
    clock.now = NOW + timedelta(minutes=28, seconds=1)
    oldest = client.get(EXECUTIVE, headers={"If-None-Match": older.headers["etag"]})
    assert oldest.json()["data"]["metadata"]["integrationStatus"]["amazon"]["orderSync"] == "inactive"
    assert client.get(ORDERS).json()["data"]["metadata"]["stale"] is True


def test_an_inventory_row_of_a_sku_below_its_threshold_is_low(make_client: MakeClient, published: Published) -> None:
    published.publish({"inventory": [item("A", 9), item("B", 10)]})
    items = body_of(make_client(), INVENTORY)["items"]
    assert [(entry["sku"], entry["status"]) for entry in items] == [("A", "low-stock"), ("B", "in-stock")]
