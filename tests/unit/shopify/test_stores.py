"""``SHOPIFY_STORES`` as a setting, and a store's line in ``check``."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from amazon_pipeline.commands.store_check import check_store
from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import Settings, load_settings
from tests.unit.shopify.fake_shopify import TOKEN, FakeShopify, good, in_turn, page, refused

_ONE = {"name": "UK/EU", "domain": "x.myshopify.com", "token": TOKEN}


def _settings(stores: object, **more: str) -> Settings:
    return Settings(_env_file=None, SHOPIFY_STORES=stores if isinstance(stores, str) else json.dumps(stores), **more)  # type: ignore[arg-type, call-arg]


def test_stores_are_read_from_json_with_their_tokens_hidden() -> None:
    settings = _settings(
        [_ONE, {**_ONE, "name": "US", "domain": "Y.myshopify.com", "endpoint": "http://127.0.0.1:8078/"}]
    )
    first, second = settings.shopify_stores
    assert (first.name, first.domain, first.endpoint, first.source) == (
        "UK/EU", "x.myshopify.com", "https://x.myshopify.com", "shopify",
    )  # fmt: skip
    assert (second.domain, second.endpoint, second.source) == ("y.myshopify.com", "http://127.0.0.1:8078", "simulator")
    assert first.token.get_secret_value() == TOKEN
    assert TOKEN not in f"{settings!r} {settings} {first!r}"


def test_without_the_setting_there_are_no_stores() -> None:
    assert Settings(_env_file=None).shopify_stores == ()  # type: ignore[call-arg]
    assert _settings([]).shopify_stores == ()


@pytest.mark.parametrize(
    ("stores", "words"),
    [
        (TOKEN, "it is not JSON"),
        ({"token": TOKEN}, "must be a JSON list"),
        ([TOKEN], "store 1 must be an object"),
        ([{**_ONE, TOKEN: 1}], "store 1 has keys that are not known: one that is not shown"),
        ([{**_ONE, "tokn": TOKEN}], "store 1 has keys that are not known: tokn"),
        ([{"name": "a", "token": TOKEN}], "store 1 needs 'domain' as text"),
        ([_ONE, {**_ONE, "name": " "}], "store 2 needs 'name' as text"),
        ([{**_ONE, "token": 5}], "store 1 needs 'token' as text"),
        ([{**_ONE, "token": f"{TOKEN} x"}], "store 1: token holds characters"),
        ([{**_ONE, "token": f"shpss_{TOKEN}"}], "store 1: token is the app's API secret key"),
        ([{**_ONE, "domain": "shop.example.com"}], "store 1: domain must be the store's own"),
        ([{**_ONE, "domain": "../x.myshopify.com"}], "store 1: domain must be the store's own"),
        ([{**_ONE, "domain": f"{TOKEN}"}], "store 1: domain must be the store's own"),
        ([{**_ONE, "endpoint": "http://example.com:80"}], "store 1: endpoint is for simulated stores"),
        ([{**_ONE, "endpoint": "http://127.0.0.1"}], "store 1: endpoint is for simulated stores"),
        ([_ONE, {**_ONE, "name": "US"}], "store 2 has the domain of store 1"),
        ([_ONE, {**_ONE, "domain": "y.myshopify.com"}], "store 2 has the name of store 1"),
    ],
)
def test_a_wrong_store_is_named_by_its_place_and_key_and_no_value_is_shown(
    monkeypatch: pytest.MonkeyPatch, stores: object, words: str
) -> None:
    monkeypatch.setenv("SHOPIFY_STORES", stores if isinstance(stores, str) else json.dumps(stores))
    with pytest.raises(SettingsError) as refused_:
        load_settings(env_file=None)
    assert f"SHOPIFY_STORES: {words}" in str(refused_.value) or words in str(refused_.value)
    assert TOKEN not in str(refused_.value)


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="SHOPIFY_API_VERSION"):
        _settings([], SHOPIFY_API_VERSION="latest")


def _shop(scopes: list[str], version: str = "2026-10") -> httpx.Response:
    shop = {"id": "gid://shopify/Shop/1", "name": "Mugs", "currencyCode": "GBP", "ianaTimezone": "Europe/London"}
    data = {"shop": shop, "currentAppInstallation": {"accessScopes": [{"handle": one} for one in scopes]}}
    return good(data, **{"X-Shopify-API-Version": version})


NO_ORDERS = good({"orders": page([])})


def _checked(tmp_path: Path, *answers: httpx.Response) -> tuple[bool, list[str]]:
    settings = _settings([_ONE], AMAZON_DATA_DIR=str(tmp_path))
    shopify, said = FakeShopify(in_turn(*answers)), list[str]()
    transport = httpx.MockTransport(shopify.handle)
    store = settings.shopify_stores[0]
    return check_store(settings, store, said.append, transport=transport, sleep=shopify.sleep), said


def test_check_says_what_a_stores_token_may_do(tmp_path: Path) -> None:
    payments = good({"shopifyPaymentsAccount": {"balanceTransactions": page([])}})
    scopes = ["read_orders", "read_all_orders", "read_customers"]
    is_good, said = _checked(tmp_path, _shop(scopes), NO_ORDERS, payments)
    assert is_good
    assert said[0] == (
        "Shopify UK/EU (x.myshopify.com): ok (“Mugs”, GBP, Europe/London; API 2026-10; "
        "scopes read_all_orders, read_customers, read_orders; payments readable)"
    )


def test_check_names_what_is_missing_and_still_succeeds(tmp_path: Path) -> None:
    denied = refused("ACCESS_DENIED", path=["shopifyPaymentsAccount"], available=900)
    is_good, said = _checked(tmp_path, _shop(["write_orders"], "2027-01"), NO_ORDERS, denied)
    assert is_good
    for words in ("fees are estimated", "60 days of orders", "not counted", "API version 2027-01, not 2026-10"):
        assert words in said[0]


def test_check_fails_for_an_app_with_the_scope_but_without_shopifys_approval(tmp_path: Path) -> None:
    denied = refused("ACCESS_DENIED", path=["orders"], available=900)
    is_good, said = _checked(tmp_path, _shop(["read_orders"]), denied)
    assert not is_good
    assert said[0].startswith("Shopify UK/EU (x.myshopify.com): ShopifyOrders: the token may not read orders")


@pytest.mark.parametrize("answer", [httpx.Response(401, json={"errors": TOKEN}), _shop([])])
def test_check_fails_for_a_token_that_cannot_read_orders(tmp_path: Path, answer: httpx.Response) -> None:
    is_good, said = _checked(tmp_path, answer, good({"shopifyPaymentsAccount": None}))
    assert not is_good
    assert len(said) == 1
    assert TOKEN not in said[0]
