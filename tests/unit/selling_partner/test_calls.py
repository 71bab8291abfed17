"""Quota, budget, retries and login around one call."""

from __future__ import annotations

import pytest

from amazon_pipeline.errors import (
    AccessDenied,
    BudgetSpent,
    ConnectionFailed,
    LoginRefused,
    MalformedAnswer,
    ServiceFailure,
    Throttled,
)
from amazon_pipeline.selling_partner.calls import ATTEMPTS, Progress
from amazon_pipeline.selling_partner.operations import GET_INVENTORY_SUMMARIES, GET_SHIPMENTS, SEARCH_ORDERS
from tests.unit.selling_partner.fake_amazon import Reply

OK = Reply(body={"orders": []})
SHIPMENTS = Reply(body={"payload": {"ShipmentData": []}})
BAD = Reply(503, b"<html>")
EXPIRED = Reply(
    403, {"errors": [{"code": "Unauthorized", "message": "Access denied.", "details": "The access token has expired."}]}
)


def get(client, operation=SEARCH_ORDERS):
    return client.get(operation, {"marketplaceIds": "M", "MarketplaceId": "M"})


# --- retries


def test_a_passing_failure_is_retried_after_growing_pauses(amazon, connect, clock, progress):
    amazon.replies = [BAD, Reply(fault="reset"), Reply(200, b"<html>"), OK]
    assert get(connect()).rows == []
    assert clock.slept == [0.5, 1.0, 2.0]
    assert [event.kind for event in progress] == ["retry", "retry", "retry", "page"]


def test_pauses_have_full_jitter(amazon, connect, clock):
    amazon.replies = [BAD, BAD, OK]
    draws = iter([0.0, 0.99])
    get(connect(random=lambda: next(draws)))
    assert clock.slept == [0.0, 1.98]


def test_retry_after_of_a_failing_service_is_respected(amazon, connect, clock):
    amazon.replies = [Reply(503, b"", {"Retry-After": "17"}), OK]
    get(connect())
    assert clock.slept == [17.0]


def test_retry_after_may_be_a_date(amazon, connect, clock):
    amazon.replies = [Reply(503, b"", {"Retry-After": "Sun, 22 Nov 2026 12:00:25 GMT"}), OK]
    get(connect())
    assert clock.slept == [25.0]


def test_each_attempt_costs_a_token(amazon, connect, ledger):
    amazon.replies = [BAD]
    with pytest.raises(ServiceFailure):
        get(connect())
    taken = 0
    while take := ledger.take(SEARCH_ORDERS):
        ledger.settle(take)
        taken += 1
    assert taken == SEARCH_ORDERS.burst - ATTEMPTS


def test_a_pause_beyond_the_budget_is_not_begun(amazon, connect, clock):
    amazon.replies = [Reply(503, b"", {"Retry-After": "60"})]
    with pytest.raises(ServiceFailure):
        get(connect(budget_seconds=30))
    assert clock.slept == []
    assert len(amazon.requests) == 1


def test_a_failure_whose_retry_finds_no_quota_is_reported_as_that_failure(amazon, connect, ledger):
    for _ in range(19):
        ledger.settle(ledger.take(SEARCH_ORDERS))
    amazon.replies = [BAD]
    with pytest.raises(ServiceFailure):
        get(connect(budget_seconds=60))
    assert len(amazon.requests) == 1


# --- quota


def test_a_429_waits_for_the_bucket_and_is_never_retried_quickly(amazon, connect, clock, progress):
    amazon.replies = [Reply(429), OK]
    client = connect()
    get(client)
    assert sum(clock.slept) == pytest.approx(1 / 0.0056, abs=0.1)
    assert [event.kind for event in progress] == ["throttled", "wait", "page"]
    stats = client.stats["searchOrders"]
    assert (stats.calls, stats.throttled) == (2, 1)
    assert stats.quota_wait_seconds == pytest.approx(1 / 0.0056, abs=0.1)


def test_a_429_with_retry_after_waits_for_the_longer_of_the_two(amazon, connect, clock):
    amazon.replies = [Reply(429, headers={"Retry-After": "40"}), SHIPMENTS]
    get(connect(), GET_SHIPMENTS)
    assert sum(clock.slept) == pytest.approx(40, abs=0.1)


def test_a_429_that_cannot_be_waited_out_spends_the_budget(amazon, connect, clock):
    amazon.replies = [Reply(429)]
    with pytest.raises(BudgetSpent) as caught:
        get(connect(budget_seconds=100))
    assert caught.value.wait_seconds == pytest.approx(1 / 0.0056, abs=0.1)
    assert len(amazon.requests) == 1
    assert clock.slept == []


def test_endless_429s_end_as_throttled(amazon, connect):
    amazon.replies = [Reply(429)]
    with pytest.raises(Throttled):
        get(connect(budget_seconds=86400))
    assert len(amazon.requests) == ATTEMPTS


def test_a_dry_bucket_beyond_the_budget_makes_no_call_at_all_not_even_a_login(amazon, connect, ledger):
    for _ in range(20):
        ledger.settle(ledger.take(SEARCH_ORDERS))
    with pytest.raises(BudgetSpent, match="searchOrders"):
        get(connect(budget_seconds=60))
    assert amazon.requests == amazon.token_requests == []


def test_a_wait_that_fits_the_budget_is_slept_and_told(amazon, connect, clock, progress, ledger):
    for _ in range(2):
        ledger.settle(ledger.take(GET_INVENTORY_SUMMARIES))
    amazon.replies = [Reply(body={"payload": {"inventorySummaries": []}})]
    client = connect(budget_seconds=1)
    get(client, GET_INVENTORY_SUMMARIES)
    assert clock.slept == [pytest.approx(0.5, abs=0.02)]
    assert progress[0] == Progress("getInventorySummaries", "wait", seconds=clock.slept[0])
    assert client.stats["getInventorySummaries"].quota_wait_seconds == clock.slept[0]


def test_the_announced_rate_is_learned_from_answers_and_from_rejections(amazon, connect, ledger):
    amazon.replies = [Reply(body={"orders": []}, headers={"x-amzn-RateLimit-Limit": "0.1"})]
    get(connect())
    for _ in range(19):
        ledger.settle(ledger.take(SEARCH_ORDERS))
    assert ledger.wait_seconds(SEARCH_ORDERS) == pytest.approx(10, abs=0.1)


def test_an_unreadable_rate_header_is_ignored(amazon, connect):
    amazon.replies = [Reply(body={"orders": []}, headers={"x-amzn-RateLimit-Limit": "plenty", "Retry-After": "soon"})]
    assert get(connect()).rows == []


# --- login


def test_the_token_request_is_what_login_with_amazon_documents(amazon, connect):
    amazon.replies = [OK]
    get(connect())
    (seen,) = amazon.token_requests
    assert seen.method == "POST"
    assert seen.form == {
        "grant_type": "refresh_token",
        "refresh_token": "Atzr|refresh-S3CRET-1",
        "client_id": "amzn1.application-oa2-client.app-1",
        "client_secret": "amzn1.oa2-cs.v1.client-S3CRET-2",
    }
    assert seen.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert amazon.requests[0].headers["x-amz-access-token"] == "Atza|access-S3CRET-1"
    assert amazon.requests[0].headers["host"] == seen.headers["host"] == amazon.url.removeprefix("http://")


def test_a_token_serves_until_shortly_before_it_expires(amazon, connect, clock):
    amazon.replies = [OK]
    amazon.token_replies = [Reply(body={"access_token": "a", "expires_in": 600})]
    client = connect()
    get(client)
    clock.advance(500)
    get(client)
    assert len(amazon.token_requests) == 1
    clock.advance(60)
    get(client)
    assert len(amazon.token_requests) == 2


def test_two_sessions_do_not_share_a_token(amazon, connect):
    """The library's cache is per process and keyed by the refresh token alone."""
    amazon.replies = [OK]
    get(connect())
    get(connect())
    assert len(amazon.token_requests) == 2


@pytest.mark.parametrize("reply", [EXPIRED, Reply(401, {"errors": [{"code": "Unauthorized", "message": ""}]})])
def test_an_expired_token_is_renewed_once_and_the_call_repeated(amazon, connect, clock, reply):
    amazon.replies = [reply, OK]
    get(connect())
    assert [seen.headers["x-amz-access-token"] for seen in amazon.requests] == [
        "Atza|access-S3CRET-1",
        "Atza|access-S3CRET-2",
    ]
    assert clock.slept == []


def test_a_token_that_stays_expired_is_denied_after_one_renewal(amazon, connect):
    amazon.replies = [EXPIRED]
    with pytest.raises(AccessDenied, match="even when it is new"):
        get(connect())
    assert len(amazon.requests) == len(amazon.token_requests) == 2


@pytest.mark.parametrize(
    ("refusal", "advice"),
    [
        ((400, "invalid_grant"), "AMAZON_REFRESH_TOKEN"),
        ((401, "invalid_client"), "AMAZON_LWA_CLIENT_SECRET"),
        ((400, "unauthorized_client"), "another application"),
        ((400, "invalid_scope"), "roles"),
        ((400, "invalid_request"), "missing characters"),
        ((403, "brand_new_code"), "check the credentials"),
    ],
)
def test_refused_credentials_say_what_to_do_and_are_never_tried_again(amazon, connect, ledger, refusal, advice):
    status, code = refusal
    amazon.replies = [OK]
    amazon.token_replies = [Reply(status, {"error": code, "error_description": "Atzr|refresh-S3CRET-1 is bad"})]
    client = connect()
    for operation in (SEARCH_ORDERS, GET_SHIPMENTS):
        with pytest.raises(LoginRefused, match=advice) as caught:
            get(client, operation)
        assert caught.value.code == code
        assert "S3CRET" not in str(caught.value)
    assert len(amazon.token_requests) == 1
    assert amazon.requests == []
    assert ledger.take(SEARCH_ORDERS).before == 20  # a refused login costs no quota


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(429), Throttled),
        (Reply(500, b"<html>"), ServiceFailure),
        (Reply(503), ServiceFailure),
        (Reply(400, b"<html>"), MalformedAnswer),
        (Reply(200, b"<html>"), MalformedAnswer),
        (Reply(200, {"expires_in": 3600}), MalformedAnswer),
        (Reply(200, {"access_token": "line\nbreak"}), MalformedAnswer),
        (Reply(302, b"", {"Location": "http://127.0.0.1:1/"}), MalformedAnswer),
        (Reply(fault="reset"), ConnectionFailed),
    ],
)
def test_a_passing_failure_of_the_token_endpoint_is_retried_and_costs_no_quota(amazon, connect, ledger, reply, error):
    amazon.token_replies = [reply]
    client = connect()
    with pytest.raises(error) as caught:
        get(client)
    assert caught.value.operation == "LWA token"
    assert len(amazon.token_requests) == ATTEMPTS
    amazon.token_replies = [reply, Reply(body={"access_token": "a", "expires_in": "600"})]
    amazon.replies = [OK]
    assert get(client).rows == []
    assert ledger.take(SEARCH_ORDERS).before == pytest.approx(19, abs=0.2)


@pytest.mark.parametrize("expires_in", [None, "soon", -5, 0, "nan", True, 1e12])
def test_a_strange_life_of_a_token_is_survived(amazon, connect, expires_in):
    amazon.replies = [OK]
    amazon.token_replies = [Reply(body={"access_token": "a", "expires_in": expires_in})]
    assert get(connect()).rows == []
