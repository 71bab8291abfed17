"""``rebuild``: the whole warehouse from the landed pages, without calling Amazon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from amazon_pipeline.errors import WarehouseUnavailable
from amazon_pipeline.extraction import Fetched, Outcome
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import build, merge_inbound, merge_inventory, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import claim, open_warehouse, publish, record_outcome, record_quarantined, stage_landed
from amazon_pipeline.warehouse.load import STAGERS


def rebuild(settings: Settings, say: Callable[[str], None]) -> bool:
    """Make a new working file beside the old one, put it in its place, publish it.

    Until it is whole the old one stays. Raises SyncAlreadyRunning, LandingCorrupt, WarehouseUnavailable.
    """
    # Dagster takes two seconds to import, which the other commands need not wait for
    from amazon_pipeline.defs.session import only_sync  # noqa: PLC0415

    seller_id = settings.credentials().seller_id
    fresh = settings.warehouse_path.with_name("rebuilt.duckdb")
    with only_sync(settings):
        _remove(fresh)
        landing = Landing(settings.landing_dir, seller_id)
        with open_warehouse(fresh) as connection:
            claim(connection, seller_id, settings.source)
            for stream in STAGERS:
                _stage(connection, landing, stream, seller_id, say)
            for problem in read_planning(connection, settings):
                say(problem)
            merge_orders(connection)
            merge_inventory(connection)
            merge_inbound(connection)
            for name in DERIVED:
                build(connection, name)
            connection.execute("CHECKPOINT")
        _remove(settings.warehouse_path.with_name(settings.warehouse_path.name + ".wal"))
        fresh.replace(settings.warehouse_path)
        publication = publish(
            settings.warehouse_path,
            settings.published_path,
            seller_id=seller_id,
            source=settings.source,
            at=datetime.now(UTC),
        )
    say(f"The warehouse is rebuilt and published as {publication.path.name}.")
    return True


def _stage(
    connection: duckdb.DuckDBPyConnection, landing: Landing, stream: str, seller_id: str, say: Callable[[str], None]
) -> None:
    batches = landing.batches(stream)
    closed = [batch.manifest.closed_at for batch in batches if batch.manifest.status == "complete"]
    newest = max((moment for moment in closed if moment is not None), default=None)
    if not batches:
        return
    record_outcome(connection, seller_id, Outcome(stream, "ok", None, newest, Fetched(), 0, 0, 0.0))
    loaded = stage_landed(connection, landing, stream, seller_id)
    record_quarantined(connection, seller_id, stream, loaded.rows_quarantined)
    say(f"{stream}: {loaded.pages} pages, {loaded.rows_valid} rows, {loaded.rows_quarantined} quarantined")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WarehouseUnavailable(f"{path} cannot be removed: {error}") from error
