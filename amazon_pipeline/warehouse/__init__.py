"""The working DuckDB file, which only the pipeline opens, and the snapshots published from it."""

from amazon_pipeline.warehouse.connection import from_microseconds, open_file, open_warehouse, transaction
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

__all__ = [
    "KeptOpen",
    "Loaded",
    "Migration",
    "Publication",
    "claim",
    "count_asked_again",
    "from_microseconds",
    "has_any_success",
    "known_shipments",
    "lost_windows",
    "marketplace_ids",
    "migrate",
    "open_file",
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
    "transaction",
    "unreadable_batches",
]
