"""Every answer that is not the documented success is a typed error, over real HTTP."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from itertools import count

import httpx
import pytest

from amazon_pipeline.errors import (
    AccessDenied,
    ConnectionFailed,
    MalformedAnswer,
    RequestRejected,
    ServiceFailure,
    Throttled,
)
from amazon_pipeline.selling_partner.calls import ATTEMPTS
from amazon_pipeline.selling_partner.operations import (
    GET_INVENTORY_SUMMARIES,
    GET_ORDER,
    GET_SHIPMENT_ITEMS,
    GET_SHIPMENTS,
    SEARCH_ORDERS,
)
from amazon_pipeline.selling_partner.sellers import marketplace_participations
from amazon_pipeline.selling_partner.transport import StrictTransport
from tests.unit.selling_partner.fake_amazon import Reply

PARAMS = {"marketplaceIds": "ATVPDKIKX0DER"}
ORDERS = {"orders": [{"orderId": "1"}]}
HTML = b"<html><body>Service Unavailable</body></html>"


def errors(code, message="", details=""):
    return {"errors": [{"code": code, "message": message, "details": details}]}


def get(client, operation=SEARCH_ORDERS):
    return client.get(operation, PARAMS)


def test_the_documented_success_is_a_page_with_its_request_id_and_time(amazon, connect, clock):
    amazon.replies = [Reply(body=ORDERS | {"pagination": {"nextToken": "t"}}, headers={"x-amzn-RequestId": "rid-1"})]
    page = get(connect())
    assert page.body["orders"] == [{"orderId": "1"}]
    assert (page.next_token, page.request_id, page.number, page.params) == ("t", "rid-1", 1, PARAMS)
    assert page.received_at == clock()
    assert page.rows == [{"orderId": "1"}]


def test_fractions_are_read_without_floating_point(amazon, connect):
    amazon.replies = [Reply(body=b'{"orders": [{"orderId": "1", "x": 0.1}]}')]
    assert str(get(connect()).rows[0]["x"]) == "0.1"
    assert not isinstance(get(connect()).rows[0]["x"], float)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("body", [errors("InternalFailure", "oops"), HTML, None, {"message": "x"}])
def test_a_5xx_in_any_form_is_a_service_failure_after_all_attempts(amazon, connect, status, body):
    amazon.replies = [Reply(status, body, {"x-amzn-RequestId": "rid-5"})]
    with pytest.raises(ServiceFailure, match="rid-5") as caught:
        get(connect())
    assert caught.value.status == status
    assert len(amazon.requests) == ATTEMPTS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        b'{"orders": [{"orderId',
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"orders": NaN}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
        {"orders": None},
        {"orders": {}},
        {"orders": ["1"]},
        {"Orders": []},
        {"message": "Too many requests"},
        {"orders": [], "pagination": {"nextToken": 7}},
        ORDERS | errors("InternalFailure"),
        ORDERS | {"errors": {"code": "x"}},
        ORDERS | {"errors": ["text"]},
    ],
)
def test_a_200_that_is_not_the_documented_answer_is_malformed(amazon, connect, body):
    amazon.replies = [Reply(200, body)]
    with pytest.raises(MalformedAnswer):
        get(connect())


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        (GET_ORDER, {"order": []}),
        (GET_INVENTORY_SUMMARIES, {"payload": {}}),
        (GET_INVENTORY_SUMMARIES, {"payload": []}),
        (GET_SHIPMENTS, {"payload": {"NextToken": "t"}}),
        (GET_SHIPMENT_ITEMS, {}),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_each_operation_wants_its_own_member(amazon, connect, operation, body):
    amazon.replies = [Reply(200, body)]
    with pytest.raises(MalformedAnswer, match=operation.rows[-1]):
        connect().get(operation, {"orderId": "1"} if operation is GET_ORDER else {"MarketplaceId": "M"})


def test_participations_without_payload_are_malformed(amazon, connect):
    amazon.replies = [Reply(200, {"payload": {}})]
    with pytest.raises(MalformedAnswer, match="payload"):
        marketplace_participations(connect())


@pytest.mark.parametrize("status", [301, 302, 307, 308, 204, 206])
def test_a_redirect_or_another_success_status_is_not_followed_or_believed(amazon, connect, status):
    amazon.replies = [Reply(status, None if status == 204 else ORDERS, {"Location": amazon.url + "/elsewhere"})]
    with pytest.raises(MalformedAnswer) as caught:
        get(connect())
    assert caught.value.status == status
    assert {seen.path for seen in amazon.requests} == {SEARCH_ORDERS.path}


@pytest.mark.parametrize("fault", ["reset", "truncate", "close"])
def test_a_connection_that_breaks_is_no_answer(amazon, connect, fault):
    amazon.replies = [Reply(200, ORDERS, fault=fault)]
    with pytest.raises(ConnectionFailed) as caught:
        get(connect())
    assert caught.value.status is None
    assert len(amazon.requests) == ATTEMPTS


def test_a_server_that_hangs_is_no_answer(amazon, connect):
    amazon.replies = [Reply(fault="hang")]
    with pytest.raises(ConnectionFailed, match="in time"):
        get(connect(read_timeout=0.05))


def test_an_answer_that_never_ends_is_given_up_although_bytes_keep_coming():
    class Drip(httpx.SyncByteStream):
        def __iter__(self):
            while True:
                yield b" "

    seconds = count(step=10.0)
    transport = StrictTransport(
        httpx.MockTransport(lambda _: httpx.Response(200, stream=Drip())),
        lambda *_: {},
        name="searchOrders",
        clock=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        monotonic=lambda: next(seconds),
    )
    with pytest.raises(ConnectionFailed, match="come to an end"):
        transport.handle_request(httpx.Request("GET", "http://127.0.0.1/x"))


def test_a_server_that_is_not_there_is_no_answer(amazon, connect):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionFailed, match="could not be reached"):
            get(connect(sp_api_endpoint=f"http://127.0.0.1:{unused.getsockname()[1]}"))


def test_damaged_compression_is_malformed(amazon, connect):
    amazon.replies = [Reply(200, b"not gzip", {"Content-Encoding": "gzip"})]
    with pytest.raises(MalformedAnswer, match="compression"):
        get(connect())


@pytest.mark.parametrize("status", [400, 404, 413, 415, 405, 422])
def test_a_client_error_is_rejected_at_once_in_amazons_words(amazon, connect, status):
    reply = errors("InvalidInput", "lastUpdatedBefore must be two minutes past", "see docs")
    amazon.replies = [Reply(status, reply, {"x-amzn-RequestId": "rid-4"})]
    with pytest.raises(RequestRejected, match="must be two minutes past") as caught:
        get(connect())
    assert str(caught.value).startswith("searchOrders: ")
    assert f"HTTP {status}, request id rid-4" in str(caught.value)
    assert len(amazon.requests) == 1


def test_a_400_as_html_is_rejected_too(amazon, connect):
    """Amazon answers header violations so since June 2023."""
    amazon.replies = [Reply(400, b"<html>Bad Request</html>")]
    with pytest.raises(RequestRejected, match="no readable reason"):
        get(connect())


@pytest.mark.parametrize(
    ("operation", "role"),
    [
        (SEARCH_ORDERS, "Inventory and Order Tracking"),
        (GET_INVENTORY_SUMMARIES, "Amazon Fulfillment"),
        (GET_SHIPMENTS, "Amazon Fulfillment"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_403_without_details_names_the_role_and_the_alternatives(amazon, connect, operation, role):
    amazon.replies = [Reply(403, errors("Unauthorized", "Access to requested resource is denied."))]
    with pytest.raises(AccessDenied, match=role) as caught:
        get(connect(), operation)
    assert "AMAZON_REGION" in str(caught.value)
    assert "marketplace" in str(caught.value)
    assert "authorisation" in str(caught.value)
    assert len(amazon.requests) == len(amazon.token_requests) == 1


def test_a_missing_authentication_token_is_not_an_expired_one(amazon, connect):
    amazon.replies = [Reply(403, errors("MissingAuthenticationToken", "Missing Authentication Token"))]
    with pytest.raises(AccessDenied):
        get(connect())
    assert len(amazon.requests) == 1


def test_a_429_without_room_in_the_budget_is_throttled_or_spent(amazon, connect):
    amazon.replies = [Reply(429, errors("QuotaExceeded"))]
    with pytest.raises(Throttled):
        get(connect(budget_seconds=86400))


def test_amazons_words_are_cut_short_and_cleaned_of_tokens(amazon, connect):
    message = "Bad value Atza|abc and Atzr|def and amzn1.oa2-cs.v1.xyz and " + "Q" * 60 + " " + "word " * 200
    amazon.replies = [Reply(400, errors("InvalidInput", message))]
    with pytest.raises(RequestRejected) as caught:
        get(connect())
    text = str(caught.value)
    assert "Atz" not in text.replace("[redacted]", "")
    assert "amzn1" not in text
    assert "QQQQ" not in text
    assert len(text) < 400
