"""The sensors: low-stock alerts, trouble of the sync, and word of syncs that died."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import dagster as dg

from amazon_pipeline.alerts import (
    OVERDUE,
    AlertBook,
    Attempt,
    LowStockAlert,
    Watch,
    deliver_stock_alerts,
    deliver_sync_alerts,
    open_channels,
    raise_low_stock_alert,
    stock_changes,
    stock_status,
    sync_changes,
    sync_verdict,
)
from amazon_pipeline.defs.asset_published import SYNCED_LATELY
from amazon_pipeline.defs.one_sync import FOREGROUND_TAG, UNFINISHED, end_dead_runs, only_sync
from amazon_pipeline.errors import SyncAlreadyRunning
from amazon_pipeline.events import EventLog
from amazon_pipeline.settings import Settings

LOW_STOCK = dg.AssetKey(["mart", "low_stock"])
_PUBLISHED: Final = dg.AssetKey("published")


def low_stock_alerts(settings: Settings, clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """After each published file: one alert for the SKUs that newly became low or out, and a digest to each channel."""
    channels = open_channels(settings.alert_urls)

    @dg.sensor(
        name="low_stock_alerts",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Writes amazon-low-stock-alert for SKUs whose status newly became low or out, never twice; tells "
        "the channels of ALERT_URLS what changed, once each, and tries again while one is down.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not settings.published_path.exists():
            return dg.SkipReason("Nothing is published yet.")
        newest, now, book = settings.published_path.resolve().name, clock(), AlertBook(settings.state)
        said, alert = [f"Nothing new since {newest}."], None
        if newest != context.cursor:
            alert = raise_low_stock_alert(settings.published_path, EventLog(settings.state), at=now)
            status = stock_status(settings.published_path)
            book.record("stock", lambda open_alerts: stock_changes(open_alerts, status), at=now)
            said = [f"No SKU newly low in {newest}."]
        attempts = deliver_stock_alerts(
            book,
            channels,
            settings.published_path,
            at=now,
            owners=settings.account_names,
            is_simulated=settings.source == "simulator",
        )
        if alert is not None:
            said = [f"{alert.count} SKUs newly low or out: alert {alert.event_id} written."]
        return dg.SensorResult(
            skip_reason=dg.SkipReason(" ".join([*said, *(f"{one}." for one in attempts)])),
            cursor=newest,
            asset_events=_stock_observations(alert, attempts),
        )

    return sensor


def sync_incidents(settings: Settings, clock: Callable[[], datetime]) -> dg.SensorDefinition:
    """Tells the channels once when syncs begin to fail or stay away, and once when one completes again."""
    channels = open_channels(settings.alert_urls)

    @dg.sensor(
        name="sync_incidents",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Tells the channels of ALERT_URLS once when the sync fails or is overdue, and once it is over.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        now, book = clock(), AlertBook(settings.state)
        watch = Watch.resumed(context.cursor, now)
        verdict = sync_verdict(
            EventLog(settings.state),
            watch,
            now=now,
            budget=timedelta(seconds=settings.sync_budget_seconds),
            is_expected=not settings.missing_credentials,
        )
        said = ["The sync is well." if verdict and not verdict.streams else "No sync has ended lately."]
        late: list[dg.AssetCheckEvaluation] = []
        if verdict is not None:
            changes = book.record("sync", lambda open_alerts: sync_changes(open_alerts, verdict), at=verdict.at)
            late = [_late(verdict.sentence)] if changes and OVERDUE in verdict.streams else []
            if verdict.streams:
                said = [f"Trouble ({', '.join(sorted(verdict.streams))}): {verdict.sentence}"]
        attempts = deliver_sync_alerts(book, channels, at=now, is_simulated=settings.source == "simulator")
        return dg.SensorResult(
            skip_reason=dg.SkipReason(" ".join([*said, *(f"{one}." for one in attempts)])),
            cursor=watch.cursor,
            asset_events=[
                *late,
                *([_observation(_PUBLISHED, "Alert of the sync", _told(attempts))] if attempts else []),
            ],
        )

    return sensor


def _late(why: str | None) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(asset_key=_PUBLISHED, check_name=SYNCED_LATELY, passed=False, description=why)


def _stock_observations(alert: LowStockAlert | None, attempts: Sequence[Attempt]) -> list[dg.AssetObservation]:
    metadata: dict[str, Any] = {}
    if alert is not None:
        metadata = {"count": alert.count, "event_id": alert.event_id, "items": dg.MetadataValue.json(alert.items)}
    if not alert and not attempts:
        return []
    title = f"{alert.count} SKUs newly low or out" if alert else "Alerts of stock"
    return [_observation(LOW_STOCK, title, {**metadata, **_told(attempts)})]


def _observation(key: dg.AssetKey, description: str, metadata: dict[str, Any]) -> dg.AssetObservation:
    return dg.AssetObservation(key, description=description, metadata=metadata)


def _told(attempts: Sequence[Attempt]) -> dict[str, Any]:
    return {"channels": dg.MetadataValue.json([str(one) for one in attempts])} if attempts else {}


def sync_watchdog(settings: Settings) -> dg.SensorDefinition:
    """Ends what a killed sync left open: its run in Dagster, and for the dashboard an ``amazon-sync-error``."""

    @dg.sensor(
        name="sync_watchdog",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Marks syncs whose process died as failed and tells the dashboard.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        in_foreground = context.instance.get_run_records(
            dg.RunsFilter(tags=FOREGROUND_TAG, statuses=UNFINISHED), limit=1
        )
        if not in_foreground and not EventLog(settings.state).unfinished_runs():
            return dg.SkipReason("No sync is open.")
        try:
            with only_sync(settings):
                dead = end_dead_runs(settings, context.instance)
        except SyncAlreadyRunning as running:
            return dg.SkipReason(f"Sync {running.run_id[:8]} is running.")
        return dg.SkipReason(f"Ended {len(dead)} syncs that had died: {', '.join(run_id[:8] for run_id in dead)}.")

    return sensor
