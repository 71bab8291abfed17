"""Whose address counts behind a proxy; and that nobody can pass for another."""

from __future__ import annotations

import pytest

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import load_settings
from api.auth import TRIES
from tests.api.application import Client
from tests.api.conftest import MakeClient

KEY = "a-long-key-for-the-dashboard"
PROXY, INNER, VICTIM = "10.0.0.1", "10.0.0.2", "203.0.113.7"


@pytest.fixture
def client(make_client: MakeClient) -> Client:
    """A client that is the proxy, of an application that trusts it and one network."""
    return make_client(PROXY, AMAZON_API_KEY=KEY, AMAZON_TRUSTED_PROXIES="10.0.0.1, 10.0.0.2/31, fd00::/8")


def wrong(client: Client, *forwarded: str) -> int:
    """The status of a wrong key that came with these X-Forwarded-For headers."""
    headers = [("X-Forwarded-For", value) for value in forwarded]
    return client.get("/ready", headers=[*headers, ("Authorization", "Bearer wrong")]).status_code


def lock_out(client: Client, *forwarded: str) -> None:
    assert [wrong(client, *forwarded) for _ in range(TRIES + 1)] == [401] * TRIES + [429]


def test_each_client_of_a_trusted_proxy_is_locked_out_for_itself(client: Client) -> None:
    lock_out(client, VICTIM)
    assert wrong(client, "203.0.113.8") == 401
    assert wrong(client, "::ffff:203.0.113.7") == 429  # the same address in other words


@pytest.mark.parametrize(
    "forwarded",
    [
        [f"203.0.113.200, {VICTIM}"],
        [f"{INNER}, {VICTIM}"],
        [f"10.0.0.9, {VICTIM}, {INNER}"],
        ["203.0.113.200", VICTIM],
        ["203.0.113.200", f"{VICTIM}, 10.0.0.3", "fd00::1"],
        [f"garbage, {VICTIM}"],
    ],
)
def test_what_the_client_wrote_itself_is_not_believed(forwarded: list[str], client: Client) -> None:
    """The right-most address that is no proxy of ours counts, so a new invention on the left is no new address."""
    lock_out(client, VICTIM)
    assert wrong(client, *forwarded) == 429


def test_what_is_no_address_counts_as_the_proxy(client: Client) -> None:
    lock_out(client, "unknown")
    assert wrong(client, "") == wrong(client, f"{VICTIM}, 1.2.3.4:80") == wrong(client) == 429
    assert wrong(client, VICTIM) == 401


def test_a_chain_of_proxies_alone_counts_as_its_first(client: Client) -> None:
    lock_out(client, f"{INNER}, {PROXY}")
    assert wrong(client, INNER) == 429
    assert wrong(client, "10.0.0.3") == 401


def test_nobody_else_is_believed(client: Client, make_client: MakeClient) -> None:
    client.address = "198.51.100.1"
    for number in range(TRIES):
        assert wrong(client, f"203.0.113.{number}") == 401
    assert wrong(client, VICTIM) == 429
    untold = make_client(PROXY, AMAZON_API_KEY=KEY)
    for number in range(TRIES):
        assert wrong(untold, f"203.0.113.{number}") == 401
    assert wrong(untold, VICTIM) == 429


def test_the_cookie_is_secure_where_a_trusted_proxy_ends_tls(client: Client) -> None:
    for address, proto, secure in (
        (PROXY, "https", True),
        (PROXY, "http, https", True),
        (PROXY, "http", False),
        (PROXY, "javascript", False),
        ("198.51.100.1", "https", False),
    ):
        client.address = address
        answer = client.post("/login", data={"key": KEY}, headers={"X-Forwarded-Proto": proto})
        assert ("Secure" in answer.headers["set-cookie"]) is secure, (address, proto)


@pytest.mark.parametrize("value", ["proxy.example", "10.0.0.1/8", "0.0.0.0/0", "::/0", "*"])
def test_a_list_of_proxies_that_is_none_or_trusts_everybody_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMAZON_TRUSTED_PROXIES", value)
    with pytest.raises(SettingsError, match="AMAZON_TRUSTED_PROXIES: must"):
        load_settings(None)
