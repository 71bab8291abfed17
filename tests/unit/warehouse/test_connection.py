"""The working file: opened alone, recognized, and always closed again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from amazon_pipeline.errors import WarehouseUnavailable
from amazon_pipeline.warehouse import KeptOpen, open_warehouse
from amazon_pipeline.warehouse.kept_open import LONGEST_SECONDS

HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_an_exception_in_the_body_closes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "private" / "warehouse.duckdb"
    with pytest.raises(ZeroDivisionError), open_warehouse(path):
        raise ZeroDivisionError
    with open_warehouse(path) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_a_connection_to_the_file_holds_at_most_3_gb_of_memory(tmp_path: Path) -> None:
    """DuckDB's own limit is 80% of the machine's memory, whatever else runs there."""
    limit = "SELECT parse_formatted_bytes(current_setting('memory_limit'))"
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        assert 0 < connection.execute(limit).fetchall()[0][0] <= 3_000_000_000


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    path.write_bytes(b"<html>" * 1000)
    with pytest.raises(WarehouseUnavailable, match=r"warehouse\.duckdb cannot be opened"), open_warehouse(path):
        pass


def test_a_damaged_block_is_found_where_it_is_read_and_the_way_out_is_named(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with open_warehouse(path) as connection:
        connection.execute("CREATE TABLE meta.large AS SELECT random() AS x FROM range(200000)")
    content = bytearray(path.read_bytes())
    for place in range(len(content) // 3, len(content), 40_000):
        content[place] ^= 0xFF
    path.write_bytes(content)
    with (
        pytest.raises(WarehouseUnavailable, match=r"warehouse\.duckdb .* amazon-pipeline rebuild"),
        open_warehouse(path) as connection,
    ):
        connection.execute("SELECT sum(x) FROM meta.large").fetchall()


def test_an_empty_file_that_a_kill_left_is_made_anew(tmp_path: Path) -> None:
    """A process killed inside duckdb.connect left a file of no bytes, which DuckDB refused for ever after."""
    path = tmp_path / "warehouse.duckdb"
    path.touch()
    with open_warehouse(path) as connection:
        assert connection.execute("SELECT count(*) FROM mart.orders").fetchall() == [(0,)]


def test_a_file_that_another_program_holds_is_waited_for_and_then_named(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    waits: list[float] = []
    with open_warehouse(path):
        pass
    holder = subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with (
            pytest.raises(WarehouseUnavailable, match="held by another program"),
            open_warehouse(path, wait_seconds=1, sleep=waits.append),
        ):
            pass
    finally:
        holder.communicate()
    assert waits, "waited, without sleeping in this test"
    with open_warehouse(path):
        pass


def test_the_file_keeps_its_comments(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        missing = connection.execute(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'mart' AND comment IS NULL"
        ).fetchall()
    assert missing == []


def test_a_file_that_is_kept_open_is_let_go_of_within_seconds(tmp_path: Path) -> None:
    """Others wait for the file at most half a minute. DuckDB's log beside it goes when the last connection ends."""
    path, log = tmp_path / "warehouse.duckdb", tmp_path / "warehouse.duckdb.wal"
    clock = {"now": 0.0}
    kept = KeptOpen(path, lambda: clock["now"])

    def write() -> bool:
        with open_warehouse(path) as connection:
            connection.execute("CREATE OR REPLACE TABLE main.mark AS SELECT 1")
        return log.exists()

    kept.keep()
    assert write()
    clock["now"] = LONGEST_SECONDS
    kept.keep()
    assert log.exists()
    clock["now"] = LONGEST_SECONDS + 1
    kept.keep()
    assert not log.exists()
    assert write()
    kept.release()
    assert not log.exists()
    kept.release()
    assert not write()
