"""``sync``: one full sync in the foreground, with progress."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from amazon_pipeline.commands.dagster_home import dagster_environment, prepare_dagster_home
from amazon_pipeline.settings import Settings

if TYPE_CHECKING:
    from amazon_pipeline.selling_partner.calls import Progress

_SHOWN_WAIT: Final = 1.0  # seconds; shorter waits are the rhythm of a quota, not news


def sync_now(settings: Settings, say: Callable[[str], None]) -> bool:
    """Sync, telling each page and how each stream ended. Returns whether all streams were refreshed.

    Raises CredentialsMissing or SyncAlreadyRunning before anything is asked of Amazon.
    """
    settings.require_credentials()
    os.environ.update({"DAGSTER_HOME": str(prepare_dagster_home(settings)), **dagster_environment(settings)})
    # Dagster takes two seconds to import, which the other commands need not wait for
    from amazon_pipeline.definitions import build_definitions  # noqa: PLC0415
    from amazon_pipeline.defs.foreground import sync_in_foreground  # noqa: PLC0415
    from amazon_pipeline.defs.session import Surroundings, describe  # noqa: PLC0415
    from amazon_pipeline.warehouse import open_warehouse, sync_rows  # noqa: PLC0415

    def show(progress: Progress) -> None:
        if progress.kind != "wait" or progress.seconds >= _SHOWN_WAIT:
            say(f"  {describe(progress)}")

    definitions = build_definitions(settings, Surroundings(on_progress=show))
    done = sync_in_foreground(settings, definitions)
    with open_warehouse(settings.warehouse) as connection:
        rows = [
            (name, row)
            for name, seller_id in (
                *((account.name, account.seller_id) for account in settings.accounts),
                *((store.name, store.domain) for store in settings.shopify_stores),
            )
            for row in sync_rows(connection, seller_id)
        ]
    for account_name, row in rows:
        counts = f"{row.rows_changed} rows changed, {row.api_calls} calls"
        if row.rows_quarantined:
            counts += f", {row.rows_quarantined} rows quarantined"
        whose = f"{account_name}: " if account_name else ""
        say(f"{whose}{row.stream}: {row.status}, {counts}" + (f". {row.message}" if row.message else ""))
    if done.step_error and not any(row.status == "failed" for _, row in rows):
        say(f"The sync stopped: {done.step_error}")
    say(f"Sync {done.run_id[:8]} " + ("is done." if done.is_success else "has failed."))
    return done.is_success
