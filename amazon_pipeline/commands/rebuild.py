"""``rebuild``: the whole warehouse from the landed pages, without calling Amazon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from amazon_pipeline.marts.rebuild import put_in_place, rebuild_beside
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import publish


def rebuild(settings: Settings, say: Callable[[str], None]) -> bool:
    """Make a new working file beside the old one, put it in its place, publish it.

    Until it is whole the old one stays. Raises SyncAlreadyRunning, LandingUnavailable, WarehouseUnavailable.
    """
    # Dagster takes two seconds to import, which the other commands need not wait for
    from amazon_pipeline.defs.one_sync import only_sync  # noqa: PLC0415

    settings.require_credentials()
    with only_sync(settings):
        put_in_place(rebuild_beside(settings, say), settings.warehouse)
        publication = publish(
            settings.warehouse,
            settings.published_path,
            seller_ids=settings.seller_ids,
            source=settings.source,
            at=datetime.now(UTC),
        )
    say(f"The warehouse is rebuilt and published as {publication.path.name}.")
    return True
