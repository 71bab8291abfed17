"""The planning figures of a synced account equal what a plain program makes of the account's own truth."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from math import ceil, floor
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.seller import Seller, running_seller
from tests.pipeline.test_truth import wait_for_a_quiet_moment

DAY = timedelta(days=1)
LEAD, TARGET, SAFETY = 20, 30, 7
Key = tuple[str, str]
Levels = list[tuple[datetime, dict[Key, int]]]
WEIGHTS = {7: 0.5, 30: 0.3, 90: 0.2}


class Truth:
    """What is known of the account: every order, and the fulfillable units at each snapshot."""

    def __init__(self, seller: Seller, levels: Levels, as_of: datetime, known_since: datetime) -> None:
        self.levels, self.as_of, self.known_since = levels, as_of, known_since
        self.pools = {
            (s.seller_sku, s.marketplace_id): s.pool.fn_sku for s in seller.simulator.world.inventory_at(levels[-1][0])
        }
        self.sold: dict[Key, list[tuple[datetime, int]]] = defaultdict(list)
        for state in seller.simulator.world.orders_at(as_of):
            if state.status != "CANCELLED" and known_since <= state.created < as_of:
                for line in state.order.lines:
                    self.sold[line.pool.seller_sku, self.home(state, line)].append((state.created, line.quantity))

    def home(self, state: Any, line: Any) -> str:
        """Multi-Channel units count where the SKU's stock is counted."""
        if state.order.marketplace_id:
            return str(state.order.marketplace_id)
        return min(market for sku, market in self.pools if sku == line.pool.seller_sku)

    def ran_out_at(self, key: Key) -> datetime | None:
        found = None
        for (_, before), (at, now) in zip([(None, {}), *self.levels], self.levels, strict=False):
            if now[key] == 0 and before.get(key) != 0:
                found = at
        return found

    def units(self, key: Key, end: datetime, days: int) -> int:
        return sum(n for at, n in self.sold[key] if end - days * DAY <= at < end)

    def in_stock_days(self, key: Key, end: datetime, days: int) -> int:
        known = ceil((end - self.known_since) / DAY)
        return sum(self._was_in_stock(key, end - (n + 1) * DAY, end - n * DAY) for n in range(min(days, known)))

    def _was_in_stock(self, key: Key, begin: datetime, end: datetime) -> bool:
        if any(begin <= at < end for at, _ in self.sold[key]):
            return True
        absent = timedelta()
        for (at, level), (until, _) in zip(self.levels, [*self.levels[1:], (end, {})], strict=True):
            if level[key] == 0:
                absent += max(timedelta(), min(until, end) - max(at, begin))
        return absent <= DAY / 2

    def velocity(self, key: Key, end: datetime) -> tuple[bool, float]:
        known = ceil((end - self.known_since) / DAY)
        windows = {
            days: self.units(key, end, days) / in_stock
            for days in WEIGHTS
            if (in_stock := self.in_stock_days(key, end, days)) >= 3 and (days == 7 or known >= days)
        }
        if not windows:
            return False, self.units(key, end, 90) / max(self.in_stock_days(key, end, 90), min(3, known))
        return True, sum(WEIGHTS[d] * v for d, v in windows.items()) / sum(WEIGHTS[d] for d in windows)

    def daily(self, key: Key) -> float:
        """The last good value while out of stock, in ten-thousandths."""
        has_window, now = self.velocity(key, self.as_of)
        ran_out = self.ran_out_at(key)
        if ran_out and (self.levels[-1][1][key] == 0 or not has_window):
            return round(self.velocity(key, min(ran_out, self.as_of))[1], 4)
        return round(now, 4)


@pytest.mark.slow
def test_velocity_cover_and_restock_equal_the_truth(tmp_path: Path) -> None:
    settings = {
        "AMAZON_LEAD_TIME_DAYS": str(LEAD),
        "AMAZON_TARGET_COVER_DAYS": str(TARGET),
        "AMAZON_SAFETY_STOCK_DAYS": str(SAFETY),
    }
    with running_seller(tmp_path, quota_speed=1000, orders_per_day=150, settings=settings) as seller:
        levels: Levels = []
        for hours in (0, 1, 20, 55, 31, 90, 100, 24):
            seller.pass_time(hours=hours)
            if hours == 24:
                wait_for_a_quiet_moment(seller)
            at = seller.clock()
            assert seller.sync().success
            states = seller.simulator.world.inventory_at(at)
            levels.append((at, {(s.seller_sku, s.marketplace_id): s.fulfillable for s in states}))
        ((as_of,),) = seller.rows("SELECT watermark FROM mart.sync_status WHERE stream = 'orders'")
        ((known_since,),) = seller.rows(
            "SELECT min(window_start) FROM staging.staged_batches WHERE stream = 'orders_history'"
        )
        truth = Truth(seller, levels, as_of, known_since)
        assert (levels[0][0] - known_since).days == 30
        check(seller, truth)
        assert any(truth.ran_out_at(key) for key in truth.pools)


def check(seller: Seller, truth: Truth) -> None:
    daily = {key: truth.daily(key) for key in truth.pools}
    pooled: dict[str, float] = defaultdict(float)
    for key, fn_sku in truth.pools.items():
        pooled[fn_sku] += daily[key]
    rows = seller.rows(
        "SELECT v.seller_sku, v.marketplace_id, v.units_7d, v.units_30d, v.units_90d, v.in_stock_days_7d, "
        "v.in_stock_days_30d, v.in_stock_days_90d, v.daily_velocity, v.pool_velocity, v.fulfillable_quantity, "
        "v.days_of_cover, v.supply_quantity, v.reorder_point, v.restock_quantity, v.cover_status, v.is_pool_duplicate, "
        "(v.stockout_date - (i.observed_at AT TIME ZONE 'America/Los_Angeles')::DATE)::INTEGER "
        "FROM mart.sku_velocity AS v JOIN mart.inventory AS i USING (seller_id, marketplace_id, seller_sku)"
    )
    assert {row[:2] for row in rows} == set(truth.pools)
    for sku, market, *found, days_to_stock_out in rows:
        key = (sku, market)
        units, days, (own, pool, fulfillable, cover, supply, point, restock, status, is_duplicate) = (
            found[:3], found[3:6], found[6:],
        )  # fmt: skip
        assert units == [truth.units(key, truth.as_of, n) for n in WEIGHTS], key
        assert days == [truth.in_stock_days(key, truth.as_of, n) for n in WEIGHTS], key
        assert own == pytest.approx(daily[key], abs=0.00011), key
        assert pool == pytest.approx(pooled[truth.pools[key]], abs=0.0004), key
        assert fulfillable == truth.levels[-1][1][key]
        if pool == 0:
            assert (cover, restock, status) == (None, None if is_duplicate else 0, "no-sales"), key
            continue
        exact = round(pool * 10000)
        assert cover == pytest.approx(fulfillable / pool, abs=0.051), key
        assert days_to_stock_out == floor(fulfillable * 10000 / exact), key
        assert status == (
            "critical" if fulfillable < 7 * pool else "warning" if fulfillable < 21 * pool
            else "excess" if fulfillable > 90 * pool else "healthy"
        ), key  # fmt: skip
        if not is_duplicate:
            assert point == -(-exact * (LEAD + SAFETY) // 10000), key
            assert restock == max(0, -(-exact * (LEAD + TARGET + SAFETY) // 10000) - supply), key
