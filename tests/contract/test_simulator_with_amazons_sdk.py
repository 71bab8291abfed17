"""Amazon's own Python SDK (amzn-sp-api) logs in to the simulator and reads its answers into its typed models."""

from __future__ import annotations

import gzip
import logging
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from math import inf
from typing import Any

import httpx
import pytest

from amazon_pipeline.simulator import account
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator

NOW = datetime(2026, 11, 22, 19, 30, tzinfo=UTC)
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with RunningSimulator(
        clock=ManualClock(NOW), orders_per_day=40, sku_count=30, quota_speed=inf, report_seconds=0
    ) as running:
        yield running


@pytest.fixture(scope="module")
def sdk(simulator: RunningSimulator) -> Iterator[Any]:
    """The SDK's client, pointed at the simulator; importing the SDK configures the root logger, which is undone."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's source has invalid escape sequences
        import spapi

    root.setLevel(level)
    root.handlers[:] = handlers
    config = spapi.SPAPIConfig(
        client_id=account.APP_ID, client_secret=account.CLIENT_SECRET, refresh_token=account.REFRESH_TOKEN, region="NA"
    )
    client = spapi.SPAPIClient(config, oauth_endpoint=simulator.lwa_endpoint, endpoint=simulator.sp_api_endpoint)
    yield client.api_client
    client.api_client.rest_client.pool_manager.clear()


def test_it_searches_orders_page_by_page(simulator: RunningSimulator, sdk: Any) -> None:
    from spapi.api.orders_v2026_01_01.search_orders_api import SearchOrdersApi

    asked = {
        "last_updated_after": datetime(2026, 11, 17, tzinfo=UTC),
        "marketplace_ids": [US, CA],
        "included_data": ["FULFILLMENT", "PROCEEDS", "PROMOTION", "CANCELLATION", "PACKAGES", "BUYER", "RECIPIENT"],
    }
    answer = SearchOrdersApi(sdk).search_orders(**asked)
    orders = list(answer.orders)
    while answer.pagination:
        answer = SearchOrdersApi(sdk).search_orders(**asked, pagination_token=answer.pagination.next_token)
        orders += answer.orders
    assert len(orders) > 100
    truth = {one.order_id: one for one in simulator.world.orders_at(NOW)}
    for order in orders:
        one = truth[order.order_id]
        assert order.fulfillment.fulfillment_status == one.status
        total = order.proceeds.grand_total if order.proceeds else None
        assert (Decimal(total.amount) if total else None) == one.grand_total
        assert sum(item.quantity_ordered for item in order.order_items) == one.quantity_ordered
        assert order.last_updated_time == one.last_updated


def test_it_gets_one_order(simulator: RunningSimulator, sdk: Any) -> None:
    from spapi.api.orders_v2026_01_01.get_order_api import GetOrderApi

    expected = simulator.world.orders_at(NOW)[-1]
    order = GetOrderApi(sdk).get_order(expected.order_id, included_data=["FULFILLMENT"]).order
    assert (order.order_id, order.fulfillment.fulfillment_status) == (expected.order_id, expected.status)


def test_it_reads_inventory(simulator: RunningSimulator, sdk: Any) -> None:
    from spapi.api.fba_inventory_v1.fba_inventory_api import FbaInventoryApi

    answer = FbaInventoryApi(sdk).get_inventory_summaries("Marketplace", US, [US], details=True)
    truth = {row.seller_sku: row for row in simulator.world.inventory_at(NOW) if row.marketplace_id == US}
    assert {row.seller_sku for row in answer.payload.inventory_summaries} == set(truth)
    for row in answer.payload.inventory_summaries:
        assert row.total_quantity == truth[row.seller_sku].total
        assert row.inventory_details.fulfillable_quantity == truth[row.seller_sku].fulfillable
        assert row.inventory_details.reserved_quantity.total_reserved_quantity == truth[row.seller_sku].reserved


def test_it_reads_shipments_and_their_items(simulator: RunningSimulator, sdk: Any) -> None:
    from spapi.api.fulfillment_inbound_v0.fba_inbound_v0_api import FbaInboundV0Api

    inbound = FbaInboundV0Api(sdk)
    statuses = ["WORKING", "READY_TO_SHIP", "SHIPPED", "IN_TRANSIT", "DELIVERED", "CHECKED_IN", "RECEIVING"]
    shipments = inbound.get_shipments("SHIPMENT", US, shipment_status_list=statuses).payload.shipment_data
    truth = {one.shipment_id: one for one in simulator.world.shipments_at(NOW) if one.is_open}
    assert {one.shipment_id for one in shipments} == {
        key for key, one in truth.items() if one.shipment.group.home == US
    }
    for shipment in shipments:
        assert shipment.shipment_status == truth[shipment.shipment_id].status
        items = inbound.get_shipment_items_by_shipment_id(shipment.shipment_id).payload.item_data
        assert [(one.seller_sku, one.quantity_shipped, one.quantity_received) for one in items] == [
            (one.pool.seller_sku, one.expected, one.received) for one in truth[shipment.shipment_id].items
        ]
    window = {"last_updated_after": datetime(2026, 11, 1, tzinfo=UTC), "last_updated_before": NOW}
    assert inbound.get_shipment_items("DATE_RANGE", US, **window).payload.item_data


def test_it_reads_participations(sdk: Any) -> None:
    from spapi.api.sellers_v1.sellers_api import SellersApi

    entries = SellersApi(sdk).get_marketplace_participations().payload
    assert {US, CA} <= {one.marketplace.id for one in entries if one.participation.is_participating}


def test_it_reads_order_metrics(sdk: Any) -> None:
    from spapi.api.sales_v1.sales_api import SalesApi

    interval = "2026-11-15T00:00:00-08:00--2026-11-22T00:00:00-08:00"
    rows = SalesApi(sdk).get_order_metrics([US], interval, "Day", granularity_time_zone="America/Los_Angeles").payload
    assert len(rows) == 7
    assert all(row.total_sales.currency_code == "USD" and row.order_count > 0 for row in rows)


def test_it_orders_a_report_and_finds_its_document(simulator: RunningSimulator, sdk: Any) -> None:
    from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
    from spapi.models.reports_v2021_06_30.create_report_specification import CreateReportSpecification

    reports = ReportsApi(sdk)
    begin, end = datetime(2026, 11, 15, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)
    wish = CreateReportSpecification(
        report_type="GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL",
        marketplace_ids=[US],
        data_start_time=begin,
        data_end_time=end,
    )
    report = reports.get_report(reports.create_report(wish).report_id)
    assert (report.processing_status, report.data_start_time, report.data_end_time) == ("DONE", begin, end)
    document = reports.get_report_document(report.report_document_id)
    assert document.compression_algorithm == "GZIP"
    text = gzip.decompress(httpx.get(document.url).content).decode()
    placed = {one.order_id for one in simulator.world.orders_at(NOW, begin) if one.created <= end}
    assert {line.split("\t")[0] for line in text.splitlines()[1:]} == placed
    listed = reports.get_reports(report_types=[report.report_type]).reports
    assert [one.report_id for one in listed] == [report.report_id]
