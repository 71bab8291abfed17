"""What a hostile client sends, over real HTTP and byte by byte where a library would not send it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import NoReturn

import httpx
import pytest

from api.app import create_app
from api.cursors import PATTERN
from api.http_protocol import BoundedProtocol
from api.models import ErrorBody
from tests.api.application import CREDENTIALS, DATA_PATHS, Running, serving, settings_for
from tests.api.conftest import MakeClient
from tests.api.published_account import Published, item

INVENTORY = "/api/v1/dashboard/amazon-inventory"
KEY = "a-long-key-for-the-dashboard"
HOST = b"Host: localhost\r\n"
LATE = (
    408,
    ErrorBody(
        success=False,
        error="request-timeout",
        message="The request did not come whole in time.",
        retryable=True,
    ),
)


@pytest.fixture
def running(published: Published) -> Iterator[Running]:
    """A server with a key, and something published."""
    published.publish()
    with serving(create_app(settings_for(published.data_dir, AMAZON_API_KEY=KEY))) as server:
        yield server


def raw(running: Running, *parts: bytes) -> bytes:
    """All that the server answers to these bytes, until it closes or the one answer is whole."""
    with connected(running) as client:
        try:
            for part in parts:
                client.sendall(part)
        except OSError:
            pass  # the server has answered and closed already
        return received(client)


def connected(running: Running) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(running.url.rpartition(":")[2])), timeout=10)


def ask_for_ever(client: socket.socket, request: bytes) -> NoReturn:
    while True:
        client.sendall(request)


def received(client: socket.socket) -> bytes:
    """All that comes until the server closes."""
    answer = b""
    try:
        while part := client.recv(65_536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def refusal(answer: bytes) -> tuple[int, ErrorBody]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), ErrorBody.model_validate_json(body, strict=True)


@pytest.mark.parametrize(
    "head",
    [
        pytest.param([b"X-A: " + b"x" * 65_536] * 400, id="one endless header"),
        pytest.param([b"X-A: x\r\n" * 8_192] * 400, id="headers without end"),
    ],
)
def test_a_head_without_end_is_cut_off_before_it_fills_the_memory(head: list[bytes], running: Running) -> None:
    """uvicorn alone took all of it, 25 MB here, without asking for a key."""
    answer = raw(running, b"GET / HTTP/1.1\r\n" + HOST, *head)
    if answer:  # the refusal may be lost when the connection is cut while the client still sends
        assert refusal(answer)[1].error == "headers-too-large"
    assert httpx.get(f"{running.url}/health").status_code == 200


class Hasty(BoundedProtocol):
    """A server whose patience ends at once."""

    request_seconds = reading_seconds = 0.2


@pytest.fixture
def hasty(published: Published) -> Iterator[Running]:
    published.publish()
    app = create_app(settings_for(published.data_dir, AMAZON_API_KEY=KEY))
    with serving(app, protocol=Hasty) as server:
        yield server


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([], id="nothing"),
        pytest.param([b"GET /health HTTP/1.1\r\nHo"], id="half a head"),
        pytest.param([b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\n\r\nkey="], id="half a body"),
    ],
)
def test_a_request_that_does_not_come_whole_in_time_is_given_up(parts: list[bytes], hasty: Running) -> None:
    """Connections that were opened and left cost a program nothing, and there were soon none left for others."""
    with connected(hasty) as client:
        client.sendall(b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n")
        assert b'"ok"' in client.recv(65_536)
        client.sendall(b"G")  # the second on its connection
        assert refusal(received(client)) == LATE
    answer = raw(hasty, *parts)  # which returns when the server has closed
    assert not answer or refusal(answer) == LATE
    assert httpx.get(f"{hasty.url}/health").status_code == 200


def test_a_client_that_does_not_read_its_answers_is_cut_off(hasty: Running) -> None:
    request = f"GET /openapi.json HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\nX: {'x' * 30_000}\r\n".encode()
    with connected(hasty) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        with pytest.raises(ConnectionError):
            ask_for_ever(client, request + HOST + b"\r\n")


def test_an_open_stream_outlives_the_time_for_a_request(hasty: Running) -> None:
    with connected(hasty) as client:
        client.sendall(f"GET /api/sse HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\n".encode() + HOST + b"\r\n")
        had = b""
        while b"retry: " not in had:
            had += client.recv(65_536)
        assert raw(hasty) == b""  # another, which says nothing, is given up meanwhile
        client.setblocking(False)
        with pytest.raises(BlockingIOError):  # neither more nor an end
            client.recv(65_536)


def test_a_long_address_is_refused_with_a_word(running: Running) -> None:
    status, body = refusal(raw(running, b"GET /" + b"a" * 70_000))
    assert (status, body.error) == (431, "headers-too-large")


def test_requests_one_after_another_each_have_a_head_of_their_own(running: Running) -> None:
    filler = {"X-Filler": "x" * 8_000}
    with httpx.Client(base_url=running.url) as client:
        assert [client.get("/health", headers=filler).status_code for _ in range(20)] == [200] * 20
    pipelined = (b"GET /health HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 8_000 + b"\r\n\r\n") * 20
    last = b"GET /health HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"
    assert raw(running, pipelined + last).count(b"HTTP/1.1 200") == 21


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Bad Header\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: local\x00host\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_http_or_ambiguous_is_refused_and_the_connection_closed(request_: bytes, running: Running) -> None:
    """A length that two readers could take differently is how a second request is smuggled past a proxy."""
    answers = raw(running, request_)
    assert answers.count(b"HTTP/1.1 ") == 1
    status, body = refusal(answers)
    assert status in (400, 413)
    assert "Traceback" not in body.message


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example",
        b"localhost@evil.example",
        b"localhost, evil.example",
        b"",
        b"[::1]evil.example",
        b"[127.0.0.1].evil.example:80",
        b"localhost:evil.example",
        b"localhost\r\nHost: evil.example",
        b"evil.example\r\nHost: localhost",
    ],
)
def test_a_host_of_another_name_is_refused(host: bytes, running: Running) -> None:
    """Of two Host headers the last one counted, whatever a proxy before it had seen in the first."""
    request = b"GET /health HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"
    status, body = refusal(raw(running, request))
    assert (status, body.error) == (400, "host-refused")


@pytest.mark.parametrize(
    "path",
    [
        "/static/..%2f..%2fstate.sqlite",
        "/static/..%5c..%5cstate.sqlite",
        "/static/%2e%2e/%2e%2e/pyproject.toml",
        "/static/....//....//pyproject.toml",
        "/static//etc/passwd",
        "/static/%00",
        "/static/" + "a" * 300,
        "/static/" + "a/" * 3_000,
        "/static",
        "/api/sse/",
        "/%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_no_path_leads_out_or_breaks_anything(path: str, running: Running) -> None:
    head = f"GET {path} HTTP/1.1\r\nAuthorization: Bearer {KEY}\r\nConnection: close\r\n".encode()
    status, body = refusal(raw(running, head + HOST + b"\r\n"))
    assert (status, body.retryable) == (404, False)


@pytest.mark.parametrize(
    "path", ["/HEALTH", "/health/../api/v1/dashboard/executive", "//health", "/login/", "/health;x"]
)
def test_no_other_spelling_of_an_open_address_is_open(path: str, running: Running) -> None:
    status, body = refusal(
        raw(running, b"GET " + path.encode() + b" HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    )
    assert (status, body.error) == (401, "unauthorized")


@pytest.mark.parametrize(
    "q",
    [
        "%" * 200,
        "_" * 200,
        "'" * 200,
        "\\" * 200,
        "' OR 1=1 --",
        "'; DROP TABLE mart.inventory; --",
        "\x00",
        "ﬀ" * 200,
        "😀",
    ],
)
def test_a_search_is_text_and_nothing_else(q: str, make_client: MakeClient, published: Published) -> None:
    published.publish({"inventory": [item(f"SKU-{number}", 1, product_name="a" * 500) for number in range(200)]})
    client = make_client()
    answer = client.get(INVENTORY, params={"q": q})
    assert (answer.status_code, answer.json()["data"]["items"]) == (200, [])
    assert len(client.get(INVENTORY).json()["data"]["items"]) == 100


def test_no_message_tells_of_paths_sql_or_what_was_sent(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client(AMAZON_API_KEY=KEY)
    told = [
        client.get(f"{path}?{query}", headers={"Authorization": f"Bearer {KEY}"}).text
        for path in (*DATA_PATHS, "/api/sse", "/static/nothing", "/nothing")
        for query in ("limit=sent-secret", "cursor=sent-secret", "sort=sent-secret", "lastEventId=sent-secret")
    ]
    told.append(client.get("/ready", headers={"Authorization": "Bearer sent-secret"}).text)
    told.append(client.post("/login", data={"key": "sent-secret"}).text)
    for text in told:
        for secret in ("sent-secret", KEY, str(published.data_dir), "SELECT", "mart.", *CREDENTIALS.values()):
            assert secret not in text


def test_a_login_leads_nowhere_but_to_the_dashboard(make_client: MakeClient) -> None:
    client = make_client(AMAZON_API_KEY=KEY)
    assert client.post("/login", data={f"field{number}": "" for number in range(20)}).status_code == 401
    for path in ("/login?next=https://evil.example", "/login?next=//evil.example"):
        answer = client.post(path, data={"key": KEY, "next": "https://evil.example"})
        assert answer.headers["location"] == "/"


def test_a_cookie_header_of_any_size_and_shape_is_read_at_once(make_client: MakeClient) -> None:
    client = make_client(AMAZON_API_KEY=KEY)
    name = "amazon_pipeline_session"
    for cookie in (
        f"{name}=" + '"\\' * 20_000,
        f"{name}=" + "=" * 40_000,
        f"{name};" * 3_000,
        f'{name}="' + "\\1" * 9_000,
    ):
        assert client.get("/ready", headers={"Cookie": cookie}).status_code == 401


def test_a_cursor_made_by_hand_costs_nothing(make_client: MakeClient, published: Published) -> None:
    published.publish()
    client = make_client()
    given: str = client.get(INVENTORY, params={"limit": 1}).json()["data"]["nextCursor"]
    assert re.fullmatch(PATTERN, given)

    def forged(start: str) -> httpx.Response:
        return client.get(INVENTORY, params={"cursor": given[:32] + start})

    assert forged("999999999").json()["data"]["items"] == []
    for start in ("", "-1", "1234567890", "1.5", " 1", "1\n", "٣"):
        assert forged(start).status_code == 422
    assert client.get(INVENTORY, params={"cursor": "0" * 33}).status_code == 409
