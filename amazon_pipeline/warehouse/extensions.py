"""DuckDB's extensions, from the wheels of the extra ``scale-out``: nothing is ever downloaded while a program runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb

from amazon_pipeline.errors import WarehouseUnavailable


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load one by its name. Raises WarehouseUnavailable if it is not installed for this DuckDB.

    DuckDB checks the file's signature, as it does for one that it downloads itself.
    """
    package = find_spec(f"duckdb_extension_{name}")
    origin = package.origin if package else None
    version = f"v{duckdb.__version__}"
    path = Path(origin).parent / "extensions" / version / f"{name}.duckdb_extension" if origin else None
    if path is None or not path.exists():
        raise WarehouseUnavailable(
            f"AMAZON_WAREHOUSE: a DuckLake needs the extension {name} of DuckDB {version}, which is not installed. "
            "Install this program with its extra scale-out: pip install 'amazon-pipeline[scale-out]'."
        )
    escaped = str(path).replace("'", "''")
    connection.execute(f"LOAD '{escaped}'")
