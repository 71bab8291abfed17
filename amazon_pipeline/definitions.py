"""What Dagster loads. ``defs`` reads the settings when Dagster asks for it; nothing happens at import."""

from __future__ import annotations

import dagster as dg

from amazon_pipeline.defs.asset_published import published_asset
from amazon_pipeline.defs.assets_history import history_assets, history_resource
from amazon_pipeline.defs.assets_marts import mart_assets
from amazon_pipeline.defs.assets_raw import raw_assets
from amazon_pipeline.defs.assets_shopify import shopify_assets
from amazon_pipeline.defs.assets_staging import staging_assets
from amazon_pipeline.defs.executors import chosen_executor
from amazon_pipeline.defs.metadata import with_code_links
from amazon_pipeline.defs.sensors import low_stock_alerts, sync_incidents, sync_watchdog
from amazon_pipeline.defs.session import Surroundings, sync_resource
from amazon_pipeline.defs.sync_job import month_job, stream_jobs, sync_job, sync_schedule
from amazon_pipeline.defs.upkeep import purge_schedule, upkeep_jobs
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.settings import Settings, load_settings


def build_definitions(settings: Settings, surroundings: Surroundings | None = None) -> dg.Definitions:
    """The whole code location for these settings; ``surroundings`` are the real ones if not given."""
    surroundings = surroundings or Surroundings()
    executor = chosen_executor(settings)
    job = sync_job(settings, executor)
    upkeep = upkeep_jobs()
    return dg.Definitions(
        assets=with_code_links(
            [
                *raw_assets(),
                *history_assets(surroundings.clock()),
                *(shopify_assets() if settings.shopify_stores else []),
                *staging_assets(has_stores=bool(settings.shopify_stores)),
                *mart_assets(has_stores=bool(settings.shopify_stores)),
                published_asset(),
            ]
        ),
        jobs=[job, *stream_jobs(settings, executor), month_job(), *upkeep],
        schedules=[sync_schedule(settings, job), purge_schedule(upkeep[0])],
        sensors=[
            low_stock_alerts(settings, surroundings.clock),
            sync_incidents(settings, surroundings.clock),
            sync_watchdog(settings),
        ],
        resources={
            "sync": sync_resource(settings, surroundings),
            "history": history_resource(settings, surroundings),
            "warehouse": WarehouseResource.of(settings.warehouse),
        },
        executor=executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The code location of this machine's settings. Raises SettingsError, naming what is wrong."""
    return build_definitions(load_settings())
