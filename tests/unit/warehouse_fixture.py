"""A warehouse under test: land, sync, look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from amazon_pipeline.extraction import Fetched, Outcome
from amazon_pipeline.landing import Landing
from amazon_pipeline.marts import build, merge_inbound, merge_inventory, merge_orders, read_planning
from amazon_pipeline.marts.build import DERIVED
from amazon_pipeline.settings import Settings
from amazon_pipeline.warehouse import Loaded, open_warehouse, record_outcome, record_quarantined, stage_landed
from amazon_pipeline.warehouse.load import STAGERS
from tests.amazon_answers import NOON, SELLER


@dataclass
class TestWarehouse:
    """What a sync does after the fetch, without Dagster."""

    __test__ = False
    directory: Path
    planning: dict[str, str] = field(default_factory=dict)
    """Settings of stock and restock by the name of their variable."""

    @property
    def landing(self) -> Path:
        return self.directory / "landing"

    @property
    def settings(self) -> Settings:
        return Settings(_env_file=None, AMAZON_DATA_DIR=self.directory, **self.planning)  # type: ignore[call-arg]

    @property
    def path(self) -> Path:
        return self.directory / "private" / "warehouse.duckdb"

    def sync(self, at: datetime = NOON) -> dict[str, Loaded]:
        """Stage, merge and build all that has landed."""
        loaded = {}
        with open_warehouse(self.path) as connection:
            for stream in STAGERS:
                record_outcome(connection, SELLER, Outcome(stream, "ok", None, at, Fetched(), 1, 0, 0.0))
                loaded[stream] = stage_landed(connection, Landing(self.landing, SELLER), stream, SELLER)
                record_quarantined(connection, SELLER, stream, loaded[stream].rows_quarantined)
            read_planning(connection, self.settings)
            merge_orders(connection)
            merge_inventory(connection)
            merge_inbound(connection)
            for name in DERIVED:
                build(connection, name)
        return loaded

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with open_warehouse(self.path) as connection:
            return connection.execute(query).fetchall()

    def one(self, query: str) -> dict[str, Any]:
        """The one row a query finds, by column name."""
        with open_warehouse(self.path) as connection:
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description or []]
            (row,) = cursor.fetchall()
        return dict(zip(names, row, strict=True))
