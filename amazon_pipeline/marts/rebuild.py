"""The working file made anew from the landed pages, and an older one brought up to date.

What an older file lacks is made in place where it can be (``warehouse/migration.py``), and else the whole file is made
from the landed pages beside the old one, and takes its place once it is whole.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.errors import WarehouseUnavailable
from amazon_pipeline.extraction import Fetched, Outcome
from amazon_pipeline.lakes import Lake
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts.build import DERIVED, build, merge_inbound, merge_inventory, merge_orders, merge_shopify
from amazon_pipeline.marts.planning import read_planning
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import (
    checkpoint,
    claim,
    fill_lake,
    migrate,
    open_as_found,
    open_warehouse,
    record_outcome,
    record_quarantined,
    stage_landed,
)
from amazon_pipeline.warehouse.load import STAGERS, STORE_STAGERS

_DERIVED: Final = frozenset(f"mart.{name}" for name in DERIVED)


def bring_up_to_date(settings: Settings, say: Callable[[str], None]) -> None:
    """Give the working file this program's tables; the marts that were emptied are filled by the next sync.

    The caller holds the sync lock. Raises WarehouseUnavailable for a file of a newer program, or one that would lose
    orders; the file is then as it was.
    """
    where = settings.warehouse
    what = f"The warehouse in {where}" if isinstance(where, Lake) else f"The working file {where}"
    migration = migrate(where, derived=_DERIVED)
    if migration is None:
        return
    if not migration.outgrown:
        say(f"{_brief(where)} had the tables of {migration.made_by} and is up to date now.")
        return
    say(
        f"{_brief(where)} has the tables of {migration.made_by} and is made again from the landed pages: "
        f"{'; '.join(migration.outgrown)}."
    )
    with open_as_found(where) as connection:
        claim(connection, settings)
        before = _orders(connection)
    fresh = rebuild_beside(settings, say)
    with open_warehouse(fresh) as connection:
        after = _orders(connection)
    if after < before:
        raise WarehouseUnavailable(
            f"{what} cannot be brought up to date without losing {before - after} of its {before} "
            f"orders, whose landed pages are gone. Restore {settings.landing_dir} from a backup, or run "
            "amazon-pipeline rebuild to go on with what is there."
        )
    put_in_place(fresh, where)


def rebuild_beside(settings: Settings, say: Callable[[str], None]) -> Path:
    """Make a new working file from the landed pages of the settings' accounts, beside the one that is there.

    Returns its path. Raises CredentialsMissing where the settings name no seller.
    """
    fresh = settings.warehouse_path.with_name("rebuilt.duckdb")
    _remove(fresh)
    with open_warehouse(fresh) as connection:
        claim(connection, settings)
        for seller_id in settings.seller_ids:
            landing = Landing(settings.landing_dir, seller_id)
            for stream in STAGERS:
                _stage(connection, landing, stream, seller_id, say)
        for store in settings.shopify_stores:
            landing = Landing(settings.landing_dir, store.domain)
            for stream in STORE_STAGERS:
                _stage(connection, landing, stream, store.domain, say)
        for problem in read_planning(connection, settings):
            say(problem)
        merge_orders(connection)
        merge_inventory(connection)
        merge_inbound(connection)
        merge_shopify(connection)
        for name in DERIVED:
            build(connection, name)
        checkpoint(connection)
    return fresh


def put_in_place(fresh: Path, where: Path | Lake) -> None:
    """Let a file that is whole take the place of the working file, or its rows the place of the lake's."""
    if isinstance(where, Lake):
        fill_lake(where, fresh)
        _remove(fresh)
        return
    _remove(where.with_name(where.name + ".wal"))
    fresh.replace(where)


def _stage(
    connection: duckdb.DuckDBPyConnection, landing: Landing, stream: str, seller_id: str, say: Callable[[str], None]
) -> None:
    batches = landing.batches(stream)
    closed = [batch.manifest.closed_at for batch in batches if batch.manifest.status == "complete"]
    newest = max((moment for moment in closed if moment is not None), default=None)
    if not batches:
        return
    # an answer without a page is that of an account that has no such stream (a store without Shopify Payments)
    status: Final = "ok" if any(batch.manifest.pages for batch in batches) else "not-available"
    record_outcome(connection, seller_id, Outcome(stream, status, None, newest, Fetched(), 0, 0, 0.0))
    loaded = stage_landed(connection, landing, stream, seller_id)
    record_quarantined(connection, seller_id, stream, loaded.rows_quarantined)
    say(f"{stream}: {loaded.pages} pages, {loaded.rows_valid} rows, {loaded.rows_quarantined} quarantined")
    for sentence in loaded.unreadable:
        say(sentence)


def _brief(where: Path | Lake) -> str:
    return f"The warehouse in {where}" if isinstance(where, Lake) else "The working file"


def _orders(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM mart.orders").fetchone()
    return int(row[0]) if row else 0


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
    except OSError as error:
        raise WarehouseUnavailable(f"{path} cannot be removed: {error}") from error
