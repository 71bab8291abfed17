"""Asset ``published``: the snapshot readers open, and the word that it is there."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import dagster as dg
from dagster import AssetExecutionContext

from amazon_pipeline.defs.assets_staging import WRITE_POOL
from amazon_pipeline.defs.metadata import EACH_SYNC, OWNERS, as_markdown
from amazon_pipeline.defs.sentences import failure_sentence
from amazon_pipeline.defs.session import SyncSession
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.marts import sync_summary
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.warehouse import has_any_success, publish, sync_rows

ALL_STREAMS: Final = "all_streams_refreshed"
SYNCED_LATELY: Final = "synced_lately"
_KEY: Final = dg.AssetKey("published")


def published_asset() -> dg.AssetsDefinition:
    """The last step of a sync."""

    @dg.asset(
        key=_KEY,
        group_name="published",
        description="One row per published file: the read-only amazon.duckdb that analysts and the API open.",
        kinds={"duckdb"},
        freshness_policy=EACH_SYNC,
        owners=OWNERS,
        deps=[dg.AssetKey(["mart", name]) for name in MART_TABLES],
        check_specs=[
            dg.AssetCheckSpec(
                ALL_STREAMS,
                asset=_KEY,
                blocking=True,
                description="Every stream was refreshed by this sync. If not, the others were published all the same.",
            ),
            dg.AssetCheckSpec(
                SYNCED_LATELY,
                asset=_KEY,
                description="A sync has completed within two schedules. The sensor sync_incidents turns this red.",
            ),
        ],
        pool=WRITE_POOL,
    )
    def published(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult]:
        settings = sync.settings
        with sync.step(context):
            with warehouse.get_connection() as connection:
                summary = sync_summary(connection, settings.reporting_currency)
                failed = [
                    (account.name, row.stream, row.message)
                    for account in sync.sources
                    for row in sync_rows(connection, account.seller_id)
                    if row.status == "failed"
                ]
                is_worth_publishing = has_any_success(connection)
            metadata: dict[str, Any] = {"published": "no stream has ever succeeded"}
            sync.warehouse.release()  # the file is copied
            if is_worth_publishing:
                publication = publish(
                    settings.warehouse,
                    settings.published_path,
                    seller_ids=settings.seller_ids,
                    source=settings.source,
                    at=sync.clock(),
                )
                metadata = {
                    "publication": publication.publication_id,
                    "file": dg.MetadataValue.path(str(publication.path)),
                    "bytes": publication.size,
                }
                if not sync.has_only_failures:
                    sync.completed(summary)
            why = failure_sentence(failed) if failed else None
            if why:
                streams = [f"{stream} ({account})" if account else stream for account, stream, _ in failed]
                sync.failed(why, streams)
        yield dg.MaterializeResult(
            metadata={**metadata, "duration_seconds": sync.step_seconds},
            check_results=_checks(failed, why, is_completed=is_worth_publishing and not sync.has_only_failures),
        )
        if why:
            # the check alone would fail the run too, but in words that say nothing
            raise dg.Failure(why, allow_retries=False)

    return published


def _checks(
    failed: Sequence[tuple[str, str, str | None]], why: str | None, *, is_completed: bool
) -> list[dg.AssetCheckResult]:
    table = {"failed": dg.MetadataValue.md(as_markdown(("account", "stream", "why"), failed))} if failed else {}
    silence = None if is_completed else "In this sync no stream brought anything."
    return [
        dg.AssetCheckResult(check_name=ALL_STREAMS, passed=not failed, description=why, metadata=table),
        dg.AssetCheckResult(check_name=SYNCED_LATELY, passed=is_completed, description=silence),
    ]
