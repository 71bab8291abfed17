"""Every fault of the table can be switched on, strikes as often as it was told, and is told by the record of calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import inf

import httpx
import pytest

from amazon_pipeline.cli import main
from amazon_pipeline.simulator.app import OPERATIONS
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.faults import API, KINDS, BadFault, Faults, explain, parse_fault
from amazon_pipeline.simulator.operations import PageSizes
from amazon_pipeline.simulator.server import RunningSimulator
from tests.simulator.visitor import FORM, NOW, US, Visitor, refusal, visit

SINCE = {"lastUpdatedAfter": "2026-11-15T00:00:00Z", "lastUpdatedBefore": "2026-11-22T00:00:00Z"}
PARTICIPATIONS = "/sellers/v1/marketplaceParticipations"


@pytest.fixture(scope="module")
def open_account() -> Iterator[Visitor]:
    """Without quota, on a standing clock, with small pages."""
    pages = PageSizes(orders=50, inventory=6, shipments=3, shipment_items=3)
    with RunningSimulator(
        clock=ManualClock(NOW), orders_per_day=30, sku_count=20, quota_speed=inf, pages=pages
    ) as simulator:
        yield from visit(simulator)


@pytest.fixture
def free(open_account: Visitor) -> Iterator[Visitor]:
    """The same, with every fault switched off and nothing recorded."""
    open_account.simulator.calls.clear()
    yield open_account
    open_account.simulator.faults.clear()
    open_account.log_in()


def ids(answer: httpx.Response) -> list[str]:
    return [row["orderId"] for row in answer.json()["orders"]]


def token(answer: httpx.Response) -> str:
    return str(answer.json()["pagination"]["nextToken"])


def skus(visitor: Visitor) -> list[str]:
    """Of a whole snapshot."""
    found: list[str] = []
    parameters: dict[str, str] = {}
    while True:
        body = visitor.inventory(**parameters).json()
        found += [row["sellerSku"] for row in body["payload"]["inventorySummaries"]]
        if "pagination" not in body:
            return found
        parameters = {"nextToken": body["pagination"]["nextToken"]}


def test_the_operations_a_fault_can_name_are_those_that_are_served() -> None:
    assert {one.name for one in OPERATIONS} == API


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize("form", ["", "-html", "-message"])
def test_a_failure_comes_as_often_as_it_was_told_and_then_no_more(status: int, form: str, free: Visitor) -> None:
    fault = free.simulator.faults.add(operation="searchOrders", kind=f"{status}{form}", times=2)
    answers = [free.orders(**SINCE) for _ in range(3)]
    assert [one.status_code for one in answers] == [status, status, 200]
    assert fault.met == 2
    assert [call.fault for call in free.simulator.calls] == [f"{status}{form}"] * 2 + [None]
    html = answers[0].headers["content-type"].startswith("text/html")
    assert html == (form == "-html")
    if form == "":
        refusal(answers[0], status)
    assert "x-amzn-RateLimit-Limit" not in answers[0].headers
    assert "retry-after" not in answers[0].headers


def test_a_failure_may_have_no_body_and_a_throttled_one_a_retry_after(free: Visitor) -> None:
    faults = free.simulator.faults
    faults.add(operation="searchOrders", kind="500-empty")
    faults.add(operation="searchOrders", kind="429-retry-after", seconds=7)
    faults.add(operation="searchOrders", kind="html-200")
    faults.add(operation="searchOrders", kind="empty-200")
    empty, throttled, page, nothing = (free.orders(**SINCE) for _ in range(4))
    assert (empty.status_code, empty.content) == (500, b"")
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "7")
    assert (page.status_code, page.text[:6]) == (200, "<html>")
    assert (nothing.status_code, nothing.content) == (200, b"")


def test_a_star_means_every_operation_of_the_api_but_not_the_login(free: Visitor) -> None:
    free.simulator.faults.add(operation="*", kind="503", times=2)
    free.log_in()
    assert [free.orders(**SINCE).status_code, free.get(PARTICIPATIONS).status_code] == [503, 503]
    assert free.get(PARTICIPATIONS).status_code == 200


def test_requests_can_be_let_pass_first(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="502", after=2)
    assert [free.orders(**SINCE).status_code for _ in range(4)] == [200, 200, 502, 200]


def test_cleared_faults_strike_no_more(free: Visitor) -> None:
    free.simulator.faults.add(operation="*", kind="500", times="always")
    assert free.orders(**SINCE).status_code == 500
    free.simulator.faults.clear()
    assert free.orders(**SINCE).status_code == 200


def test_refusals_are_in_amazons_words(free: Visitor) -> None:
    faults = free.simulator.faults
    for kind in ("400", "401", "role-403"):
        faults.add(operation="searchOrders", kind=kind)
    answers = [free.orders(**SINCE) for _ in range(3)]
    assert "marketplaceIds" in refusal(answers[0], 400)
    assert answers[0].headers["x-amzn-RateLimit-Limit"]
    assert answers[1].json()["errors"][0]["code"] == "Unauthorized"
    assert answers[2].json()["errors"][0]["details"] == ""
    faults.add(operation="getInventorySummaries", kind="no-fba")
    for _ in range(2):
        assert free.inventory().json()["errors"][0]["code"] == "InvalidInput"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("invalid_grant", 400), ("invalid_client", 401), ("unauthorized_client", 400)],
)
def test_the_login_can_be_refused(kind: str, status: int, free: Visitor) -> None:
    free.simulator.faults.add(operation="getAccessToken", kind=kind)
    answer = free.http.post("/auth/o2/token", data=FORM)
    assert (answer.status_code, answer.json()["error"]) == (status, kind)
    assert free.http.post("/auth/o2/token", data=FORM).status_code == 200


def test_the_login_can_fail(free: Visitor) -> None:
    free.simulator.faults.add(operation="getAccessToken", kind="500")
    free.simulator.faults.add(operation="getAccessToken", kind="503-html")
    answers = [free.http.post("/auth/o2/token", data=FORM) for _ in range(2)]
    assert (answers[0].status_code, answers[0].json()["error"]) == (500, "server_error")
    assert (answers[1].status_code, answers[1].text[:6]) == (503, "<html>")


def test_a_truncated_answer_breaks_off(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="truncated")
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed connection"):
        free.orders(**SINCE)
    assert free.orders(**SINCE).status_code == 200
    assert [call.fault for call in free.simulator.calls] == ["truncated", None]


def test_a_reset_connection_brings_no_answer_and_is_recorded(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="reset")
    with pytest.raises(httpx.ReadError):
        free.orders(**SINCE)
    assert free.orders(**SINCE).status_code == 200
    assert [(call.status, call.fault) for call in free.simulator.calls] == [(0, "reset"), (200, None)]


def test_an_answer_can_be_late_or_never_come(free: Visitor) -> None:
    free.simulator.faults.add(operation="*", kind="hang", seconds=0.01)
    assert free.create_report("GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA").status_code == 202
    free.simulator.faults.add(operation="*", kind="hang")
    with pytest.raises(httpx.ReadTimeout):
        free.http.get(PARTICIPATIONS, timeout=0.05)
    assert [(call.status, call.fault) for call in free.simulator.calls] == [(202, "hang"), (0, "hang")]


def test_a_hanging_request_does_not_hold_up_the_shutdown() -> None:
    from threading import Thread

    ended: list[Exception] = []
    with RunningSimulator(clock=ManualClock(NOW), orders_per_day=2, sku_count=5) as simulator:

        def ask() -> None:
            try:
                httpx.get(f"{simulator.sp_api_endpoint}{PARTICIPATIONS}", timeout=30)
            except httpx.TransportError as error:
                ended.append(error)

        simulator.faults.add(operation="*", kind="hang")
        asking = Thread(target=ask)
        asking.start()
        while not simulator.calls:
            asking.join(0.01)
    asking.join(5)
    assert len(ended) == 1
    assert not isinstance(ended[0], httpx.TimeoutException)


def test_an_access_token_declared_expired_is_refused_until_a_new_login(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="expired-token")
    for _ in range(2):
        answer = free.orders(**SINCE)
        assert answer.status_code == 403
        assert "has expired" in answer.json()["errors"][0]["details"]
    free.log_in()
    assert free.orders(**SINCE).status_code == 200


def test_a_repeated_page_token_leads_to_the_same_page(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="repeated-token")
    first = free.orders(**SINCE)
    second = free.orders(**SINCE, paginationToken=token(first))
    assert token(second) == token(first)
    again = free.orders(**SINCE, paginationToken=token(second))
    assert ids(again) == ids(second)
    assert token(again) != token(second)


def test_a_page_token_can_be_declared_expired(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="expired-page-token")
    first = free.orders(**SINCE)
    assert "paginationToken: has expired" in refusal(free.orders(**SINCE, paginationToken=token(first)))
    assert free.orders(**SINCE, paginationToken=token(first)).status_code == 200


def test_a_page_can_come_again_under_new_tokens_for_ever(free: Visitor) -> None:
    free.simulator.faults.add(operation="searchOrders", kind="same-page", after=1)
    first = free.orders(**SINCE)
    pages = [free.orders(**SINCE, paginationToken=token(first))]
    for _ in range(5):
        pages.append(free.orders(**SINCE, paginationToken=token(pages[-1])))
    assert all(ids(page) == ids(pages[0]) for page in pages)
    assert len({token(page) for page in pages}) == len(pages)
    assert ids(first) != ids(pages[0])


def test_an_empty_page_with_a_next_token_loses_nothing(free: Visitor) -> None:
    whole = [order["orderId"] for order in free.all_orders(**SINCE)]
    free.simulator.faults.add(operation="searchOrders", kind="empty-page", after=1, times=2)
    first = free.orders(**SINCE)
    assert ids(free.orders(**SINCE, paginationToken=token(first))) == []
    assert [order["orderId"] for order in free.all_orders(**SINCE)] == whole


def test_the_same_order_can_stand_on_two_pages(free: Visitor) -> None:
    whole = [order["orderId"] for order in free.all_orders(**SINCE)]
    free.simulator.faults.add(operation="searchOrders", kind="row-twice")
    first = free.orders(**SINCE)
    second = free.orders(**SINCE, paginationToken=token(first))
    assert ids(second)[0] == ids(first)[-1]
    assert len(ids(second)) == len(ids(first))
    rest = free.all_orders(**{**SINCE, "paginationToken": token(second)})
    found = ids(first) + ids(second) + [order["orderId"] for order in rest]
    assert list(dict.fromkeys(found)) == whole
    assert len(found) == len(whole) + 1


def test_page_faults_work_on_shipments_too(free: Visitor) -> None:
    query = {"QueryType": "SHIPMENT", "ShipmentStatusList": "WORKING,SHIPPED,IN_TRANSIT,RECEIVING,CLOSED"}
    plain = free.shipments(**query).json()["payload"]
    free.simulator.faults.add(operation="getShipments", kind="empty-page")
    empty = free.shipments(**query).json()["payload"]
    assert empty["ShipmentData"] == []
    after = free.shipments(QueryType="NEXT_TOKEN", NextToken=empty["NextToken"]).json()["payload"]
    assert after["ShipmentData"] == plain["ShipmentData"]


def test_a_row_can_be_bad_in_one_field(free: Visitor) -> None:
    faults = free.simulator.faults
    faults.add(operation="searchOrders", kind="bad-row")
    faults.add(operation="searchOrders", kind="bad-row", field="status", how="missing")
    asked = SINCE | {"includedData": "FULFILLMENT"}
    unreadable, without, good = (free.orders(**asked).json()["orders"][0] for _ in range(3))
    assert unreadable["createdTime"] == "unreadable (simulated fault)"
    assert "fulfillmentStatus" not in without["fulfillment"]
    assert good["fulfillment"]["fulfillmentStatus"]


def test_one_order_can_be_bad_wherever_it_appears(free: Visitor) -> None:
    whole = [order["orderId"] for order in free.all_orders(**SINCE)]
    wanted = whole[60]
    free.simulator.faults.add(operation="*", kind="bad-row", row=wanted, times="always")
    bad = [order["orderId"] for order in free.all_orders(**SINCE) if "unreadable" in order["createdTime"]]
    assert bad == [wanted]
    assert "unreadable" in free.get(f"/orders/2026-01-01/orders/{wanted}").text
    assert "unreadable" not in free.get(f"/orders/2026-01-01/orders/{whole[0]}").text


def test_a_snapshot_can_lose_a_share_of_its_skus_on_every_page(free: Visitor) -> None:
    whole = skus(free)
    free.simulator.faults.add(operation="getInventorySummaries", kind="missing-skus", share=0.4, times=2)
    first, second, third = skus(free), skus(free), skus(free)
    assert first == second
    assert set(first) < set(whole)
    assert 0.2 < 1 - len(first) / len(whole) < 0.6
    assert third == whole


def test_another_rate_is_announced_and_applied(visitor: Visitor, clock: ManualClock) -> None:
    visitor.simulator.faults.add(operation="searchOrders", kind="rate-header", rate=0.1)
    answers = [visitor.orders(**SINCE) for _ in range(21)]
    assert answers[0].headers["x-amzn-RateLimit-Limit"] == "0.1"
    assert [one.status_code for one in answers] == [200] * 20 + [429]
    clock.advance(timedelta(seconds=10))
    assert [visitor.orders(**SINCE).status_code for _ in range(2)] == [200, 429]
    visitor.simulator.faults.clear()
    assert visitor.orders(**SINCE).status_code == 429
    clock.advance(timedelta(seconds=10))
    assert visitor.orders(**SINCE).status_code == 429
    clock.advance(timedelta(seconds=170))
    assert visitor.orders(**SINCE).headers["x-amzn-RateLimit-Limit"] == "0.0056"


def test_a_greedy_neighbour_provokes_a_429(visitor: Visitor, clock: ManualClock) -> None:
    visitor.simulator.faults.add(operation="searchOrders", kind="greedy", after=1)
    assert [visitor.orders(**SINCE).status_code for _ in range(3)] == [200, 429, 429]
    clock.advance(timedelta(seconds=179))
    assert visitor.orders(**SINCE).status_code == 200
    visitor.simulator.faults.add(operation="getInventorySummaries", kind="greedy", tokens=1)
    assert [visitor.inventory(US).status_code for _ in range(2)] == [200, 429]


def test_a_failed_request_has_cost_its_token_and_a_throttled_one_has_not(visitor: Visitor) -> None:
    visitor.simulator.faults.add(operation="getInventorySummaries", kind="429")
    visitor.simulator.faults.add(operation="getInventorySummaries", kind="503")
    assert [visitor.inventory(US).status_code for _ in range(4)] == [429, 503, 200, 429]


def test_a_fault_that_finds_nothing_to_spoil_is_not_used_up(visitor: Visitor) -> None:
    faults = visitor.simulator.faults
    fault = faults.add(operation="searchOrders", kind="truncated")
    refusal(visitor.orders())
    assert fault.met == 0
    twice = faults.add(operation="getInventorySummaries", kind="row-twice")
    visitor.inventory(US)
    assert twice.met == 0


def test_a_fault_can_be_written_as_one_word_for_the_command_line() -> None:
    fault = parse_fault("searchOrders:503-html:3")
    assert (fault.operation, fault.kind.name, fault.times, fault.after) == ("searchOrders", "503-html", 3, 0)
    fault = parse_fault("getInventorySummaries:missing-skus:share=0.5:after=2")
    assert (fault.times, fault.after, fault.options) == (None, 2, {"share": 0.5})
    assert parse_fault("*:429:always").times is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("searchOrders:nonsense", "nonsense is no kind of fault; the kinds are 429, "),
        ("searchOrders", "nothing is no kind of fault"),
        ("searchOrder:503", "searchOrder is no operation; the operations are"),
        ("getOrder:no-fba", "no-fba does not happen to getOrder, but to getInventorySummaries"),
        ("*:invalid_grant", "getAccessToken, which * does not include"),
        ("*:503:often", "often is not how often"),
        ("*:503:0", "0 is not how often"),
        ("*:503:1:share=1", "503 has no option share"),
        ("*:hang:1:seconds=long", "seconds=long is not a number"),
        ("*:503:1:after=x", "after=x is not a number"),
        ("*:503:1:x", "x is no OPTION=VALUE"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused_with_what_there_is(text: str, problem: str) -> None:
    with pytest.raises(BadFault, match=problem.replace("*", r"\*")):
        parse_fault(text)


def test_a_test_that_names_a_wrong_fault_is_told_so() -> None:
    with pytest.raises(BadFault, match="the kinds are"):
        Faults().add(operation="searchOrders", kind="503html")


def test_the_command_line_lists_the_kinds_and_refuses_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["simulator", "--help"])
    shown = capsys.readouterr().out
    assert explain() in shown
    assert all(f"  {name} " in shown for name in KINDS)
    with pytest.raises(SystemExit) as refused:
        main(["simulator", "--fault", "searchOrders:nonsense"])
    assert refused.value.code == 2
    assert "nonsense is no kind of fault; the kinds are 429" in capsys.readouterr().err
