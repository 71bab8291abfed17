"""The client against the project's strict simulator of Amazon, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from amazon_pipeline.errors import RequestRejected
from amazon_pipeline.selling_partner.client import SellingPartner, open_selling_partner
from amazon_pipeline.selling_partner.inbound import shipment_items, shipments
from amazon_pipeline.selling_partner.inventory import inventory_snapshot
from amazon_pipeline.selling_partner.orders import get_order, search_orders
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.selling_partner.reports import FBA_STOCK, create_report, get_report, recent_reports
from amazon_pipeline.selling_partner.sales import order_metrics
from amazon_pipeline.selling_partner.sellers import marketplace_participations
from amazon_pipeline.settings import Settings
from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator


class Shared:
    """The simulator's own clock, moved by the client's sleeps: both sides live in one simulated time."""

    def __init__(self) -> None:
        self.clock = ManualClock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC))

    def sleep(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def monotonic(self) -> float:
        return float(self.clock().timestamp())


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def simulator(shared: Shared) -> Iterator[Any]:
    with RunningSimulator(seed=1, clock=shared.clock) as running:
        yield running


@pytest.fixture
def client(simulator: Any, shared: Shared, tmp_path: Path) -> Iterator[SellingPartner]:
    settings = Settings(_env_file=None, **(dict(simulator.environment) | {"AMAZON_DATA_DIR": str(tmp_path)}))
    with open_selling_partner(
        settings, budget=Budget(86400, shared.monotonic), clock=shared.clock, sleep=shared.sleep
    ) as session:
        yield session


@pytest.fixture
def marketplace_ids(client: SellingPartner) -> list[str]:
    return [
        row["marketplace"]["id"]
        for row in marketplace_participations(client).rows
        if row["participation"]["isParticipating"] and row["marketplace"]["domainName"].startswith("www.amazon.")
    ]


def never_throttled(client: SellingPartner) -> bool:
    return sum(stats.throttled for stats in client.stats.values()) == 0


def window(shared: Shared, days: int) -> dict[str, datetime]:
    before = shared.clock() - timedelta(minutes=5)
    return {"last_updated_after": before - timedelta(days=days), "last_updated_before": before}


def test_orders_of_a_month_come_whole_and_without_a_429(client, shared, marketplace_ids):
    pages = list(search_orders(client, marketplace_ids=marketplace_ids, **window(shared, 30)))
    ids = [row["orderId"] for page in pages for row in page.rows]
    assert len(pages) > 1
    assert len(ids) == len(set(ids))
    assert never_throttled(client)
    assert get_order(client, ids[0]).rows[0]["orderId"] == ids[0]


def test_a_resumed_window_brings_the_same_orders(client, shared, marketplace_ids):
    # short enough for the quota: the clock stands still, and no order changes between the two readings
    arguments: dict[str, Any] = {"marketplace_ids": marketplace_ids, **window(shared, 2)}
    whole = [row["orderId"] for page in search_orders(client, **arguments) for row in page.rows]
    first = next(search_orders(client, **arguments))
    rest = search_orders(client, **arguments, resume=first.resume)
    assert [row["orderId"] for page in (first, *rest) for row in page.rows] == whole


def test_an_order_nobody_knows_is_rejected_with_404(client):
    with pytest.raises(RequestRejected) as caught:
        get_order(client, "000-0000000-0000000")
    assert caught.value.status == 404


def test_stock_shipments_and_their_items_come_whole_and_without_a_429(client, marketplace_ids):
    for marketplace_id in marketplace_ids:
        skus = [row["sellerSku"] for page in inventory_snapshot(client, marketplace_id) for row in page.rows]
        assert len(skus) == len(set(skus))
    found = [row["ShipmentId"] for page in shipments(client, marketplace_ids[0]) for row in page.rows]
    assert len(found) == len(set(found))
    for shipment_id in found[:3]:
        rows = [row for page in shipment_items(client, shipment_id, marketplace_ids[0]) for row in page.rows]
        assert rows
    assert never_throttled(client)


def test_the_reports_anybody_has_asked_for_are_listed(client, shared, marketplace_ids):
    assert recent_reports(client, FBA_STOCK).rows == []
    report_id = create_report(client, FBA_STOCK, marketplace_ids=marketplace_ids[:1])
    shared.sleep(60)
    assert [row["reportId"] for row in recent_reports(client, FBA_STOCK).rows] == [report_id]
    assert get_report(client, report_id).ended_at is not None


def test_sales_metrics_answer_in_total_without_a_time_zone(client, shared, marketplace_ids):
    end = shared.clock()
    page = order_metrics(client, marketplace_ids[0], interval=(end - timedelta(hours=1), end), granularity="Total")
    assert len(page.rows) == 1


def test_sales_metrics_answer_by_day(client, shared, marketplace_ids):
    end = shared.clock().replace(hour=8, minute=0)
    page = order_metrics(
        client,
        marketplace_ids[0],
        interval=(end - timedelta(days=3), end),
        granularity="Day",
        time_zone="America/Los_Angeles",
    )
    assert len(page.rows) == 3
