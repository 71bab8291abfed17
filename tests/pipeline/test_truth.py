"""After a sync, every published table equals what the account truly holds, recomputed here from the world itself."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from amazon_pipeline.simulator.clock import to_ms
from amazon_pipeline.simulator.orders import OrderState
from tests.pipeline.seller import Seller, running_seller

STATUS = {
    "PENDING": "Pending",
    "PENDING_AVAILABILITY": "PendingAvailability",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
PACIFIC = ZoneInfo("America/Los_Angeles")


def total(state: OrderState) -> Decimal | None:
    amount = state.grand_total
    return Decimal("0.00") if amount is None and state.order.replacement else amount


def wait_for_a_quiet_moment(seller: Seller) -> None:
    """Until no order has changed for four minutes.

    Amazon leaves out of a window the orders that change again after its end; they come with the next window. Only in
    a quiet moment is one window the whole truth.
    """
    while seller.simulator.world.updated(
        to_ms(seller.clock() - timedelta(minutes=4)), now := to_ms(seller.clock()), now
    ):
        seller.pass_time(minutes=1)


@pytest.fixture(
    params=[
        pytest.param((), id="one sync"),
        pytest.param((1.25, 7), id="three syncs, hours apart", marks=pytest.mark.slow),
    ]
)
def seller(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=150) as running:
        wait_for_a_quiet_moment(running)
        assert running.sync().success
        for hours in request.param:
            running.pass_time(hours=hours)
            wait_for_a_quiet_moment(running)
            assert running.sync().success
        yield running


def test_every_published_table_equals_the_truth(seller: Seller) -> None:
    """One test, because a sync costs seconds and the truth is one."""
    ((as_of,),) = seller.rows("SELECT watermark FROM mart.sync_status WHERE stream = 'orders'")
    first = min(call.at for call in seller.simulator.calls)
    orders = seller.simulator.world.orders_at(as_of)
    states = [state for state in orders if state.last_updated >= first - timedelta(hours=49)]
    check_orders(seller, states)
    check_items(seller, states)
    check_metrics(seller, states, as_of)
    check_sales(seller)
    check_inventory(seller)
    check_shipments(seller)


def check_orders(seller: Seller, states: list[OrderState]) -> None:
    published = {
        row[0]: row[1:]
        for row in seller.rows(
            "SELECT amazon_order_id, order_status, purchase_date, last_update_date, order_total, item_revenue, "
            "quantity_ordered, quantity_shipped, fulfillment_channel, is_replacement, is_business, marketplace_id "
            "FROM mart.orders"
        )
    }
    assert states
    for state in states:
        assert published[state.order_id] == (
            STATUS[state.status],
            state.created,
            state.last_updated,
            total(state),
            state.item_revenue,
            state.quantity_ordered,
            state.quantity_shipped,
            {"AMAZON": "AFN", "MERCHANT": "MFN"}[state.fulfilled_by],
            state.order.replacement,
            state.order.business,
            state.order.marketplace_id or "NON_AMAZON",
        )


def check_items(seller: Seller, states: list[OrderState]) -> None:
    published = defaultdict(dict)
    for order_id, item_id, *facts in seller.rows(
        "SELECT amazon_order_id, order_item_id, seller_sku, asin, quantity_ordered, quantity_shipped, item_revenue "
        "FROM mart.order_items"
    ):
        published[order_id][item_id] = tuple(facts)
    for state in states:
        assert published[state.order_id] == {
            line.order_item_id: (
                line.pool.seller_sku,
                line.pool.asin,
                line.quantity,
                state.shipped(number),
                line.item if state.has_proceeds else None,
            )
            for number, line in enumerate(state.order.lines)
        }


def check_metrics(seller: Seller, states: list[OrderState], as_of: datetime) -> None:
    current = [s for s in states if s.created >= as_of - timedelta(hours=24) and not s.order.multi_channel]
    previous = [
        s
        for s in seller.simulator.world.orders_at(as_of)
        if as_of - timedelta(hours=48) <= s.created < as_of - timedelta(hours=24) and not s.order.multi_channel
    ]
    for currency, marketplace in (("USD", "ATVPDKIKX0DER"), ("CAD", "A2EUQ1WTGCTBG2")):
        ours = [s for s in current if s.order.marketplace_id == marketplace]
        counted = [s for s in ours if s.status != "CANCELLED"]
        amounts = [amount for s in counted if (amount := total(s)) is not None]
        before = [s for s in previous if s.order.marketplace_id == marketplace and s.status != "CANCELLED"]
        (row,) = seller.rows(
            "SELECT window_end, total_orders, total_revenue, units, pending_count, unshipped_count, shipped_count, "
            "canceled_count, orders_without_amount, previous_total_orders, previous_total_revenue "
            f"FROM mart.order_metrics_24h WHERE marketplace_id = '{marketplace}'"
        )
        assert row == (
            as_of,
            len(counted),
            sum(amounts, Decimal(0)),
            sum(s.quantity_ordered for s in counted),
            sum(s.status in ("PENDING", "PENDING_AVAILABILITY") for s in counted),
            sum(s.status in ("UNSHIPPED", "PARTIALLY_SHIPPED") for s in counted),
            sum(s.status == "SHIPPED" for s in counted),
            len(ours) - len(counted),
            len(counted) - len(amounts),
            len(before),
            sum((total(s) or Decimal(0) for s in before), Decimal(0)),
        )
        assert seller.rows(
            f"SELECT total_orders FROM mart.order_metrics_24h WHERE marketplace_id = 'ALL' AND currency = '{currency}'"
        ) == [(len(counted),)]


def check_sales(seller: Seller) -> None:
    expected: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, Decimal(0)])
    for purchased, marketplace, channel, units, amount in seller.rows(
        "SELECT purchase_date, marketplace_id, fulfillment_channel, quantity_ordered, order_total FROM mart.orders "
        "WHERE order_status <> 'Canceled' AND marketplace_id <> 'NON_AMAZON'"
    ):
        bucket = expected[purchased.astimezone(PACIFIC).date(), marketplace, channel]
        bucket[0] += 1
        bucket[1] += units
        bucket[2] += amount or 0
    published = {
        row[:3]: [row[3], row[4], row[5] or Decimal(0)]
        for row in seller.rows(
            "SELECT day, marketplace_id, fulfillment_channel, orders, units, revenue FROM mart.sales_daily"
        )
    }
    assert published == dict(expected)
    hourly = seller.rows("SELECT sum(orders), sum(units), sum(revenue) FROM mart.sales_hourly")
    assert hourly == seller.rows("SELECT sum(orders), sum(units), sum(revenue) FROM mart.sales_daily")


def check_inventory(seller: Seller) -> None:
    states = seller.simulator.world.inventory_at(seller.clock())
    published = {
        row[:2]: row[2:]
        for row in seller.rows(
            "SELECT seller_sku, marketplace_id, fulfillable_quantity, reserved_quantity, inbound_quantity, "
            "unfulfillable_quantity, researching_quantity, total_quantity, stock_status FROM mart.inventory"
        )
    }
    assert published == {
        (s.seller_sku, s.marketplace_id): (
            s.fulfillable,
            s.reserved,
            s.inbound_total,
            s.unfulfillable,
            s.on_hand.researching,
            s.total,
            "out-of-stock" if s.fulfillable == 0 else "low-stock" if s.fulfillable < 10 else "in-stock",
        )
        for s in states
    }
    low = {(s.seller_sku, s.marketplace_id) for s in states if s.fulfillable < 10}
    assert set(seller.rows("SELECT seller_sku, marketplace_id FROM mart.low_stock")) == low
    pools = {s.pool.seller_sku: s for s in states}
    (summary,) = seller.rows(
        "SELECT total_skus, fulfillable_quantity, total_quantity FROM mart.inventory_summary "
        "WHERE marketplace_id = 'ALL'"
    )
    assert summary == (
        len(pools),
        sum(s.fulfillable for s in pools.values()),
        sum(s.total for s in pools.values()),
    )


def check_shipments(seller: Seller) -> None:
    states = seller.simulator.world.shipments_at(seller.clock())
    published = {
        row[0]: row[1:]
        for row in seller.rows(
            "SELECT shipment_id, shipment_status, shipment_name, destination_fulfillment_center, units_expected, "
            "units_received, sku_count FROM mart.inbound_shipments"
        )
    }
    assert published == {
        s.shipment_id: (
            s.status,
            s.shipment.name,
            s.shipment.destination,
            sum(item.expected for item in s.items),
            sum(item.received for item in s.items),
            len(s.items),
        )
        for s in states
    }
    items = seller.rows(
        "SELECT shipment_id, seller_sku, quantity_expected, quantity_received FROM mart.inbound_shipment_items"
    )
    assert set(items) == {
        (s.shipment_id, item.pool.seller_sku, item.expected, item.received) for s in states for item in s.items
    }
