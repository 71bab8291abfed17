"""Who may call, how often, and what every answer carries; starting and stopping."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import timedelta

import httpx
import pytest

from amazon_pipeline.simulator import account
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator, serve
from tests.simulator.visitor import FORM, NOW, US, Visitor, refusal, visit

PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"refresh_token": "Atzr|revoked"}, 400, "invalid_grant"),
        ({"client_secret": "rotated"}, 401, "invalid_client"),
        ({"client_id": "amzn1.application-oa2-client.other"}, 401, "invalid_client"),
        ({"refresh_token": account.FOREIGN_REFRESH_TOKEN}, 400, "unauthorized_client"),
        ({"refresh_token": ""}, 400, "invalid_request"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_login_is_refused_as_login_with_amazon_does(
    reader: Visitor, change: dict[str, str], status: int, error: str
) -> None:
    answer = reader.http.post(reader.simulator.lwa_endpoint, data=FORM | change)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}


def test_a_login_that_is_not_a_form_is_refused(reader: Visitor) -> None:
    answer = reader.http.post(reader.simulator.lwa_endpoint, json=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_right_login_gives_an_access_token_for_an_hour(reader: Visitor) -> None:
    body = reader.http.post(reader.simulator.lwa_endpoint, data=FORM).json()
    assert body.pop("access_token").startswith("Atza|")
    assert body == {"token_type": "bearer", "expires_in": 3600, "refresh_token": account.REFRESH_TOKEN}


def test_an_access_token_expires_after_an_hour(visitor: Visitor, clock: ManualClock) -> None:
    clock.advance(timedelta(seconds=3599))
    assert visitor.get(PARTICIPATIONS).status_code == 200
    clock.advance(timedelta(seconds=1))
    answer = visitor.get(PARTICIPATIONS)
    refusal(answer, 403)
    assert answer.json()["errors"][0] == {
        "code": "Unauthorized",
        "message": "Access to requested resource is denied.",
        "details": "The access token you provided has expired.",
    }
    visitor.log_in()
    assert visitor.get(PARTICIPATIONS).status_code == 200


@pytest.mark.parametrize("token", [None, "Atza|made-up", "Atza|", "Atza|é".encode().decode("latin-1")])
def test_without_a_right_access_token_nothing_is_answered(reader: Visitor, token: str | None) -> None:
    headers = {} if token is None else {b"x-amz-access-token": token.encode("latin-1")}
    answer = httpx.get(reader.simulator.sp_api_endpoint + PARTICIPATIONS, headers=headers)
    refusal(answer, 403)
    assert "x-amzn-ratelimit-limit" not in answer.headers


def test_a_page_token_is_no_access_token(reader: Visitor) -> None:
    token = reader.orders(lastUpdatedAfter="2026-11-01T00:00:00Z").json()["pagination"]["nextToken"]
    answer = httpx.get(
        reader.simulator.sp_api_endpoint + PARTICIPATIONS, headers={"x-amz-access-token": f"Atza|{token}"}
    )
    refusal(answer, 403)


def test_a_path_amazon_does_not_serve_is_forbidden_not_missing(reader: Visitor) -> None:
    answer = reader.get("/orders/v0/orders")
    refusal(answer, 403)
    assert answer.json()["errors"][0]["code"] == "MissingAuthenticationToken"
    refusal(reader.http.post("/orders/2026-01-01/orders"), 403)


def test_the_burst_is_spent_then_one_call_comes_back_at_the_rate(visitor: Visitor, clock: ManualClock) -> None:
    def search() -> httpx.Response:
        return visitor.orders(lastUpdatedAfter="2026-11-22T18:00:00Z")

    answers = [search() for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[0].headers["x-amzn-ratelimit-limit"] == "0.0056"
    assert "x-amzn-ratelimit-limit" not in answers[20].headers
    assert answers[20].json()["errors"][0]["code"] == "QuotaExceeded"
    clock.advance(timedelta(seconds=178))
    assert search().status_code == 429
    clock.advance(timedelta(seconds=1))
    assert search().status_code == 200
    assert search().status_code == 429


def test_a_refused_request_costs_quota_but_a_stranger_costs_none(visitor: Visitor) -> None:
    for _ in range(5):
        httpx.get(visitor.simulator.sp_api_endpoint + "/fba/inventory/v1/summaries")
    assert [visitor.get("/fba/inventory/v1/summaries").status_code for _ in range(3)] == [400, 400, 429]


def test_each_operation_has_its_own_bucket(visitor: Visitor) -> None:
    for _ in range(3):
        visitor.inventory()
    assert visitor.inventory().status_code == 429
    assert visitor.get(PARTICIPATIONS).status_code == 200


def test_quota_can_be_made_faster_and_says_so(clock: ManualClock) -> None:
    with RunningSimulator(clock=clock, orders_per_day=5, sku_count=5, quota_speed=100) as simulator:
        for visitor in visit(simulator):
            answers = [visitor.inventory() for _ in range(3)]
            assert [answer.status_code for answer in answers] == [200, 200, 429]
            assert answers[0].headers["x-amzn-ratelimit-limit"] == "200"
            clock.advance(timedelta(milliseconds=5))
            assert visitor.inventory().status_code == 200


def test_every_answer_has_a_request_id_and_says_that_it_is_simulated(reader: Visitor) -> None:
    answers = [
        reader.get(PARTICIPATIONS),
        reader.get("/"),
        reader.get("/nowhere"),
        reader.inventory(details="maybe"),
        reader.http.post(reader.simulator.lwa_endpoint, data={}),
    ]
    assert {answer.headers["server"] for answer in answers} == {"amazon-pipeline-simulator"}
    assert all(len(answer.headers.get_list("server")) == 1 for answer in answers)
    assert len({answer.headers["x-amzn-requestid"] for answer in answers}) == len(answers)


def test_the_front_page_says_what_it_is_and_how_to_use_it(reader: Visitor) -> None:
    page = httpx.get(reader.simulator.sp_api_endpoint + "/").text
    assert "simulated Amazon seller" in page
    for value in reader.simulator.environment.values():
        assert value.replace("&", "&amp;") in page


def test_the_calls_are_on_record_without_their_secrets(visitor: Visitor) -> None:
    visitor.inventory(details="true")
    visitor.get("/nowhere")
    login, inventory, nowhere = visitor.simulator.calls
    assert (login.operation, login.status, login.params) == ("getAccessToken", 200, {})
    assert (inventory.operation, inventory.status, inventory.at) == ("getInventorySummaries", 200, NOW)
    assert inventory.params == {
        "granularityType": "Marketplace",
        "granularityId": US,
        "marketplaceIds": US,
        "details": "true",
    }
    assert (nowhere.operation, nowhere.status) == ("unknown", 403)
    assert account.CLIENT_SECRET not in repr(visitor.simulator.calls)


def test_the_environment_is_all_a_client_needs(reader: Visitor) -> None:
    environment = reader.simulator.environment
    assert environment["AMAZON_SP_API_ENDPOINT"] == reader.simulator.sp_api_endpoint
    assert environment["AMAZON_LWA_ENDPOINT"] == reader.simulator.lwa_endpoint
    assert environment["AMAZON_REFRESH_TOKEN"].startswith("Atzr|")
    assert environment["AMAZON_LWA_APP_ID"].startswith("amzn1.application-oa2-client.")
    assert environment["AMAZON_SELLER_ID"].startswith("A")
    assert environment["AMAZON_REGION"] == "us-east-1"


def test_nothing_runs_on_after_the_block(clock: ManualClock) -> None:
    before = set(threading.enumerate())
    with RunningSimulator(clock=clock, sku_count=2, orders_per_day=1) as simulator:
        assert httpx.get(simulator.sp_api_endpoint).status_code == 200
    assert set(threading.enumerate()) <= before
    with pytest.raises(httpx.ConnectError):
        httpx.get(simulator.sp_api_endpoint)


def test_a_taken_port_is_an_error_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            serve("127.0.0.1", taken.getsockname()[1], seed=1)
    assert capsys.readouterr().out == ""


def test_in_the_foreground_it_prints_its_addresses_and_stops_on_ctrl_c() -> None:
    script = "from amazon_pipeline.simulator.server import serve; serve('127.0.0.1', 0, seed=1)"
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word.rstrip(",") for word in line.split() if word.startswith("http://"))
        assert f"{url}/auth/o2/token" in line
        assert httpx.get(url).status_code == 200
        os.kill(process.pid, signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
        assert (process.returncode, rest, errors) == (0, "", "")
