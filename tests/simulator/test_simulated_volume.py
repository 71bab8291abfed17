"""An account of 40,000 changes a day answers a window of fifteen minutes as it stands, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import inf

import httpx
import pytest

from amazon_pipeline.simulator.clock import ManualClock
from amazon_pipeline.simulator.server import RunningSimulator
from tests.simulator.visitor import NOW, Visitor, visit

ORDERS_A_DAY = 12_500
"""Each changes 3.2 times on average."""


@pytest.fixture(scope="module")
def large() -> Iterator[Visitor]:
    clock = ManualClock(NOW)
    with RunningSimulator(clock=clock, orders_per_day=ORDERS_A_DAY, quota_speed=inf, history_days=13) as simulator:
        for visitor in visit(simulator):
            visitor.http.timeout = httpx.Timeout(60)  # the account's days are made once, by the first questions
            yield visitor


def window(minutes_ago: int) -> dict[str, str]:
    end = NOW - timedelta(minutes=minutes_ago)
    return {"lastUpdatedAfter": (end - timedelta(minutes=15)).isoformat(), "lastUpdatedBefore": end.isoformat()}


@pytest.mark.slow
def test_every_order_of_a_window_comes_once_and_in_the_order_of_its_change(large: Visitor) -> None:
    orders = large.all_orders(**window(2))
    times = [order["lastUpdatedTime"] for order in orders]
    assert len({order["orderId"] for order in orders}) == len(orders) > 300
    assert times == sorted(times)


@pytest.mark.slow
def test_windows_that_touch_bring_every_order_that_changed(large: Visitor) -> None:
    found = {order["orderId"] for ago in (2, 17) for order in large.all_orders(**window(ago))}
    begin, end = NOW - timedelta(minutes=32), NOW - timedelta(minutes=2)
    states = large.simulator.world.orders_at(NOW)
    assert found == {one.order_id for one in states if begin <= one.last_updated <= end}
