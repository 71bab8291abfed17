"""The warehouse, a DuckDB file or a DuckLake, as a Dagster resource."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb
from dagster_duckdb import DuckDBResource

from amazon_pipeline.lakes import Lake
from amazon_pipeline.warehouse import open_warehouse


class WarehouseResource(DuckDBResource):
    """dagster-duckdb's resource on our own opening.

    The original leaves the file locked when the body raises, takes no notice of tables, and knows no lakes.
    ``database`` is what the Dagster UI shows; ``place`` may hold a password, which nothing shows.
    """

    place: dg.ResourceDependency[Path | Lake]

    @classmethod
    def of(cls, where: Path | Lake) -> "WarehouseResource":
        """The resource of a warehouse."""
        return cls(database=str(where), place=where)

    @contextmanager
    def get_connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The warehouse, open for writing; closed when the body ends or raises. Raises WarehouseUnavailable."""
        with open_warehouse(self.place) as connection:
            yield connection
