"""Every route and every refusal, held to what /openapi.json says of it; and the document, to the contract's names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Mount

from tests.api.application import DATA_PATHS, Client
from tests.api.conftest import MakeClient
from tests.api.published_account import Published

EXECUTIVE, INVENTORY, ORDERS, SHIPMENTS, SALES, ALERTS, SYNC_STATUS = DATA_PATHS[:7]
KEY = "a-long-key-for-the-dashboard"
BEARER = {"Authorization": f"Bearer {KEY}"}
PAGES = {"/", "/docs/integrations/amazon-sp-api-setup", "/login", "/logout"}
"""For people: HTML, and in no description of an API."""

CHANGED = "label shopify amazon total unit trend change"
CHANNEL = "channel revenue orders avgOrderValue currency byCurrency status"
METADATA = "asOf stale source connectionError"
FIELDS = {
    "CurrencyFigures": "currency revenue orders averageOrderValue",
    "RevenueKpi": f"{CHANGED} byCurrency sources",
    "OrdersKpi": f"{CHANGED} sources",
    "InventoryKpi": "label amazon fulfillable lowStockItems outOfStockItems unit trend source",
    "AverageOrderValueKpi": "label shopify amazon combined unit trend change",
    "Kpis": "revenue orders units inventory avgOrderValue",
    "Sources": "shopify amazon",
    "AmazonChannel": f"{CHANNEL} unshippedOrders inventoryStatus",
    "ChannelInventory": "totalSKUs totalQuantity lowStockItems",
    "ShopifyChannel": f"{CHANNEL} netRevenue customers commission",
    "Commission": "fees rate description byCurrency",
    "Metadata": METADATA,
    "ExecutiveMetadata": f"{METADATA} timestamp responseTime dataAvailable integrationStatus",
    "IntegrationStatus": "shopify amazon",
    "ShopifyIntegration": "connected activeStores",
    "AmazonIntegration": "connected inventorySync orderSync",
    "ExecutiveData": "kpis channelPerformance metadata",
    "InventoryData": "summary alerts items total nextCursor lastSync metadata marketplaceIds",
    "InventorySummary": "totalSKUs totalQuantity fulfillableQuantity reservedQuantity inboundQuantity",
    "InventoryAlerts": "lowStockCount outOfStockCount inboundCount",
    "InventoryItem": "asin sku productName marketplaceId fulfillableQuantity reservedQuantity inboundQuantity "
    "totalQuantity status lowStockThreshold daysOfCover restockQuantity lastUpdated reservedCustomerOrders "
    "reservedFcTransfer reservedFcProcessing inboundWorking inboundShipped inboundReceiving unfulfillableQuantity "
    "researchingQuantity dailyVelocity coverStatus isPoolDuplicate",
    "OrdersData": "summary orders nextCursor dateRange metadata",
    "OrdersSummary": "totalOrders totalRevenue averageOrderValue unshippedCount shippedCount pendingCount "
    "canceledCount ordersWithoutAmount currency byCurrency",
    "Order": "amazonOrderId orderStatus purchaseDate orderTotal currency itemsShipped itemsUnshipped "
    "fulfillmentChannel salesChannel marketplaceId",
    "DateRange": "start end",
    "ShipmentsData": "summary shipments nextCursor metadata",
    "ShipmentsSummary": "open inTransit receiving unitsExpected unitsReceived",
    "Shipment": "shipmentId name status destinationFulfillmentCenter needByDate unitsExpected unitsReceived "
    "daysInStatus items",
    "ShipmentItem": "sku fnSku expected received",
    "SetupRequired": "success setupRequired message missing data",
    "ErrorBody": "success error message retryable",
}


class Described:
    """The OpenAPI document of an application."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.document = client.get("/openapi.json", headers=headers).json()

    def schema(self, path: str, status: int, media_type: str = "application/json") -> dict[str, Any]:
        """What the document says of a GET's answer with this status."""
        return dict(self.document["paths"][path]["get"]["responses"][str(status)]["content"][media_type]["schema"])

    def check(self, body: Any, schema: dict[str, Any]) -> None:
        """Raises ValidationError if the body is not as described."""
        Draft202012Validator({**schema, "components": self.document["components"]}).validate(body)

    def check_error(self, body: Any) -> None:
        """The same for the one shape of errors."""
        self.check(body, {"$ref": "#/components/schemas/ErrorBody"})


@pytest.fixture
def locked(make_client: MakeClient) -> Client:
    return make_client(AMAZON_API_KEY=KEY)


def test_every_route_is_described_or_a_page_for_people(client: Client) -> None:
    routes = {getattr(route, "path", "") for route in client.app.routes if not isinstance(route, Mount)}
    assert routes - PAGES <= set(client.get("/openapi.json").json()["paths"])
    assert {getattr(route, "path", "") for route in client.app.routes if isinstance(route, Mount)} == {"/static"}


@pytest.mark.parametrize("path", [*DATA_PATHS, "/health", "/ready", "/openapi.json"])
def test_every_good_answer_is_as_described(path: str, client: Client, published: Published) -> None:
    described = Described(client)
    if path in DATA_PATHS:
        described.check(client.get(path).json(), described.schema(path, 200))  # before the first publish
    published.publish()
    answer = client.get(path)
    assert answer.status_code == 200
    described.check(answer.json(), described.schema(path, 200))


@pytest.mark.parametrize("path", DATA_PATHS)
def test_the_setup_prompt_is_as_described(path: str, make_client: MakeClient) -> None:
    client = make_client(AMAZON_SELLER_ID="")
    described = Described(client)
    answer = client.get(path)
    assert answer.json()["setupRequired"] is True
    described.check(answer.json(), described.schema(path, 200))


@pytest.mark.parametrize("path", [*DATA_PATHS, "/ready", "/api/sse", "/metrics", "/openapi.json", "/", "/static/x"])
def test_every_refusal_has_the_one_shape_and_is_described(path: str, locked: Client, published: Published) -> None:
    described = Described(locked, **BEARER)
    refusals = {
        400: locked.get(path, headers={**BEARER, "Host": "evil.example"}),
        401: locked.get(path),
        413: locked.get(path, headers={**BEARER, "Content-Length": "9" * 5000}),
        405: locked.request("PUT", path, headers=BEARER),
    }
    if path in DATA_PATHS or path == "/api/sse":
        refusals[422] = locked.get(path, params={"unknown": "1"}, headers=BEARER)
    if path in DATA_PATHS or path == "/ready":
        published.publish_bytes(b"no database" * 1000)
        refusals[503] = locked.get(path, headers=BEARER)
    for _ in range(10):
        locked.get(path, headers={"Authorization": "Bearer wrong"})
    refusals[429] = locked.get(path, headers=BEARER)
    for status, answer in refusals.items():
        assert answer.status_code == status, path
        described.check_error(answer.json())
        assert answer.headers["cache-control"] == "no-store"
        if status != 405 and path in described.document["paths"] and path != "/openapi.json":
            described.check(answer.json(), described.schema(path, status))


@pytest.mark.parametrize("path", ["/nothing", "/api/v1/dashboard", "/health/", "/static/", "/static/%00", "/%ff", "//"])
def test_an_address_that_is_not_there_is_a_404_of_the_one_shape(path: str, client: Client) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    Described(client).check_error(answer.json())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (EXECUTIVE, "GET, HEAD"),
        ("/health", "GET, HEAD"),
        ("/api/sse", "GET, HEAD"),
        ("/static/x.js", "GET, HEAD"),
        ("/login", "GET, HEAD, POST"),
        ("/logout", "POST"),
    ],
)
def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(path: str, allowed: str, client: Client) -> None:
    for method in ("DELETE", "OPTIONS", "PROPFIND"):
        answer = client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        Described(client).check_error(answer.json())


@pytest.mark.parametrize("path", [*DATA_PATHS, "/health", "/ready", "/metrics", "/openapi.json", "/login", "/nothing"])
def test_head_is_answered_like_get_without_the_body(path: str, client: Client, published: Published) -> None:
    published.publish()
    for _ in ("made", "kept"):
        head = client.request("HEAD", path)
        get = client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        if path != "/metrics":  # whose length differs from one scrape to the next
            assert head.headers == get.headers
    if "etag" in get.headers:
        again = client.request("HEAD", path, headers={"If-None-Match": get.headers["etag"]})
        assert again.status_code == 304


def test_head_of_the_event_stream_ends(client: Client) -> None:
    answer = client.request("HEAD", "/api/sse")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_every_field_of_the_contract_is_there_and_no_other(client: Client) -> None:
    schemas = Described(client).document["components"]["schemas"]
    assert {name: set(schemas[name]["properties"]) for name in FIELDS} == {
        name: set(fields.split()) for name, fields in FIELDS.items()
    }


def test_every_field_has_a_description_and_an_example_that_is_right(client: Client) -> None:
    """A model's own description counts for a field that is one; words of a fixed list need no example."""
    described = Described(client)
    schemas = described.document["components"]["schemas"]
    for name, schema in schemas.items():
        assert schema.get("description") or "Union" in name or name.startswith("Success"), name
        for field, one in schema["properties"].items():
            target = one.get("$ref", "").rpartition("/")[2]
            assert "description" in one or "description" in schemas.get(target, {}), f"{name}.{field}"
            for leaf in _leaves(one):
                examples = [*leaf.get("examples", ()), *one.get("examples", ())]
                assert examples or leaf["type"] not in ("string", "integer", "number"), f"{name}.{field}"
                for example in examples:
                    described.check(example, one)


def _leaves(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in schema.get("anyOf", ()):
        yield from _leaves(kind)
    if schema.get("type") == "array":
        yield from _leaves(schema["items"])
    elif "type" in schema and not {"enum", "const"} & set(schema):
        yield schema


def test_every_parameter_and_operation_is_described(client: Client) -> None:
    document = Described(client).document
    names = [operation["get"]["operationId"] for operation in document["paths"].values()]
    assert len(set(names)) == len(names)
    for path, operation in document["paths"].items():
        assert operation["get"]["summary"], path
        for parameter in operation["get"].get("parameters", ()):
            assert parameter["description"], f"{path} {parameter['name']}"
        for status, response in operation["get"]["responses"].items():
            assert response["description"], f"{path} {status}"
