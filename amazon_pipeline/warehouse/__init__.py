"""The warehouse, a DuckDB file or a DuckLake, which only the pipeline opens, and the snapshots published from it."""

from amazon_pipeline.warehouse.connection import (
    checkpoint,
    from_microseconds,
    open_as_found,
    open_warehouse,
    transaction,
)
from amazon_pipeline.warehouse.filling import fill_lake
from amazon_pipeline.warehouse.kept_open import KeptOpen
from amazon_pipeline.warehouse.load import Loaded, stage_landed
from amazon_pipeline.warehouse.migration import Migration, migrate
from amazon_pipeline.warehouse.publish import Publication, publish
from amazon_pipeline.warehouse.quarantine import count_asked_again, orders_to_ask_again, replay_quarantined_orders
from amazon_pipeline.warehouse.retention import purge
from amazon_pipeline.warehouse.status import (
    claim,
    has_any_success,
    known_shipments,
    lost_windows,
    marketplace_ids,
    reached,
    record_invalid,
    record_outcome,
    record_quarantined,
    stream_watermark,
    sync_rows,
    unreadable_batches,
)
from amazon_pipeline.warehouse.tidying import tidy_lake

__all__ = [
    "KeptOpen",
    "Loaded",
    "Migration",
    "Publication",
    "checkpoint",
    "claim",
    "count_asked_again",
    "fill_lake",
    "from_microseconds",
    "has_any_success",
    "known_shipments",
    "lost_windows",
    "marketplace_ids",
    "migrate",
    "open_as_found",
    "open_warehouse",
    "orders_to_ask_again",
    "publish",
    "purge",
    "reached",
    "record_invalid",
    "record_outcome",
    "record_quarantined",
    "replay_quarantined_orders",
    "stage_landed",
    "stream_watermark",
    "sync_rows",
    "tidy_lake",
    "transaction",
    "unreadable_batches",
]
