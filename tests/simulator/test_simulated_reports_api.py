"""Reports come by the clock, hold what searchOrders says, and are fetched by a link that dies young."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import inf
from typing import Any

import httpx
import pytest

from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.orders import OrderState
from amazon_pipeline.simulator.server import RunningSimulator
from tests.simulator.visitor import CA, NOW, Visitor, refusal, visit

ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL"
STOCK = "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA"
COLUMNS = [
    "amazon-order-id", "merchant-order-id", "purchase-date", "last-updated-date", "order-status",
    "fulfillment-channel", "sales-channel", "order-channel", "ship-service-level", "product-name", "sku", "asin",
    "item-status", "quantity", "currency", "item-price", "item-tax", "shipping-price", "shipping-tax",
    "gift-wrap-price", "gift-wrap-tax", "item-promotion-discount", "ship-promotion-discount", "ship-city",
    "ship-state", "ship-postal-code", "ship-country", "promotion-ids", "is-business-order", "price-designation",
]  # fmt: skip
WORDS = {"CANCELLED": "Cancelled", "PENDING": "Pending", "SHIPPED": "Shipped", "UNSHIPPED": "Unshipped"}
LONG_AGO = NOW - timedelta(days=29)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def visitor(clock: ManualClock) -> Iterator[Visitor]:
    with RunningSimulator(clock=clock, orders_per_day=60, sku_count=20, quota_speed=inf, history_days=70) as simulator:
        yield from visit(simulator)


def span(begin: datetime, end: datetime = NOW) -> dict[str, str]:
    return {"dataStartTime": begin.isoformat(), "dataEndTime": end.isoformat()}


def finished(visitor: Visitor, clock: ManualClock, report_type: str = ORDERS, **fields: Any) -> dict[str, Any]:
    """The report when it has come to its end."""
    report_id = visitor.create_report(report_type, **fields).json()["reportId"]
    clock.advance(timedelta(seconds=20))
    return visitor.report(report_id)


def download(visitor: Visitor, report: dict[str, Any]) -> httpx.Response:
    return httpx.get(visitor.document_link(report["reportDocumentId"]).json()["url"])


def table(answer: httpx.Response) -> list[dict[str, str]]:
    charset = answer.headers["content-type"].partition("charset=")[2]
    header, *rows = gzip.decompress(answer.content).decode(charset).splitlines()
    return [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]


def test_a_report_waits_is_made_and_is_done_by_the_clock(visitor: Visitor, clock: ManualClock) -> None:
    answer = visitor.create_report(ORDERS, **span(LONG_AGO))
    assert answer.status_code == 202
    stages = []
    for seconds in (0, 4, 1, 14, 1):
        clock.advance(timedelta(seconds=seconds))
        report = visitor.report(answer.json()["reportId"])
        stages.append((report["processingStatus"], "reportDocumentId" in report))
    assert stages == [
        ("IN_QUEUE", False), ("IN_QUEUE", False), ("IN_PROGRESS", False), ("IN_PROGRESS", False), ("DONE", True),
    ]  # fmt: skip


def test_the_order_report_has_one_line_per_order_item_and_tells_what_search_orders_tells(
    visitor: Visitor, clock: ManualClock
) -> None:
    answer = download(visitor, finished(visitor, clock, **span(LONG_AGO)))
    assert answer.headers["content-type"] == "text/tab-separated-values;charset=UTF-8"
    rows = table(answer)
    assert list(rows[0]) == COLUMNS
    states = [one for one in visitor.simulator.world.orders_at(clock(), LONG_AGO) if one.created <= NOW]
    assert [row["amazon-order-id"] for row in rows] == [one.order_id for one in states for _ in one.order.lines]
    for row, (state, number) in zip(
        rows, ((one, number) for one in states for number in range(len(one.order.lines))), strict=True
    ):
        check_row(row, state, number)
    assert {"Amazon.com", "Amazon.ca", "Non-Amazon"} == {row["sales-channel"] for row in rows}
    assert {"Pending", "Shipped", "Cancelled"} <= {row["order-status"] for row in rows}


def check_row(row: dict[str, str], state: OrderState, number: int) -> None:
    line = state.order.lines[number]
    assert row["order-status"] == WORDS.get(state.status, row["order-status"])
    assert (row["purchase-date"], row["last-updated-date"]) == (
        state.created.isoformat(timespec="seconds"),
        state.last_updated.isoformat(timespec="seconds"),
    )
    assert row["purchase-date"].endswith("+00:00")
    assert (row["sku"], row["asin"], int(row["quantity"])) == (line.pool.seller_sku, line.pool.asin, line.quantity)
    assert row["fulfillment-channel"] == ("Amazon" if state.order.plan.by_amazon else "Merchant")
    assert (row["item-price"], row["currency"]) == (
        (str(line.item), state.currency) if state.has_proceeds else ("", "")
    )
    assert row["ship-city"]
    assert row["ship-country"]


def test_the_order_report_is_of_the_whole_region_whichever_marketplace_is_named(
    visitor: Visitor, clock: ManualClock
) -> None:
    of_us = finished(visitor, clock, **span(LONG_AGO))
    of_ca = finished(visitor, clock, **span(LONG_AGO), marketplaceIds=[CA])
    ids = [{row["amazon-order-id"] for row in table(download(visitor, one))} for one in (of_us, of_ca)]
    assert ids[0] == ids[1]


def test_more_than_thirty_days_bring_a_sentence_and_no_table(visitor: Visitor, clock: ManualClock) -> None:
    report = finished(visitor, clock, **span(NOW - timedelta(days=31)))
    assert report["processingStatus"] == "DONE"
    text = gzip.decompress(download(visitor, report).content).decode()
    assert "30 days" in text
    assert "\t" not in text


def test_a_report_without_any_order_is_cancelled(visitor: Visitor, clock: ManualClock) -> None:
    before_the_opening = span(NOW - timedelta(days=90), NOW - timedelta(days=80))
    report = finished(visitor, clock, **before_the_opening)
    assert report["processingStatus"] == "CANCELLED"
    assert "reportDocumentId" not in report


def test_history_goes_back_as_far_as_was_asked_for(visitor: Visitor, clock: ManualClock) -> None:
    report = finished(visitor, clock, **span(NOW - timedelta(days=90), NOW - timedelta(days=62)))
    assert min(row["purchase-date"] for row in table(download(visitor, report)))[:10] == "2026-09-13"


def test_the_link_is_good_for_five_minutes(visitor: Visitor, clock: ManualClock) -> None:
    report = finished(visitor, clock, **span(LONG_AGO))
    url = visitor.document_link(report["reportDocumentId"]).json()["url"]
    clock.advance(timedelta(minutes=4, seconds=59))
    assert httpx.get(url).status_code == 200
    clock.advance(timedelta(seconds=1))
    answer = httpx.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/xml")
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in answer.text
    fresh = visitor.document_link(report["reportDocumentId"]).json()["url"]
    assert httpx.get(fresh).status_code == 200
    assert httpx.get(fresh[:-4] + "AAAA").status_code == 403


def test_a_link_may_ask_for_the_content_encoding_header(visitor: Visitor, clock: ManualClock) -> None:
    report = finished(visitor, clock, **span(LONG_AGO))
    url = visitor.document_link(report["reportDocumentId"], enableContentEncodingUrlHeader="true").json()["url"]
    assert httpx.get(url).text.startswith("amazon-order-id\t")


def test_a_document_in_windows_1252_says_so(visitor: Visitor, clock: ManualClock) -> None:
    visitor.simulator.faults.add(operation="createReport", kind="windows-1252")
    answer = download(visitor, finished(visitor, clock, **span(LONG_AGO)))
    assert answer.headers["content-type"].endswith("charset=Windows-1252")
    assert table(answer)[0]["ship-city"] == "Nowhere-sur-Simulé"
    with pytest.raises(UnicodeDecodeError):
        gzip.decompress(answer.content).decode()


def test_the_stock_report_lists_every_sku_and_comes_once_in_thirty_minutes(
    visitor: Visitor, clock: ManualClock
) -> None:
    report = finished(visitor, clock, STOCK)
    rows = {row["sku"]: row for row in table(download(visitor, report))}
    truth = {one.seller_sku: one for one in visitor.simulator.world.inventory_at(clock()) if one.marketplace_id != CA}
    assert rows.keys() == truth.keys()
    for sku, row in rows.items():
        assert int(row["afn-fulfillable-quantity"]) == truth[sku].fulfillable
        assert int(row["afn-total-quantity"]) == truth[sku].total
    assert finished(visitor, clock, STOCK)["processingStatus"] == "FATAL"
    clock.advance(timedelta(minutes=30))
    assert finished(visitor, clock, STOCK)["processingStatus"] == "DONE"
    assert finished(visitor, clock, **span(LONG_AGO))["processingStatus"] == "DONE"
    assert finished(visitor, clock, **span(LONG_AGO))["processingStatus"] == "DONE"


def test_reports_are_listed_newest_first_page_by_page(visitor: Visitor, clock: ManualClock) -> None:
    made = [finished(visitor, clock, **span(LONG_AGO))["reportId"] for _ in range(3)]
    first = visitor.get("/reports/2021-06-30/reports", reportTypes=ORDERS, pageSize=2).json()
    second = visitor.get("/reports/2021-06-30/reports", nextToken=first["nextToken"]).json()
    assert [one["reportId"] for one in (*first["reports"], *second["reports"])] == made[::-1]
    together = visitor.get("/reports/2021-06-30/reports", nextToken=first["nextToken"], pageSize=2)
    assert "pageSize" in refusal(together)
    assert "reportTypes" in refusal(visitor.get("/reports/2021-06-30/reports"))


@pytest.mark.parametrize(
    ("kind", "status"),
    [("report-fatal", "FATAL"), ("report-cancelled", "CANCELLED"), ("report-stuck", "IN_PROGRESS")],
)
def test_a_report_can_be_made_to_fail(kind: str, status: str, visitor: Visitor, clock: ManualClock) -> None:
    visitor.simulator.faults.add(operation="createReport", kind=kind)
    assert finished(visitor, clock, **span(LONG_AGO))["processingStatus"] == status
    assert finished(visitor, clock, **span(LONG_AGO))["processingStatus"] == "DONE"


def test_a_document_can_be_made_to_hold_a_sentence_and_a_link_to_be_dead(visitor: Visitor, clock: ManualClock) -> None:
    faults = visitor.simulator.faults
    faults.add(operation="createReport", kind="report-sentence")
    faults.add(operation="downloadDocument", kind="expired-link")
    report = finished(visitor, clock, **span(LONG_AGO))
    assert download(visitor, report).status_code == 403
    assert b"\t" not in gzip.decompress(download(visitor, report).content)
