"""What the API refuses and how it says so, and what /openapi.json says of it all."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.models import ErrorBody
from tests.api.application import CREDENTIALS, DATA_PATHS, Client
from tests.api.conftest import MakeClient
from tests.api.published_account import Published

EXECUTIVE, INVENTORY, ORDERS, SHIPMENTS, SALES, ALERTS, SYNC_STATUS, RESTOCK, DAILY, HISTORY = DATA_PATHS[:10]


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        (EXECUTIVE, "foo=1", "foo"),
        (INVENTORY, "limit=0", "limit"),
        (INVENTORY, "limit=1001", "limit"),
        (INVENTORY, "limit=ten", "limit"),
        (INVENTORY, "status=empty", "status"),
        (INVENTORY, "sort=price", "sort"),
        (INVENTORY, "marketplaceId=nowhere", "marketplaceId"),
        (INVENTORY, "marketplace_id=ATVPDKIKX0DER", "marketplace_id"),
        (INVENTORY, "q=" + "x" * 201, "q"),
        (INVENTORY, "cursor=garbage", "cursor"),
        (INVENTORY, "cursor=W10", "cursor"),
        (ORDERS, "status=shipped", "status"),
        (ORDERS, "q=x", "q"),
        (SHIPMENTS, "status=LOST", "status"),
        (SALES, "days=367", "days"),
        (SALES, "interval=week", "interval"),
        (ALERTS, "status=gone", "status"),
        (SYNC_STATUS, "limit=5", "limit"),
        (INVENTORY, "offset=-1", "offset"),
        (RESTOCK, "status=low-stock", "status"),
        (RESTOCK, "sort=total", "sort"),
        (DAILY, "days=1", "days"),
        (HISTORY, "days=367", "days"),
        (HISTORY, "&".join("sku=S" for _ in range(101)), "sku"),
        ("/api/sse", "since=5", "since"),
        ("/api/sse", "lastEventId=abc", "lastEventId"),
    ],
)
def test_an_unknown_parameter_or_a_bad_value_is_refused_by_name(
    path: str, query: str, named: str, make_client: MakeClient, published: Published
) -> None:
    published.publish()
    response = make_client().get(f"{path}?{query}")
    assert response.status_code == 422
    body = ErrorBody.model_validate_json(response.text, strict=True)
    assert f'Parameter "{named}"' in body.message
    assert body.retryable is False


def test_every_bad_parameter_is_named(make_client: MakeClient) -> None:
    message = make_client().get(f"{INVENTORY}?limit=0&foo=1").json()["message"]
    assert '"limit"' in message
    assert '"foo"' in message


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("POST", EXECUTIVE, 405),
        ("DELETE", "/api/sse", 405),
        ("GET", "/static/no", 404),
    ],
)
def test_what_is_not_there_is_told_in_the_one_error_shape(
    method: str, path: str, status: int, make_client: MakeClient
) -> None:
    response = make_client().request(method, path)
    assert response.status_code == status
    ErrorBody.model_validate_json(response.text, strict=True)


def test_no_answer_holds_a_secret(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client(AMAZON_API_KEY="the-api-key-is-a-secret-as-well")
    headers = {"Authorization": "Bearer the-api-key-is-a-secret-as-well"}
    for path in (*DATA_PATHS, "/openapi.json", "/nothing", "/login", f"{INVENTORY}?cursor=x"):
        text = client.get(path, headers=headers).text
        for secret in (*list(CREDENTIALS.values())[:3], "the-api-key", str(published.data_dir)):
            assert secret not in text


def test_openapi_describes_every_address_and_every_field(make_client: MakeClient) -> None:
    document = make_client().get("/openapi.json").json()
    assert set(document["paths"]) == {*DATA_PATHS, "/api/sse", "/health", "/ready", "/metrics", "/openapi.json"}
    for path in DATA_PATHS:
        responses = document["paths"][path]["get"]["responses"]
        assert {"200", "304", "401", "422", "503"} <= set(responses)
        assert responses["422"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorBody"}
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for name, schema in document["components"]["schemas"].items():
        for field, described in schema["properties"].items():
            assert "description" in described or "$ref" in described, f"{name}.{field} is not described"


def test_an_error_of_ours_is_told_without_a_word_about_what_broke(
    client: Client, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "static").rmdir()
    response = client.get("/static/main.js")
    assert response.status_code == 500
    assert ErrorBody.model_validate_json(response.text, strict=True).error == "internal-error"
    assert str(tmp_path) not in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "Traceback" in caplog.text  # the log has it all
