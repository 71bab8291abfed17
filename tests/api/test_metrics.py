"""/metrics and the access log: what they tell of each request, and what they must not."""

from __future__ import annotations

import logging
from datetime import timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.access_log import LOGGER_NAME, AccessLog
from api.app import create_app
from tests.api.application import DATA_PATHS, Client, Clock, serving, settings_for
from tests.api.conftest import MakeClient
from tests.api.published_account import NOW, Published
from tests.api.test_live import quick, stream
from tests.house.documents import ROOT, in_code, section, table_rows

EXECUTIVE, INVENTORY = DATA_PATHS[:2]
KEY = "a-long-key-for-the-dashboard"


def metrics(client: Client, **headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample by its name and labels."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name.removeprefix("amazon_pipeline_"), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def requests(route: str, status: int, method: str = "GET", worker: str = "") -> tuple[str, tuple[tuple[str, str], ...]]:
    labels = (("method", method), ("route", route), ("status", str(status)), ("worker", worker))
    return "http_requests_total", labels


def test_each_request_is_counted_by_route_method_and_status_also_from_the_cache(
    client: Client, published: Published
) -> None:
    published.publish()
    for _ in range(3):
        client.get(f"{INVENTORY}?q=mug")
    etag = client.get(EXECUTIVE).headers["etag"]
    client.get(EXECUTIVE, headers={"If-None-Match": etag})
    client.request("HEAD", EXECUTIVE)
    client.get(f"{EXECUTIVE}?secret=1")
    client.get("/one")
    client.get("/two")
    client.get("/static/three.js")
    client.request("BREW", "/health")
    found = metrics(client)
    assert found[requests(INVENTORY, 200)] == 3
    assert found[requests(EXECUTIVE, 200)] == 1
    assert found[requests(EXECUTIVE, 304)] == 1
    assert found[requests(EXECUTIVE, 200, "HEAD")] == 1
    assert found[requests(EXECUTIVE, 422)] == 1
    assert found[requests("other", 404)] == 2
    assert found[requests("/static", 404)] == 1
    assert found[requests("/health", 405, "other")] == 1
    assert found["http_request_duration_seconds_count", (("route", INVENTORY), ("worker", ""))] == 3
    assert found["page_cache_requests_total", (("result", "hit"), ("worker", ""))] == 4
    assert found["page_cache_requests_total", (("result", "miss"), ("worker", ""))] == 2


def test_the_age_of_the_data_and_the_published_file_are_told(
    client: Client, published: Published, clock: Clock
) -> None:
    assert metrics(client)["published_file_readable", ()] == 0
    published.publish()
    clock.now = NOW + timedelta(minutes=10)
    found = metrics(client)
    assert found["published_file_readable", ()] == 1
    assert found["publication_id", ()] == 1
    assert found["data_age_seconds", (("stream", "orders"),)] == 12 * 60
    assert found["data_age_seconds", (("stream", "inventory"),)] == 14 * 60
    published.publish_bytes(b"no database" * 1000)
    assert metrics(client)["published_file_readable", ()] == 0
    published.publish({})
    found = metrics(client)
    assert found["publication_id", ()] == 3
    assert ("data_age_seconds", (("stream", "orders"),)) not in found


def test_every_metric_is_in_the_documentation_and_the_reverse(client: Client, published: Published) -> None:
    published.publish()
    client.get("/health")
    families = text_string_to_metric_families(client.get("/metrics").text)
    named = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    text = section(ROOT / "docs" / "deployment.md", "Watching it")
    assert {in_code(row[0])[0] for row in table_rows(text) if "amazon_" in row[0]} == named


def test_the_scrape_wants_the_key_and_refusals_are_counted(make_client: MakeClient) -> None:
    client = make_client(AMAZON_API_KEY=KEY)
    assert client.get("/metrics").status_code == 401
    client.get("/health", headers={"Host": "evil.example"})
    found = metrics(client, Authorization=f"Bearer {KEY}")
    assert found[requests("/metrics", 401)] == 1
    assert found[requests("/health", 400)] == 1


def test_two_applications_count_apart_and_a_worker_says_which_it_is(published: Published, clock: Clock) -> None:
    settings = settings_for(published.data_dir)
    one, two = (Client(create_app(settings, clock=clock, worker=name)) for name in ("0", "1"))
    try:
        one.get("/health")
        assert metrics(one)[requests("/health", 200, worker="0")] == 1
        assert requests("/health", 200, worker="1") not in metrics(two)
    finally:
        one.close()
        two.close()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, LOGGER_NAME)
    return caplog


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for record in caplog.records if record.name == LOGGER_NAME for line in record.getMessage().split("\n")]


def test_each_request_is_one_line_without_anything_secret(
    published: Published, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    published.publish()
    log = AccessLog(clock)
    client = Client(create_app(settings_for(published.data_dir, AMAZON_API_KEY=KEY), clock=clock, access_log=log))
    secrets = {
        "Authorization": f"Bearer {KEY}",
        "Cookie": "amazon_pipeline_session=cookie-secret",
        "X": "header-secret",
    }
    size = len(client.get(f"{INVENTORY}?q=query-secret", headers={**secrets, "Accept-Encoding": ""}).content)
    client.post("/login", data={"key": "form-secret"})
    client.get("/api/a%0Ab%20c%1B[2J%C3%A9" + "x" * 400)
    client.close()  # the end of the application writes what waits
    first, second, third = logged(lines)
    start, milliseconds, end = first.rpartition("ms ")[0].rpartition(" ")[0], first.split()[4], first.split()[5:]
    assert start == f"2026-11-22T12:00:00Z GET {INVENTORY} 200"
    assert float(milliseconds.removesuffix("ms")) > 0
    assert end == [f"{size}B", "127.0.0.1"]
    assert second.startswith("2026-11-22T12:00:00Z POST /login 401 ")
    assert third.startswith("2026-11-22T12:00:00Z GET /api/a%0Ab%20c%1B%5B2J%C3%A9xxx")
    assert len(third) < 300
    assert "secret" not in lines.text
    assert KEY not in lines.text


def test_a_failure_is_written_at_once(clock: Clock, lines: pytest.LogCaptureFixture) -> None:
    AccessLog(clock).note("GET", "/", 500, seconds=0.0125, size=7, client="")
    assert logged(lines) == ["2026-11-22T12:00:00Z GET / 500 12.5ms 7B -"]


def test_a_quiet_moment_later_the_line_is_there_and_open_streams_are_counted(
    published: Published, clock: Clock, lines: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(published.data_dir)
    app = create_app(settings, clock=clock, hub=quick(settings, keep_alive_seconds=0.01), access_log=AccessLog(clock))
    with serving(app) as running, stream(running) as live:
        answer = httpx.get(f"{running.url}/metrics")
        assert 'amazon_pipeline_event_streams{worker=""} 1.0' in answer.text
        assert "/api/sse" not in answer.text  # counted when it ends
        while not logged(lines):
            assert live.block() == {"": "keep-alive"}
    assert [line.split()[1:4] for line in logged(lines)] == [["GET", "/metrics", "200"], ["GET", "/api/sse", "200"]]
