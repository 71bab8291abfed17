"""The working DuckDB file as a Dagster resource."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from dagster_duckdb import DuckDBResource

from amazon_pipeline.warehouse import open_warehouse


class WarehouseResource(DuckDBResource):
    """dagster-duckdb's resource on our own opening.

    The original leaves the file locked when the body raises, and takes no notice of tables.
    """

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The working file, open for writing; closed when the body ends or raises. Raises WarehouseUnavailable."""
        with open_warehouse(Path(self.database)) as connection:
            yield connection
