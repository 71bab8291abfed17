"""``backfill``: order history through reports, in the foreground, published at its end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import duckdb

from amazon_pipeline.errors import MarketplacesUnknown, SettingsError, WarehouseOutdated
from amazon_pipeline.extraction import Extraction, Fetched, Outcome, fetch_history, fetch_marketplaces, run_stream
from amazon_pipeline.extraction.history import LONGEST_WINDOW, REACH, STREAM
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import bring_up_to_date, build, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.settings import Account, Settings
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
    from amazon_pipeline.defs.session import AccountSession, Surroundings
    from amazon_pipeline.selling_partner.calls import Progress

_PATIENCE: Final = 1800  # seconds for each report; in bad hours Amazon's queue takes most of that
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
    *,
    account: str | None = None,
) -> bool:
    """Fetch the orders placed from ``since`` to ``until``, both days included, and publish them.

    Of all accounts, one after the other, or of the one with the name ``account``. Returns whether the whole span is
    there. Run again, it goes on where it stopped. A sync may run at the same time.
    Raises SettingsError, CredentialsMissing, HistoryAlreadyRunning or SyncAlreadyRunning.
    """
    # Dagster takes two seconds to import, which the other commands need not wait for
    from amazon_pipeline.defs.one_sync import only_history, only_sync  # noqa: PLC0415
    from amazon_pipeline.defs.session import AccountSession, Surroundings, describe  # noqa: PLC0415

    outside = surroundings or Surroundings()

    def show(progress: Progress) -> None:
        outside.on_progress(progress)
        if progress.kind != "wait" or progress.seconds >= _SHOWN_WAIT:
            say(f"  {describe(progress)}")

    settings.require_credentials()
    span = span_of_days(since, until, outside.clock())
    if span[0] < outside.clock() - timedelta(days=settings.retention_days):
        say(f"Orders older than AMAZON_RETENTION_DAYS ({settings.retention_days}) will be deleted again.")
    reports = math.ceil((span[1] - span[0]) / LONGEST_WINDOW)
    say(f"Orders placed from {since} to {span[1] - timedelta(days=1):%Y-%m-%d}: {reports} reports at the most.")
    patience = {"sync_budget_seconds": int(_PATIENCE * reports)}
    chosen = _chosen(settings.model_copy(update=patience), account)
    with only_history(settings):
        try:
            with open_warehouse(settings.warehouse):
                pass
        except WarehouseOutdated:
            with only_sync(settings, wait_seconds=_SYNC_MAY_TAKE):
                bring_up_to_date(settings, say)
        outcomes = []
        for one in chosen:
            if one.name:
                say(f"Account {one.name}:")
            with closing(AccountSession(one, replace(outside, on_progress=show))) as session:
                outcomes.append((one, _fetch(settings, session, span)))
        say("Taking the orders into the tables…")
        with only_sync(settings, wait_seconds=_SYNC_MAY_TAKE):
            loaded = take_in(settings, outcomes, at=outside.clock())
    say(f"{loaded.rows_valid} orders of the reports read, {loaded.rows_quarantined} quarantined, and published.")
    unfinished = [(one.name, outcome.message) for one, outcome in outcomes if outcome.status != "ok"]
    for name, message in unfinished:
        whose = f"{name}: not" if name else "Not"
        say(f"{whose} all of it is there: {message}. Run the same command again; it goes on from here.")
    return not unfinished


def _chosen(settings: Settings, name: str | None) -> tuple[Account, ...]:
    if name is None:
        return settings.accounts
    chosen = tuple(account for account in settings.accounts if account.name == name)
    if not chosen:
        known = ", ".join(account.name for account in settings.accounts if account.name) or "none; AMAZON_ACCOUNTS"
        raise SettingsError(f"--account {name}: there is no such account ({known}).")
    return chosen


def _fetch(settings: Settings, account: AccountSession, span: tuple[datetime, datetime]) -> Outcome:
    with open_warehouse(settings.warehouse) as connection:
        claim(connection, settings)

    def fetch(extraction: Extraction, fetched: Fetched) -> None:
        with open_warehouse(settings.warehouse) as connection:
            ids = (
                account.settings.marketplace_ids
                or marketplace_ids(connection, account.seller_id)
                or _ask_for_marketplaces(connection, extraction)
            )
        fetch_history(extraction, fetched, marketplace_ids=ids, since=span[0], until=span[1])

    return run_stream(STREAM, account.extraction, fetch)


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


def take_in(settings: Settings, outcomes: Sequence[tuple[Account, Outcome]], *, at: datetime) -> Loaded:
    """Stage and merge the landed history, make the marts anew and publish them. The caller holds the sync lock."""
    with open_warehouse(settings.warehouse) as connection:
        loaded = Loaded()
        for account, outcome in outcomes:
            seller_id = account.seller_id
            record_outcome(connection, seller_id, outcome)
            more = stage_landed(connection, Landing(settings.landing_dir, seller_id), STREAM, seller_id)
            record_quarantined(connection, seller_id, STREAM, more.rows_quarantined)
            loaded = loaded.plus(more)
        merge_orders(connection)
        read_planning(connection, settings)
        for name in DERIVED:
            build(connection, name)
        is_worth_publishing = has_any_success(connection)
    if is_worth_publishing:
        publish(
            settings.warehouse,
            settings.published_path,
            seller_ids=settings.seller_ids,
            source=settings.source,
            at=at,
        )
    return loaded
