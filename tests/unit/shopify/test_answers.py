"""What the client makes of each way in which Shopify can answer."""

from __future__ import annotations

import logging
from pathlib import Path

import httpx
import pytest

from amazon_pipeline import errors
from tests.unit.shopify.fake_shopify import TOKEN, FakeShopify, good, in_turn, refused

_SHOP = {"shop": {"id": "gid://shopify/Shop/1"}}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (httpx.Response(401, json={"errors": "[API] Invalid API key"}), errors.StoreTokenRefused, "SHOPIFY_STORES"),
        (httpx.Response(402, json={"errors": "Unavailable Shop"}), errors.StoreClosed, "frozen"),
        (httpx.Response(403, json={"errors": "Forbidden"}), errors.StoreAccessDenied, "Forbidden"),
        (httpx.Response(404, json={"errors": "Not Found"}), errors.StoreUnknown, "domain in SHOPIFY_STORES"),
        (httpx.Response(423, json={"errors": "Locked"}), errors.StoreClosed, "locked"),
        (httpx.Response(301, headers={"Location": "https://elsewhere"}), errors.ShopifyMalformed, "redirect"),
        (httpx.Response(400, json={"errors": "bad"}), errors.ShopifyRejected, "bad"),
        (httpx.Response(500, text=""), errors.ShopifyServiceFailure, "nothing is wrong on this side"),
        (httpx.Response(503, text="<html>busy</html>"), errors.ShopifyServiceFailure, "HTTP 503"),
        (httpx.Response(200, text="<html>busy</html>"), errors.ShopifyMalformed, "not a JSON object"),
        (httpx.Response(200, text='{"data": {"shop": '), errors.ShopifyMalformed, "not a JSON object"),
        (httpx.Response(200, text='{"data": {"a": NaN}}'), errors.ShopifyMalformed, "not a JSON object"),
        (httpx.Response(200, json={"data": None}), errors.ShopifyMalformed, "without data"),
        (httpx.Response(200, json={"data": {}}), errors.ShopifyMalformed, "without data"),
        (httpx.Response(200, json={}), errors.ShopifyMalformed, "without data"),
        (httpx.Response(200, json={"errors": "odd", "data": _SHOP}), errors.ShopifyMalformed, "a part of the data"),
        (refused("INTERNAL_SERVER_ERROR"), errors.ShopifyServiceFailure, "broke"),
        (refused("MAX_COST_EXCEEDED"), errors.QueryTooCostly, "points"),
        (refused("SHOP_INACTIVE"), errors.StoreClosed, "not active"),
        (refused("undefinedField", "Field 'x' doesn't exist"), errors.ShopifyRejected, "Field 'x'"),
        (refused("ODD", path=["shop"], data=_SHOP), errors.ShopifyMalformed, "a part of the data"),
    ],
)
def test_each_failed_answer_is_its_own_error_and_never_data(
    tmp_path: Path, answer: httpx.Response, kind: type[errors.ShopifyError], words: str
) -> None:
    shopify = FakeShopify(lambda *_: answer)
    with shopify.client(tmp_path) as client, pytest.raises(kind, match=words) as caught:
        client.ask("ShopifyShop", {})
    assert type(caught.value) is kind
    assert caught.value.store == "mugs.myshopify.com"
    assert caught.value.operation == "ShopifyShop"
    assert caught.value.status == answer.status_code
    assert len(shopify.asked) == (4 if issubclass(kind, errors.ShopifyTransient) else 1)


def test_a_denied_field_beside_good_data_is_an_error_that_names_the_field_and_the_scope(tmp_path: Path) -> None:
    shopify = FakeShopify(
        lambda *_: refused("ACCESS_DENIED", "Access denied for customer field", path=["orders", "nodes", 0, "customer"])
    )
    with shopify.client(tmp_path) as client, pytest.raises(errors.StoreAccessDenied, match="read_customers") as caught:
        client.ask("ShopifyOrders", {})
    assert caught.value.fields == ("orders.nodes.customer",)


def test_a_denied_field_beside_another_error_is_not_taken_for_a_matter_of_scopes(tmp_path: Path) -> None:
    errors_ = [
        {"message": "a", "extensions": {"code": "ACCESS_DENIED"}, "path": ["shop"]},
        {"message": "b", "extensions": {"code": "INTERNAL_SERVER_ERROR"}},
    ]
    shopify = FakeShopify(lambda *_: httpx.Response(200, json={"errors": errors_, "data": _SHOP}))
    with shopify.client(tmp_path) as client, pytest.raises(errors.ShopifyServiceFailure):
        client.ask("ShopifyShop", {})


@pytest.mark.parametrize(
    "problem", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")]
)
def test_no_answer_is_retried_and_then_told(tmp_path: Path, problem: httpx.TransportError) -> None:
    def answer(*_: object) -> httpx.Response:
        raise problem

    shopify = FakeShopify(answer)
    with shopify.client(tmp_path) as client, pytest.raises(errors.ShopifyUnreachable):
        client.ask("ShopifyShop", {})
    assert len(shopify.asked) == 4
    assert shopify.waited == [0.5, 1.0, 2.0]


def test_a_failure_that_passes_is_retried_to_the_answer(tmp_path: Path) -> None:
    shopify = FakeShopify(in_turn(httpx.Response(502), good(_SHOP)))
    with shopify.client(tmp_path) as client:
        assert client.ask("ShopifyShop", {}).data == _SHOP


def test_the_token_goes_to_the_store_and_nowhere_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shopify = FakeShopify(
        lambda *_: httpx.Response(401, json={"errors": f"Invalid token {TOKEN}"}),
        download=lambda _: httpx.Response(200, text='{"id":"1"}\n'),
    )
    with shopify.client(tmp_path) as client:
        with pytest.raises(errors.StoreTokenRefused) as caught:
            client.ask("ShopifyShop", {})
        assert list(client.lines("https://files.example/x", size=11)) == [b'{"id":"1"}']
    assert shopify.requests[0].headers["X-Shopify-Access-Token"] == TOKEN
    assert str(shopify.requests[0].url) == "https://mugs.myshopify.com/admin/api/2026-10/graphql.json"
    assert "X-Shopify-Access-Token" not in shopify.requests[1].headers
    assert TOKEN not in f"{caught.value!r} {caught.value} {caplog.text} {client.store} {shopify.told}"


def test_words_of_shopifys_that_hold_a_token_or_an_address_are_not_repeated(tmp_path: Path) -> None:
    shopify = FakeShopify(lambda *_: httpx.Response(400, json={"errors": f"what is {TOKEN} of a@b.example?"}))
    with shopify.client(tmp_path) as client, pytest.raises(errors.ShopifyRejected) as caught:
        client.ask("ShopifyShop", {})
    assert "what is [redacted] of [redacted]" in str(caught.value)
