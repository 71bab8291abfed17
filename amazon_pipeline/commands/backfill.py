"""``backfill``: order history through reports, in the foreground, published at its end."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import duckdb

from amazon_pipeline.errors import MarketplacesUnknown, SettingsError, WarehouseOutdated
from amazon_pipeline.extraction import Extraction, Outcome, fetch_history, fetch_marketplaces, run_stream
from amazon_pipeline.extraction.history import LONGEST_WINDOW, REACH, STREAM
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import bring_up_to_date, build, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.selling_partner.client import open_selling_partner
from amazon_pipeline.selling_partner.quota import Budget
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import (
    Loaded,
    claim,
    has_any_success,
    marketplace_ids,
    open_warehouse,
    publish,
    record_outcome,
    record_quarantined,
    stage_landed,
)

if TYPE_CHECKING:
    from amazon_pipeline.defs.session import Surroundings
    from amazon_pipeline.selling_partner.calls import Progress

_PATIENCE: Final = 1800.0  # seconds for each report; in bad hours Amazon's queue takes most of that
_SYNC_MAY_TAKE: Final = 1800.0  # seconds
_SHOWN_WAIT: Final = 1.0  # seconds; shorter waits are the rhythm of a quota, not news


def span_of_days(since: date, until: date | None, now: datetime) -> tuple[datetime, datetime]:
    """[start of ``since``, end of ``until``), UTC days, ``until`` today if None.

    Raises SettingsError for a span that ends before it starts, or that is not within the two years Amazon keeps.
    """
    today = now.astimezone(UTC).date()
    last = min(until or today, today)
    if until is not None and until < since:
        raise SettingsError(f"--until {until} is before --since {since}: the first day comes first.")
    if since > today:
        raise SettingsError(f"--since {since} is in the future.")
    earliest = today - REACH
    if since < earliest:
        raise SettingsError(f"--since {since} is more than two years ago: Amazon keeps orders since {earliest}.")
    start = datetime.combine(since, time(), UTC)
    return start, datetime.combine(last, time(), UTC) + timedelta(days=1)


def backfill(
    settings: Settings,
    since: date,
    until: date | None,
    say: Callable[[str], None],
    surroundings: Surroundings | None = None,
) -> bool:
    """Fetch the orders placed from ``since`` to ``until``, both days included, and publish them.

    Returns whether the whole span is there. Run again, it goes on where it stopped. A sync may run at the same time.
    Raises SettingsError, CredentialsMissing, HistoryAlreadyRunning or SyncAlreadyRunning.
    """
    # Dagster takes two seconds to import, which the other commands need not wait for
    from amazon_pipeline.defs.assets_history import only_history  # noqa: PLC0415
    from amazon_pipeline.defs.session import Surroundings, describe, only_sync  # noqa: PLC0415

    outside = surroundings or Surroundings()

    def show(progress: Progress) -> None:
        outside.on_progress(progress)
        if progress.kind != "wait" or progress.seconds >= _SHOWN_WAIT:
            say(f"  {describe(progress)}")

    seller_id = settings.credentials().seller_id
    span = span_of_days(since, until, outside.clock())
    if span[0] < outside.clock() - timedelta(days=settings.retention_days):
        say(f"Orders older than AMAZON_RETENTION_DAYS ({settings.retention_days}) will be deleted again.")
    reports = math.ceil((span[1] - span[0]) / LONGEST_WINDOW)
    say(f"Orders placed from {since} to {span[1] - timedelta(days=1):%Y-%m-%d}: {reports} reports at the most.")
    budget = Budget(_PATIENCE * reports, outside.monotonic)
    with only_history(settings):
        try:
            with open_warehouse(settings.warehouse_path):
                pass
        except WarehouseOutdated:
            with only_sync(settings, wait_seconds=_SYNC_MAY_TAKE):
                bring_up_to_date(settings, say)
        with open_selling_partner(
            settings, budget=budget, on_progress=show, clock=outside.clock, sleep=outside.sleep
        ) as client:
            landing = Landing(settings.landing_dir, seller_id)
            extraction = Extraction(client, landing, seller_id, settings.source, outside.clock)
            outcome = _fetch(settings, extraction, span)
        say("Taking the orders into the tables…")
        with only_sync(settings, wait_seconds=_SYNC_MAY_TAKE):
            loaded = take_in(settings, seller_id, outcome, at=outside.clock())
    say(f"{loaded.rows_valid} orders of the reports read, {loaded.rows_quarantined} quarantined, and published.")
    if outcome.status != "ok":
        say(f"Not all of it is there: {outcome.message}. Run the same command again; it goes on from here.")
    return outcome.status == "ok"


def _fetch(settings: Settings, extraction: Extraction, span: tuple[datetime, datetime]) -> Outcome:
    with open_warehouse(settings.warehouse_path) as connection:
        claim(connection, extraction.seller_id, settings.source)
        ids = settings.marketplace_ids or marketplace_ids(connection, extraction.seller_id)
        if not ids:
            ids = _ask_for_marketplaces(connection, extraction)
    fetch = partial(fetch_history, marketplace_ids=ids, since=span[0], until=span[1])
    return run_stream(STREAM, lambda: extraction, fetch)


def _ask_for_marketplaces(connection: duckdb.DuckDBPyConnection, extraction: Extraction) -> tuple[str, ...]:
    """Before the first sync nobody has asked where the seller sells, which Amazon wants to be told with each report."""
    outcome = run_stream("marketplaces", lambda: extraction, fetch_marketplaces)
    if outcome.error:
        raise outcome.error
    record_outcome(connection, extraction.seller_id, outcome)
    stage_landed(connection, extraction.landing, "marketplaces", extraction.seller_id)
    found = marketplace_ids(connection, extraction.seller_id)
    if not found:
        raise MarketplacesUnknown("Amazon names no marketplace of this seller. Set AMAZON_MARKETPLACE_IDS.")
    return found


def take_in(settings: Settings, seller_id: str, outcome: Outcome, *, at: datetime) -> Loaded:
    """Stage and merge the landed history, make the marts anew and publish them. The caller holds the sync lock."""
    with open_warehouse(settings.warehouse_path) as connection:
        record_outcome(connection, seller_id, outcome)
        loaded = stage_landed(connection, Landing(settings.landing_dir, seller_id), STREAM, seller_id)
        record_quarantined(connection, seller_id, STREAM, loaded.rows_quarantined)
        merge_orders(connection)
        read_planning(connection, settings)
        for name in DERIVED:
            build(connection, name)
        is_worth_publishing = has_any_success(connection, seller_id)
    if is_worth_publishing:
        publish(settings.warehouse_path, settings.published_path, seller_id=seller_id, source=settings.source, at=at)
    return loaded
