"""The client's table of operations against Amazon's own API models."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from amazon_pipeline.selling_partner.inbound import STATUSES
from amazon_pipeline.selling_partner.operations import (
    GET_INVENTORY_SUMMARIES,
    GET_SHIPMENT_ITEMS,
    GET_SHIPMENTS,
    OPERATIONS,
    SEARCH_ORDERS,
    Operation,
)
from amazon_pipeline.selling_partner.orders import INCLUDED_DATA

MODELS = Path(__file__).parents[3] / "shared" / "models"
FILES = {
    "orders/2026-01-01": "orders_2026-01-01.json",
    "fba/inventory": "fbaInventory.json",
    "fba/inbound/v0": "fulfillmentInboundV0.json",
    "sellers": "sellers.json",
    "sales": "sales.json",
    "reports": "reports_2021-06-30.json",
}


@cache
def model(operation: Operation) -> dict:
    name = next(file for prefix, file in FILES.items() if operation.path.startswith(f"/{prefix}"))
    if not (MODELS / name).exists():
        pytest.skip(f"Amazon's model {name} is not beside this checkout ({MODELS})")
    return json.loads((MODELS / name).read_text())


def described(operation: Operation) -> dict:
    paths = model(operation)["paths"]
    assert operation.path in paths, f"{operation.path} is not a path of Amazon's model"
    return paths[operation.path][operation.method.lower()]


def schema_of(operation: Operation) -> dict:
    return described(operation)["responses"][str(operation.success)]["schema"]


def resolve(operation: Operation, schema: dict) -> dict:
    while "$ref" in schema:
        schema = model(operation)["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def walk(operation: Operation, path: tuple[str, ...]) -> dict:
    schema = resolve(operation, schema_of(operation))
    for step in path:
        schema = resolve(operation, schema["properties"][step])
    return schema


each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)


@each_operation
def test_path_and_name_are_amazons(operation):
    assert described(operation)["operationId"] == operation.name


@each_operation
def test_rate_and_burst_are_amazons_defaults(operation):
    rate, burst = re.search(r"\| ([\d.]+) \| (\d+) \|", described(operation)["description"]).groups()
    assert (operation.rate, operation.burst) == (float(rate), int(burst))


@each_operation
def test_the_success_member_is_where_amazons_model_has_it(operation):
    schema = walk(operation, operation.rows)
    assert (schema["type"] == "array") is operation.rows_are_many
    if operation.row_key:
        row = resolve(operation, schema["items"]) if operation.rows_are_many else schema
        assert set(operation.row_key) <= set(row["properties"])


@each_operation
def test_the_page_token_is_where_amazons_model_has_it(operation):
    if operation.token_path:
        assert walk(operation, operation.token_path)["type"] == "string"
    names = {parameter["name"] for parameter in described(operation)["parameters"]}
    assert operation.token_parameter is None or operation.token_parameter in names
    if operation.token_parameter is None:
        assert not names & {"NextToken", "nextToken", "paginationToken"}


@pytest.mark.parametrize(
    ("operation", "sent"),
    [
        (
            SEARCH_ORDERS,
            {"marketplaceIds", "lastUpdatedAfter", "lastUpdatedBefore", "includedData", "maxResultsPerPage"},
        ),
        (GET_INVENTORY_SUMMARIES, {"marketplaceIds", "granularityType", "granularityId", "details"}),
        (GET_SHIPMENTS, {"QueryType", "ShipmentStatusList", "MarketplaceId"}),
        (GET_SHIPMENT_ITEMS, {"QueryType", "MarketplaceId", "NextToken"}),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_parameters_the_readers_send_exist_and_include_the_required_ones(operation, sent):
    parameters = described(operation)["parameters"]
    assert sent <= {parameter["name"] for parameter in parameters}
    assert {parameter["name"] for parameter in parameters if parameter.get("required")} <= sent


def values(operation: Operation, name: str) -> set[str]:
    (parameter,) = (each for each in described(operation)["parameters"] if each["name"] == name)
    return set(parameter["items"]["enum"])


def test_every_shipment_status_of_amazon_is_asked_for():
    assert set(STATUSES) == values(GET_SHIPMENTS, "ShipmentStatusList")


def test_the_data_sets_exist_and_none_carries_personal_data():
    asked = set(INCLUDED_DATA.split(","))
    assert asked <= values(SEARCH_ORDERS, "includedData")
    assert not asked & {"BUYER", "RECIPIENT", "TAX", "PAYMENT"}
