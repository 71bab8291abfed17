"""Who may read: the key, the login form, the hosts, the other origins, and the headers on everything."""

from __future__ import annotations

from datetime import timedelta

import pytest

from amazon_pipeline.errors import SettingsError
from amazon_pipeline.settings import load_settings
from api.auth import LOCKED_FOR, TRIES
from api.models import ErrorBody
from api.server import check_bind, has_short_key
from tests.api.application import DATA_PATHS, Client, Clock, settings_for
from tests.api.conftest import MakeClient
from tests.api.published_account import NOW, Published

KEY = "a-long-key-for-the-dashboard-äö"
WALLED = (
    *DATA_PATHS,
    "/api/sse",
    "/ready",
    "/openapi.json",
    "/",
    "/static/x.js",
    "/docs/integrations/amazon-sp-api-setup",
)


@pytest.fixture
def locked(make_client: MakeClient) -> Client:
    """A client of an application with a key."""
    return make_client(AMAZON_API_KEY=KEY)


def bearer(key: str) -> dict[bytes, bytes]:
    return {b"Authorization": b"Bearer " + key.encode()}


def log_in(client: Client, key: str = KEY, **headers: str) -> str:
    response = client.post("/login", data={"key": key}, headers=headers)
    assert response.status_code == 303, response.text
    assert response.headers["location"] == "/"
    return response.headers["set-cookie"]


@pytest.mark.parametrize("path", WALLED)
def test_with_a_key_every_address_but_health_wants_it(path: str, locked: Client) -> None:
    refused = locked.get(path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert ErrorBody.model_validate_json(refused.text, strict=True).error == "unauthorized"
    assert locked.get(path, headers=bearer("wrong")).status_code == 401
    if path != "/api/sse":
        assert locked.get(path, headers=bearer(KEY)).status_code in (200, 404, 503)


def test_health_wants_no_key(locked: Client) -> None:
    assert locked.get("/health").status_code == 200


def test_an_answer_in_the_cache_wants_the_key_too(locked: Client, published: Published) -> None:
    published.publish()
    first = locked.get(DATA_PATHS[0], headers=bearer(KEY))
    assert first.status_code == 200
    assert locked.get(DATA_PATHS[0]).status_code == 401
    assert locked.get(DATA_PATHS[0], headers={"If-None-Match": first.headers["etag"]}).status_code == 401


def test_a_browser_is_led_to_the_login_form_and_back(locked: Client) -> None:
    away = locked.get("/", headers={"Accept": "text/html,*/*"})
    assert (away.status_code, away.headers["location"]) == (303, "/login")
    form = locked.get("/login")
    assert form.status_code == 200
    assert '<form method="post" action="/login">' in form.text
    cookie = log_in(locked)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert KEY not in cookie
    assert locked.get(DATA_PATHS[0]).status_code == 200  # the client keeps the cookie


def test_the_cookie_is_secure_where_the_browser_speaks_https(make_client: MakeClient) -> None:
    client = make_client(AMAZON_API_KEY=KEY, AMAZON_ALLOWED_HOSTS="dashboard.example")
    behind_tls = {"host": "dashboard.example", "origin": "https://dashboard.example"}
    assert "Secure" in log_in(client, **behind_tls)
    assert "Secure" in log_in(client, **behind_tls, **{"sec-fetch-site": "same-origin"})


def test_a_session_ends_by_itself_by_logging_out_and_with_another_key(
    locked: Client, make_client: MakeClient, clock: Clock
) -> None:
    log_in(locked)
    cookie = {"Cookie": "; ".join(f"{name}={value}" for name, value in locked.cookies.items())}
    locked.cookies.clear()
    assert make_client(AMAZON_API_KEY=KEY).get("/openapi.json", headers=cookie).status_code == 200  # a restart
    assert make_client(AMAZON_API_KEY="another-key").get("/openapi.json", headers=cookie).status_code == 401
    assert locked.post("/logout", headers=cookie).headers["location"] == "/login"
    assert locked.get("/openapi.json", headers=cookie).status_code == 401  # also a stolen copy
    log_in(locked)
    clock.now = NOW + timedelta(hours=12, seconds=1)
    assert locked.get("/openapi.json").status_code == 401


@pytest.mark.parametrize("cookie", ["x", "9999999999.a.b", "9999999999.a." + "0" * 64, "..", "\xff"])
def test_a_forged_session_is_none(cookie: str, locked: Client) -> None:
    header = {b"Cookie": b"amazon_pipeline_session=" + cookie.encode("latin-1")}
    assert locked.get("/openapi.json", headers=header).status_code == 401


def test_a_form_from_another_site_is_refused(locked: Client) -> None:
    for path in ("/login", "/logout"):
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
            # over plain http to another machine browsers send no Sec-Fetch-Site
            {"Origin": "https://evil.example"},
            {"Origin": "http://localhost:1"},
            {"Origin": "http://localhost.evil.example"},
            {"Origin": "null"},
            {"Origin": "["},
        ):
            response = locked.post(path, data={"key": KEY}, headers=headers)
            assert response.status_code == 403, headers
            assert "set-cookie" not in response.headers
        assert locked.post(path, data={"key": KEY}, headers={"Origin": "http://localhost"}).status_code == 303


def test_ten_wrong_keys_lock_the_address_out_for_a_while(make_client: MakeClient, clock: Clock) -> None:
    thief = make_client(AMAZON_API_KEY=KEY)
    for attempt in range(TRIES):
        if attempt % 2:
            assert thief.post("/login", data={"key": f"guess {attempt}"}).status_code == 401
        else:
            assert thief.get("/ready", headers=bearer(f"guess {attempt}")).status_code == 401
    locked_out = thief.get("/ready", headers=bearer(KEY))
    assert locked_out.status_code == 429
    assert locked_out.headers["retry-after"] == "901"
    assert ErrorBody.model_validate_json(locked_out.text, strict=True).retryable is True
    form = thief.post("/login", data={"key": KEY})
    assert form.status_code == 429
    assert "Too many wrong keys" in form.text
    clock.now = NOW + LOCKED_FOR
    assert thief.get("/openapi.json", headers=bearer(KEY)).status_code == 200


def test_another_address_is_not_locked_out_and_a_session_goes_on(make_client: MakeClient) -> None:
    client = make_client(AMAZON_API_KEY=KEY)
    log_in(client)
    for _ in range(TRIES):
        client.get("/openapi.json", headers=bearer("wrong"))
    assert client.get("/openapi.json", headers=bearer(KEY)).status_code == 429
    assert client.get("/openapi.json").status_code == 200
    client.address = "10.0.0.9"
    assert client.get("/openapi.json", headers=bearer(KEY)).status_code == 200


def test_addresses_of_one_ipv6_network_are_one(make_client: MakeClient) -> None:
    client = make_client(AMAZON_API_KEY=KEY)
    for number in range(TRIES):
        client.address = f"2001:db8::{number + 1:x}"
        client.get("/openapi.json", headers=bearer("wrong"))
    client.address = "2001:db8::ffff"
    assert client.get("/openapi.json", headers=bearer(KEY)).status_code == 429


def test_a_right_key_forgives_the_wrong_ones_before(locked: Client) -> None:
    for _ in range(3):
        for _ in range(TRIES - 1):
            assert locked.get("/ready", headers=bearer("wrong")).status_code == 401
        assert locked.get("/openapi.json", headers=bearer(KEY)).status_code == 200


def test_a_missing_key_is_no_attempt(locked: Client) -> None:
    for _ in range(TRIES + 1):
        assert locked.get("/ready").status_code == 401


def test_without_a_key_the_login_form_leads_to_the_dashboard(client: Client) -> None:
    assert client.get("/login").headers["location"] == "/"
    assert client.post("/login", data={"key": "x"}).headers["location"] == "/"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8000", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("dashboard.example", 200),
        ("dashboard.example:8443", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("", 400),
    ],
)
def test_only_known_hosts_are_served(host: str, status: int, make_client: MakeClient) -> None:
    response = make_client(AMAZON_ALLOWED_HOSTS="dashboard.example").get("/health", headers={"Host": host})
    assert response.status_code == status
    if status == 400:
        ErrorBody.model_validate_json(response.text, strict=True)


@pytest.mark.parametrize("path", [*DATA_PATHS, "/health", "/login", "/nothing", "/api/sse?x=1", "/openapi.json"])
def test_every_answer_carries_the_security_headers(path: str, locked: Client) -> None:
    for headers in ({}, bearer(KEY)):
        answer = locked.get(path, headers=headers)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_other_origins_may_read_only_where_they_are_named(make_client: MakeClient, published: Published) -> None:
    published.publish()
    origin = {"Origin": "https://sheet.example"}
    assert "access-control-allow-origin" not in make_client().get(DATA_PATHS[0], headers=origin).headers
    named = make_client(AMAZON_CORS_ORIGINS="https://sheet.example", AMAZON_API_KEY=KEY)
    answer = named.get(DATA_PATHS[0], headers={**bearer(KEY), b"Origin": b"https://sheet.example"})
    assert answer.headers["access-control-allow-origin"] == "https://sheet.example"
    assert "access-control-allow-credentials" not in answer.headers
    asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    assert named.request("OPTIONS", DATA_PATHS[0], headers=asked).status_code == 200
    other = named.get(DATA_PATHS[0], headers={**bearer(KEY), b"Origin": b"https://evil.example"})
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("value", ["*", "null", "https://*.example", "sheet.example", "https://sheet.example/"])
def test_an_origin_that_is_none_or_stands_for_many_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``*`` let every page on the web read the figures of an API without a key through its visitor's browser."""
    monkeypatch.setenv("AMAZON_CORS_ORIGINS", f"https://good.example:8443,{value}")
    with pytest.raises(SettingsError, match="AMAZON_CORS_ORIGINS: must be exact origins"):
        load_settings(None)


def test_a_large_body_is_refused(locked: Client) -> None:
    assert locked.post("/login", content=b"x" * 70_000).status_code == 413
    assert locked.post("/login", content=b"key=" + b"x" * 5_000).status_code == 413


def test_a_host_that_others_can_reach_needs_a_key(published: Published) -> None:
    open_settings = settings_for(published.data_dir)
    for host in ("0.0.0.0", "::", "", "192.168.1.5", "example.com"):  # noqa: S104 - that is what is refused
        with pytest.raises(SettingsError, match="AMAZON_API_KEY"):
            check_bind(host, open_settings)
        check_bind(host, settings_for(published.data_dir, AMAZON_API_KEY=KEY))
    for host in ("127.0.0.1", "localhost", "::1"):
        check_bind(host, open_settings)
    assert has_short_key(settings_for(published.data_dir, AMAZON_API_KEY="hunter2"))
    assert not has_short_key(settings_for(published.data_dir, AMAZON_API_KEY=KEY))
    assert not has_short_key(open_settings)
