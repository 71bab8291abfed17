"""The servers measured, each in a process of its own, and the copies of the tables that the others need."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import httpx

from benchmarks.api.account import environment

DATASETTE: Final = "datasette==0.65.5"
ROAPI: Final = "roapi==0.12.7"
TABLES: Final = ("inventory", "orders")
_START_SECONDS: Final = 120


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    pid: int

    def memory(self) -> int:
        """Resident bytes of its process."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@contextmanager
def ours(data_dir: Path) -> Iterator[Server]:
    """The product's API, served as the product serves it."""
    with _running([sys.executable, "-m", "api", "--port", "{port}"], "/health", environment(data_dir)) as server:
        yield server


@contextmanager
def bare(body: Path) -> Iterator[Server]:
    """A Starlette route with the same bytes."""
    with _running([sys.executable, "-m", "benchmarks.api.bare", "{port}", str(body)], "/") as server:
        yield server


@contextmanager
def datasette(link: Path, directory: Path) -> Iterator[Server]:
    """Datasette on an SQLite copy, opened as immutable, with an index on what the page is sorted by."""
    copy = directory / "account.sqlite"
    _to_sqlite(link, copy)
    command = ["uvx", "--quiet", "--from", DATASETTE, "datasette", "serve", "-i", str(copy), "-p", "{port}"]
    with _running([*command, "--setting", "sql_time_limit_ms", "10000"], "/-/versions.json") as server:
        yield server


@contextmanager
def roapi(link: Path, directory: Path) -> Iterator[Server]:
    """ROAPI on Parquet copies, which it reads into memory."""
    command = ["uvx", "--quiet", "--from", ROAPI, "roapi", "--addr-http", "127.0.0.1:{port}"]
    with duckdb.connect(str(link.resolve()), read_only=True) as published:
        for table in TABLES:
            copy = directory / f"{table}.parquet"
            published.execute(f"COPY mart.{table} TO '{copy}' (FORMAT parquet)")
            command += ["--table", f"{table}={copy}"]
    with _running(command, "/api/schema") as server:
        yield server


def _to_sqlite(link: Path, copy: Path) -> None:
    with duckdb.connect(str(link.resolve()), read_only=True) as published, closing(sqlite3.connect(copy)) as to:
        for table in TABLES:
            found = published.execute(f"SELECT * REPLACE ({_as_text(published, table)}) FROM mart.{table}")
            names = ", ".join(f'"{column[0]}"' for column in found.description or ())
            to.execute(f"CREATE TABLE {table} ({names})")
            while rows := found.fetchmany(50_000):
                to.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        to.execute("CREATE INDEX lowest_first ON inventory (fulfillable_quantity)")
        to.commit()


def _as_text(published: duckdb.DuckDBPyConnection, table: str) -> str:
    """What SQLite has no type for: times as text, amounts as its floating-point numbers."""
    columns = published.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'mart' AND table_name = ?", [table]
    ).fetchall()
    casts = {"TIMESTAMP WITH TIME ZONE": "VARCHAR", "DECIMAL(18,2)": "DOUBLE"}
    return ", ".join(f'"{name}"::{casts[kind]} AS "{name}"' for name, kind in columns if kind in casts)


@contextmanager
def _running(command: Sequence[str], ready: str, variables: dict[str, str] | None = None) -> Iterator[Server]:
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603  # the commands above
        [part.replace("{port}", str(port)) for part in command],
        env={**os.environ, **(variables or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url + ready, process)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing answers at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
