"""What the Dagster UI shows about tables, fetches and rows, made from the schemas and outcomes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import dagster as dg

from amazon_pipeline.errors import MartInvalid
from amazon_pipeline.extraction import Outcome
from amazon_pipeline.marts import Agreement, Lineage, mart_sql, mart_sql_path
from amazon_pipeline.schemas import Table
from amazon_pipeline.warehouse import Loaded

OWNERS = ["team:data"]


def group_of(layer: str, stream: str) -> str:
    """The group of a stream's assets in a layer: one box of the lineage.

    The marketplaces are asked for first and tell the other streams where to look: a group before the others, so that
    the lineage runs one way.
    """
    return "account" if stream == "marketplaces" else layer


EACH_SYNC: Final = dg.FreshnessPolicy.time_window(warn_window=timedelta(minutes=30), fail_window=timedelta(minutes=60))
"""For what each sync makes: one missed schedule is a warning, three are a failure."""

EACH_DAY: Final = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))
"""For what Amazon's figures of a day are compared in."""


def table_metadata(table: Table) -> dict[str, Any]:
    """Table name, column schema and, for a mart, its SQL and where that stands."""
    found: dict[str, Any] = {
        "dagster/table_name": table.qualified_name,
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn(
                    column.name,
                    column.type,
                    description=column.meaning,
                    constraints=dg.TableColumnConstraints(nullable=column.nullable),
                )
                for column in table.columns
            ]
        ),
    }
    if table.schema == "mart":
        found["sql"] = dg.MetadataValue.md(f"```sql\n{mart_sql(table.name)}\n```")
        found.update(_code_of(mart_sql_path(table.name)))
    return found


def _code_of(path: Path) -> dict[str, Any]:
    """The file, as the UI links to it beside the asset's Python."""
    with _quiet_about_beta():
        reference = dg.LocalFileCodeReference(file_path=str(path), line_number=1, label=path.name)
        return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def with_code_links(assets: Sequence[dg.AssetsDefinition]) -> Sequence[Any]:
    """The assets, each with a link to the Python that makes it."""
    with _quiet_about_beta():
        return dg.with_source_code_references(assets)


@contextmanager
def _quiet_about_beta() -> Iterator[None]:
    """Dagster says of code links that they may change with each release; our version of it is pinned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield


def lineage_metadata(lineage: Lineage) -> dict[str, Any]:
    """What the UI draws a column's lineage from; it looks for it on the last materialization."""
    return {
        "dagster/column_lineage": dg.TableColumnLineage(
            {
                column: [
                    dg.TableColumnDep(dg.AssetKey(source.split(".")[:2]), source.split(".")[2]) for source in sources
                ]
                for column, sources in lineage.items()
            }
        )
    }


def outcome_metadata(outcome: Outcome, *, now: datetime) -> dict[str, Any]:
    """What a fetch did and cost, as numbers that plot over time, and where what it landed is."""
    fetched = outcome.fetched
    found: dict[str, Any] = {
        "status": outcome.status,
        "pages": outcome.fetched.pages,
        "rows": outcome.fetched.rows,
        "api_calls": outcome.api_calls,
        "throttled_calls": outcome.throttled_calls,
        "quota_wait_seconds": outcome.quota_wait_seconds,
        "bytes_landed": fetched.bytes,
        "duration_seconds": outcome.duration_seconds,
    }
    for operation, calls in outcome.quota_left.items():
        found[f"quota_left/{operation}"] = calls
    if outcome.clock_ahead_seconds is not None:
        found["clock_ahead_seconds"] = outcome.clock_ahead_seconds
    if fetched.window_start is not None:
        found["window_start"] = dg.MetadataValue.timestamp(fetched.window_start)
    if fetched.known_until is not None:
        found["known_until"] = dg.MetadataValue.timestamp(fetched.known_until)
        found["lag_seconds"] = round((now - fetched.known_until).total_seconds())
    if fetched.batches:
        found["landed"] = dg.MetadataValue.md("\n".join(f"- `{batch.directory}`" for batch in fetched.batches.values()))
    if outcome.message:
        found["message"] = outcome.message
    return found


_ADDED_UP: Final = ("pages", "rows", "api_calls", "throttled_calls", "quota_wait_seconds", "bytes_landed")
_LARGEST: Final = ("duration_seconds", "lag_seconds")


def outcomes_metadata(outcomes: Sequence[tuple[str, Outcome]], *, now: datetime) -> dict[str, Any]:
    """What a fetch of several accounts (by name) did and cost: in all, and of each. One account's is its own."""
    each = {name: outcome_metadata(outcome, now=now) for name, outcome in outcomes}
    if len(each) == 1:
        return next(iter(each.values()))
    found: dict[str, Any] = {"status": ", ".join(sorted({outcome.status for _, outcome in outcomes}))}
    found |= {key: sum(one[key] for one in each.values()) for key in _ADDED_UP}
    found |= {key: max(values) for key in _LARGEST if (values := [one[key] for one in each.values() if key in one])}
    header = ("account", "status", *_ADDED_UP, *_LARGEST, "message")
    rows = [(name, *(one.get(key, "") for key in header[1:])) for name, one in each.items()]
    found["accounts"] = dg.MetadataValue.md(as_markdown(header, rows))
    for name, one in each.items():
        kept = {key: value for key, value in one.items() if key.startswith("quota_left/") or key == "landed"}
        found |= {f"{name}/{key}": value for key, value in kept.items()}
    return found


def loaded_metadata(loaded: Loaded, seconds: float) -> dict[str, Any]:
    """What staging did and how long that took, with a sample of the rows it set aside."""
    found: dict[str, Any] = {
        "pages": loaded.pages,
        "rows_valid": loaded.rows_valid,
        "rows_quarantined": loaded.rows_quarantined,
        "quarantine_rate": round(loaded.quarantine_rate, 4),
        "duration_seconds": seconds,
    }
    if loaded.sample:
        found["quarantined"] = dg.MetadataValue.md(as_markdown(("record", "reason"), loaded.sample))
    return found


def violations_metadata(invalid: MartInvalid | None) -> dict[str, Any]:
    """Each broken rule of a mart, with how many rows break it and the first of them."""
    if invalid is None:
        return {"failing_rows": 0}
    return {
        "mart": invalid.mart,
        "failing_rows": sum(violation.count for violation in invalid.violations),
        "violations": dg.MetadataValue.md(
            "\n\n".join(
                f"**{violation.rule}**: broken by {violation.count} rows\n\n"
                + as_markdown(violation.columns, violation.rows)
                for violation in invalid.violations
            )
        ),
    }


def agreement_metadata(agreement: Agreement) -> dict[str, Any]:
    """How many rows were compared with Amazon's, and the first of those that lie beyond the tolerance."""
    found: dict[str, Any] = {"rows_compared": agreement.compared, "rows_beyond_tolerance": agreement.beyond}
    if not agreement.compared:
        found["message"] = "There is nothing to compare yet."
    if agreement.sample:
        found["beyond_tolerance"] = dg.MetadataValue.md(as_markdown(agreement.header, agreement.sample))
    return found


def as_markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A small Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def row_counts(rows: Mapping[str, int], name: str) -> dict[str, Any]:
    """The row count Dagster shows on its own tile."""
    return {"dagster/row_count": rows[name]}
