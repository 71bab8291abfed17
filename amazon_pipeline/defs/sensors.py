"""The sensors: low-stock alerts, and word of syncs that died."""

from __future__ import annotations

import dagster as dg

from amazon_pipeline.alerts import raise_low_stock_alert
from amazon_pipeline.defs.session import FOREGROUND_TAG, UNFINISHED, end_dead_runs, only_sync
from amazon_pipeline.errors import SyncAlreadyRunning
from amazon_pipeline.events import EventLog
from amazon_pipeline.selling_partner.client import utc_now
from amazon_pipeline.settings import Settings

LOW_STOCK = dg.AssetKey(["mart", "low_stock"])


def low_stock_alerts(settings: Settings) -> dg.SensorDefinition:
    """After each published file: one alert for the SKUs that newly became low or out."""

    @dg.sensor(
        name="low_stock_alerts",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=15,
        description="Writes amazon-low-stock-alert for SKUs whose status newly became low or out; never twice.",
    )
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not settings.published_path.exists():
            return dg.SkipReason("Nothing is published yet.")
        newest = settings.published_path.resolve().name
        if newest == context.cursor:
            return dg.SkipReason(f"Nothing new since {newest}.")
        alert = raise_low_stock_alert(settings.published_path, EventLog(settings.state_path), at=utc_now())
        if alert is None:
            return dg.SensorResult(skip_reason=dg.SkipReason(f"No SKU newly low in {newest}."), cursor=newest)
        return dg.SensorResult(
            skip_reason=dg.SkipReason(f"{alert.count} SKUs newly low or out: alert {alert.event_id} written."),
            cursor=newest,
            asset_events=[
                dg.AssetObservation(
                    LOW_STOCK,
                    description=f"{alert.count} SKUs newly low or out",
                    metadata={
                        "count": alert.count,
                        "event_id": alert.event_id,
                        "items": dg.MetadataValue.json(alert.items),
                    },
                )
            ],
        )

    return sensor


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
        if not in_foreground and not EventLog(settings.state_path).unfinished_runs():
            return dg.SkipReason("No sync is open.")
        try:
            with only_sync(settings):
                dead = end_dead_runs(settings, context.instance)
        except SyncAlreadyRunning as running:
            return dg.SkipReason(f"Sync {running.run_id[:8]} is running.")
        return dg.SkipReason(f"Ended {len(dead)} syncs that had died: {', '.join(run_id[:8] for run_id in dead)}.")

    return sensor
