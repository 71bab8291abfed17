"""Asset ``published``: the snapshot readers open, and the word that it is there."""

from typing import Any, Final

import dagster as dg
from dagster import AssetExecutionContext

from amazon_pipeline.defs.assets_staging import WRITE_POOL
from amazon_pipeline.defs.metadata import EACH_SYNC, OWNERS, as_markdown
from amazon_pipeline.defs.session import SyncSession, failure_sentence
from amazon_pipeline.defs.warehouse_resource import WarehouseResource
from amazon_pipeline.marts import sync_summary
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.warehouse import has_any_success, publish, sync_rows

ALL_STREAMS: Final = "all_streams_refreshed"
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
            )
        ],
        pool=WRITE_POOL,
    )
    def published(
        context: AssetExecutionContext, sync: dg.ResourceParam[SyncSession], warehouse: WarehouseResource
    ) -> dg.MaterializeResult:
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
                    settings.warehouse_path,
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
            if failed:
                streams = [f"{stream} ({account})" if account else stream for account, stream, _ in failed]
                sync.failed(failure_sentence(failed), streams)
        return dg.MaterializeResult(
            metadata=metadata,
            check_results=[
                dg.AssetCheckResult(
                    check_name=ALL_STREAMS,
                    passed=not failed,
                    metadata={"failed": dg.MetadataValue.md(as_markdown(("account", "stream", "why"), failed))}
                    if failed
                    else {},
                )
            ],
        )

    return published
