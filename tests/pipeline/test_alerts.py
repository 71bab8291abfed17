"""From a whole sync to the message people get."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from amazon_pipeline.definitions import build_definitions
from tests.pipeline.seller import Answer, Seller, refuse, running_seller
from tests.unit.alerts.inboxes import http_inbox


@pytest.mark.slow
def test_a_sync_tells_a_channel_what_is_low_and_which_stream_failed_once_each(tmp_path: Path) -> None:
    def no_inbound(path: str, _headers: dict[str, str]) -> Answer | None:
        return refuse(403, "Unauthorized") if "/inbound/" in path else None

    with (
        http_inbox() as inbox,
        running_seller(
            tmp_path, fault=no_inbound, settings={"ALERT_URLS": inbox.url}, quota_speed=1000, orders_per_day=150
        ) as seller,
    ):
        for _ in range(2):
            seller.sync()
            for name in ("low_stock_alerts", "sync_incidents"):
                _tick(seller, name)
        low = seller.rows("SELECT seller_sku FROM mart.low_stock WHERE NOT is_pool_duplicate")
        assert len(low) > 1
        assert [title.partition(":")[0] for title in inbox.titles] == [
            "[simulated] Amazon stock",
            "[simulated] Amazon sync",
        ]
        assert inbox.titles[1] == "[simulated] Amazon sync: inbound shipments failing"
        assert {sku for (sku,) in low if sku in inbox.messages[0][1]}
        assert seller.event_names().count("amazon-low-stock-alert") == 1


def test_a_check_turns_red_once_when_no_sync_has_completed_within_two_schedules(tmp_path: Path) -> None:
    with running_seller(tmp_path, quota_speed=1000) as seller:
        assert seller.sync().success
        told: list[dg.AssetCheckEvaluation] = []
        cursor = None
        for _ in range(12):
            tick = _tick(seller, "sync_incidents", cursor)
            told += [event for event in tick.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
            cursor = tick.cursor
            seller.pass_time(minutes=4)
        (red,) = told
        assert (red.asset_key, red.check_name, red.passed) == (dg.AssetKey("published"), "synced_lately", False)
        assert "No sync has completed since 2026-11-20 15:0" in str(red.description)


def _tick(seller: Seller, name: str, cursor: str | None = None) -> SensorExecutionData:
    sensor = build_definitions(seller.settings, seller.surroundings).get_repository_def().get_sensor_def(name)
    return sensor.evaluate_tick(dg.build_sensor_context(instance=seller.instance, cursor=cursor))
