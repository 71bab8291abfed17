"""Every answer of the simulator is one that Amazon's own API models allow, and so is all that it accepts.

The models are data of the workshop, not of the project: they are read from ``../shared/models`` beside the repository,
or from the folder that the environment variable ``AMAZON_MODELS_DIR`` names.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft4Validator, FormatChecker

from amazon_pipeline.simulator import account
from amazon_pipeline.simulator.app import OPERATIONS
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.operations import Operation, PageSizes
from amazon_pipeline.simulator.server import RunningSimulator

MODELS = Path(os.environ.get("AMAZON_MODELS_DIR", Path(__file__).parents[3] / "shared" / "models"))
MODEL_OF = {
    "searchOrders": "orders_2026-01-01",
    "getOrder": "orders_2026-01-01",
    "getInventorySummaries": "fbaInventory",
    "getShipments": "fulfillmentInboundV0",
    "getShipmentItemsByShipmentId": "fulfillmentInboundV0",
    "getShipmentItems": "fulfillmentInboundV0",
    "getMarketplaceParticipations": "sellers",
    "getOrderMetrics": "sales",
    "createReport": "reports_2021-06-30",
    "getReport": "reports_2021-06-30",
    "getReports": "reports_2021-06-30",
    "getReportDocument": "reports_2021-06-30",
}
NOW = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
US = "ATVPDKIKX0DER"
WEEK = {"LastUpdatedAfter": "2026-11-15T00:00:00Z", "LastUpdatedBefore": "2026-11-22T00:00:00Z"}
ALL_DATA = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"
INVENTORY = {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US}
METRICS = {"marketplaceIds": US, "interval": "2026-11-20T00:00:00Z--2026-11-22T00:00:00Z", "granularity": "Hour"}
STATUSES = "WORKING,READY_TO_SHIP,SHIPPED,RECEIVING,CANCELLED,DELETED,CLOSED,ERROR,IN_TRANSIT,DELIVERED,CHECKED_IN"
ORDER_REPORT = {"reportTypes": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"}
WISH = {
    "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
    "marketplaceIds": [US],
    "dataStartTime": "2026-11-15T00:00:00Z",
    "dataEndTime": "2026-11-16T00:00:00Z",
}
"""The body with which createReport is asked."""
GOOD: dict[str, list[dict[str, str]]] = {
    "searchOrders": [
        {"lastUpdatedAfter": "2026-11-12T00:00:00Z"},
        {"lastUpdatedAfter": "2026-11-12T00:00:00Z", "includedData": ALL_DATA},
        {"createdAfter": "2026-11-21T00:00:00Z", "createdBefore": "2026-11-22T00:00:00Z", "includedData": "PROCEEDS"},
    ],
    "getOrder": [{}, {"includedData": ALL_DATA}],
    "getInventorySummaries": [INVENTORY, INVENTORY | {"details": "true"}],
    "getShipments": [
        {"QueryType": "SHIPMENT", "MarketplaceId": US, "ShipmentStatusList": STATUSES},
        {"QueryType": "DATE_RANGE", "MarketplaceId": US, "ShipmentStatusList": STATUSES, **WEEK},
    ],
    "getShipmentItemsByShipmentId": [{}, {"MarketplaceId": US}],
    "getShipmentItems": [{"QueryType": "DATE_RANGE", "MarketplaceId": US, **WEEK}],
    "getMarketplaceParticipations": [{}],
    "getOrderMetrics": [METRICS, METRICS | {"granularity": "Week", "granularityTimeZone": "UTC", "buyerType": "B2B"}],
    "createReport": [{}],
    "getReport": [{}],
    "getReports": [ORDER_REPORT, ORDER_REPORT | {"pageSize": "1", "createdSince": "2026-11-22T00:00:00Z"}],
    "getReportDocument": [{}, {"enableContentEncodingUrlHeader": "true"}],
}
BY_NAME = {operation.name: operation for operation in OPERATIONS}

pytestmark = pytest.mark.skipif(not MODELS.is_dir(), reason=f"Amazon's API models are not in {MODELS}")
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)


@cache
def model(name: str) -> dict[str, Any]:
    """The Swagger 2.0 document; its objects are closed, so that a misspelt or invented field is found."""
    document = json.loads((MODELS / f"{name}.json").read_text("utf-8"))
    for definition in document["definitions"].values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    if name == "fulfillmentInboundV0":
        # Amazon answers READY_TO_SHIP although its model lacks it: amzn/selling-partner-api-models#270.
        document["definitions"]["ShipmentStatus"]["enum"].append("READY_TO_SHIP")
    return dict(document)


def described(operation: Operation) -> dict[str, Any]:
    """What the model says about the operation."""
    paths = model(MODEL_OF[operation.name])["paths"]
    found = paths[operation.path][operation.method.lower()]
    assert found["operationId"] == operation.name
    return dict(found)


def query_parameters(operation: Operation) -> list[dict[str, Any]]:
    return [one for one in described(operation).get("parameters", []) if one["in"] == "query"]


def check(operation: Operation, answer: httpx.Response) -> None:
    """The body is what the model says for that status, and the header is there when the model says so."""
    response = described(operation)["responses"][str(answer.status_code)]
    document = model(MODEL_OF[operation.name])
    schema = deepcopy(response["schema"]) | {"definitions": document["definitions"]}
    Draft4Validator(schema, format_checker=FormatChecker()).validate(answer.json())
    for moment in re.findall(r'"(?:\w*Time|\w*Before)":"([^"]+)"', answer.text):
        assert datetime.fromisoformat(moment).tzinfo is not None
    assert answer.headers["x-amzn-RequestId"]
    # The models of sellers and sales list the rate header on 429 as well, against Amazon's usage-plan page.
    if answer.status_code in (200, 202, 400, 404):
        assert float(answer.headers["x-amzn-RateLimit-Limit"]) > 0
    else:
        assert "x-amzn-RateLimit-Limit" not in answer.headers


class Caller:
    def __init__(self, simulator: RunningSimulator, http: httpx.Client) -> None:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": account.REFRESH_TOKEN,
            "client_id": account.APP_ID,
            "client_secret": account.CLIENT_SECRET,
        }
        http.headers["x-amz-access-token"] = http.post(simulator.lwa_endpoint, data=form).json()["access_token"]
        self._http = http
        order = simulator.world.orders_at(NOW)[-1]
        shipment = next(one for one in simulator.world.shipments_at(NOW) if one.items)
        self._ids = {"orderId": order.order_id, "shipmentId": shipment.shipment_id}
        # Reports are ready at once here; their stages are tested beside the simulator.
        self._ids["reportId"] = self(BY_NAME["createReport"], {}).json()["reportId"]
        report = self(BY_NAME["getReport"], {}).json()
        self._ids["reportDocumentId"] = report.get("reportDocumentId", "not-made-yet")

    def __call__(self, operation: Operation, parameters: dict[str, str], **ids: str) -> httpx.Response:
        return self.send(operation, parameters, WISH if operation.method == "POST" else None, **ids)

    def send(self, operation: Operation, parameters: dict[str, str], body: object, **ids: str) -> httpx.Response:
        path = operation.path.format(**self._ids | ids)
        return self._http.request(operation.method, path, params=parameters, json=body)

    def without_token(self, operation: Operation) -> httpx.Response:
        return httpx.request(operation.method, f"{self._http.base_url}{operation.path.format(**self._ids)}")


@pytest.fixture(scope="module")
def call() -> Iterator[Caller]:
    simulator = RunningSimulator(
        clock=ManualClock(NOW),
        orders_per_day=40,
        quota_speed=inf,
        pages=PageSizes(inventory=20, shipments=20),
        report_seconds=0,
    )
    with simulator, httpx.Client(base_url=simulator.sp_api_endpoint) as http:
        yield Caller(simulator, http)


def test_the_simulator_serves_these_operations_and_no_others() -> None:
    assert set(BY_NAME) == set(MODEL_OF) == set(GOOD)


@every_operation
def test_rate_and_burst_are_those_of_the_model(operation: Operation) -> None:
    figures = re.search(r"\|\s*([\d.]+)\s*\|\s*(\d+)\s*\|", described(operation)["description"])
    assert figures is not None
    assert (operation.rate, operation.burst) == (float(figures[1]), int(figures[2]))


@every_operation
def test_the_parameters_are_those_of_the_model(operation: Operation) -> None:
    assert operation.parameters == {one["name"] for one in query_parameters(operation)}


@every_operation
def test_every_good_answer_fits_the_model(operation: Operation, call: Caller) -> None:
    for parameters in GOOD[operation.name]:
        answer = call(operation, parameters)
        assert answer.status_code == operation.success, answer.text
        check(operation, answer)


def test_every_page_of_orders_with_all_data_fits_the_model(call: Caller) -> None:
    operation = BY_NAME["searchOrders"]
    parameters = {"lastUpdatedAfter": "2026-11-08T00:00:00Z", "includedData": ALL_DATA}
    seen: set[str] = set()
    while True:
        answer = call(operation, parameters)
        check(operation, answer)
        for order in answer.json()["orders"]:
            seen |= set(order)
        if "pagination" not in answer.json():
            break
        parameters["paginationToken"] = answer.json()["pagination"]["nextToken"]
    assert {"proceeds", "fulfillment", "packages", "buyer", "recipient", "associatedOrders", "tax", "payment"} <= seen


def test_the_following_pages_of_inventory_and_shipments_fit_the_model(call: Caller) -> None:
    inventory, shipments = BY_NAME["getInventorySummaries"], BY_NAME["getShipments"]
    token = call(inventory, INVENTORY).json()["pagination"]["nextToken"]
    check(inventory, call(inventory, INVENTORY | {"nextToken": token}))
    token = call(shipments, GOOD["getShipments"][0]).json()["payload"]["NextToken"]
    answer = call(shipments, {"QueryType": "NEXT_TOKEN", "MarketplaceId": US, "NextToken": token})
    assert answer.json()["payload"]["ShipmentData"]
    check(shipments, answer)


@every_operation
def test_an_unknown_parameter_is_refused_in_the_models_shape(operation: Operation, call: Caller) -> None:
    answer = call(operation, GOOD[operation.name][0] | {"unheardOf": "1"})
    assert answer.status_code == 400
    assert "unheardOf" in answer.json()["errors"][0]["message"]
    check(operation, answer)


@every_operation
def test_a_call_without_access_token_is_refused_in_the_models_shape(operation: Operation, call: Caller) -> None:
    answer = call.without_token(operation)
    assert answer.status_code == 403
    check(operation, answer)


@every_operation
def test_a_missing_required_parameter_is_refused_by_name(operation: Operation, call: Caller) -> None:
    for parameter in query_parameters(operation):
        if parameter.get("required"):
            parameters = {name: value for name, value in GOOD[operation.name][0].items() if name != parameter["name"]}
            answer = call(operation, parameters)
            assert answer.status_code == 400
            assert parameter["name"] in answer.json()["errors"][0]["message"]


@every_operation
def test_every_value_the_model_lists_is_accepted_and_no_other(operation: Operation, call: Caller) -> None:
    good = GOOD[operation.name][-1] if operation.name == "getOrderMetrics" else GOOD[operation.name][0]
    for parameter in query_parameters(operation):
        name = parameter["name"]
        values = parameter.get("enum") or parameter.get("items", {}).get("enum") or []
        for value in values:
            # NEXT_TOKEN and DATE_RANGE need more than the enum says; their own tests are beside the simulator's.
            if name != "QueryType":
                assert call(operation, good | {name: value}).status_code == 200, (name, value)
        if values:
            answer = call(operation, good | {name: "UNHEARD_OF"})
            assert answer.status_code == 400
            assert name in answer.json()["errors"][0]["message"]
            check(operation, answer)


@every_operation
def test_lists_longer_than_the_model_allows_are_refused(operation: Operation, call: Caller) -> None:
    for parameter in query_parameters(operation):
        most = parameter.get("maxItems")
        if most:
            members = ",".join([US] * (most + 1))
            answer = call(operation, GOOD[operation.name][0] | {parameter["name"]: members})
            assert answer.status_code == 400
            assert str(most) in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"unheardOf": "1"},
        {"reportType": None},
        {"reportType": "GET_SOMETHING_ELSE"},
        {"marketplaceIds": []},
        {"marketplaceIds": [US] * 26},
        {"marketplaceIds": US},
        {"marketplaceIds": ["A1PA6795UKMFR9"]},
        {"dataStartTime": "yesterday"},
        {"dataEndTime": "2026-11-23T00:00:00Z"},
        {"dataStartTime": "2026-11-20T00:00:00Z"},
        {"reportOptions": {"deep": {}}},
    ],
    ids=str,
)
def test_a_report_that_the_model_does_not_allow_is_refused_by_name(wrong: dict[str, Any], call: Caller) -> None:
    operation = BY_NAME["createReport"]
    answer = call.send(operation, {}, WISH | wrong)
    assert answer.status_code == 400
    assert next(iter(wrong)) in answer.json()["errors"][0]["message"]
    check(operation, answer)


def test_the_following_pages_of_reports_fit_the_model(call: Caller) -> None:
    operation = BY_NAME["getReports"]
    call(BY_NAME["createReport"], {})
    token = call(operation, ORDER_REPORT | {"pageSize": "1"}).json()["nextToken"]
    answer = call(operation, {"nextToken": token})
    assert answer.json()["reports"]
    check(operation, answer)
    assert call(operation, ORDER_REPORT | {"nextToken": token}).status_code == 400


@pytest.mark.parametrize("name", ["getOrder", "getShipmentItemsByShipmentId", "getReport", "getReportDocument"])
def test_what_does_not_exist_is_not_found_in_the_models_shape(name: str, call: Caller) -> None:
    operation = BY_NAME[name]
    nothing = {"orderId": "112-0000000-0000000", "shipmentId": "FBA1NOTHING", "reportId": "1"}
    answer = call(operation, {}, **nothing, reportDocumentId="amzn1.spdoc.none")
    assert answer.status_code == 404
    check(operation, answer)


def test_spent_quota_is_answered_in_the_models_shape() -> None:
    simulator = RunningSimulator(clock=ManualClock(NOW), orders_per_day=2, sku_count=10)
    with simulator, httpx.Client(base_url=simulator.sp_api_endpoint) as http:
        call = Caller(simulator, http)
        for operation in OPERATIONS:
            left = operation.burst - (operation.name in ("createReport", "getReport"))  # the Caller has asked once
            answers = [call(operation, {"unheardOf": "1"}) for _ in range(left + 1)]
            assert [one.status_code for one in answers] == [400] * left + [429]
            check(operation, answers[-1])
