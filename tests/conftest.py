"""A PostgreSQL server for the tests of one worker, and state of either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from amazon_pipeline import state
from tests.postgres_server import PostgresServer, are_programs_here, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server, for whatever does not stop it."""
    if not are_programs_here():
        pytest.skip("PostgreSQL's server programs are not here: apt-get install postgresql (.ci/run does)")
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def _state_url(postgres: PostgresServer) -> SecretStr:
    return SecretStr(postgres.create_database("state"))


@pytest.fixture
def state_url(postgres: PostgresServer, _state_url: SecretStr) -> SecretStr:
    """The URL of a database whose state is empty."""
    with state.reading(_state_url):
        pass  # the tables are there
    postgres.run(
        "DO $$ DECLARE names text; BEGIN SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO names "
        "FROM pg_tables WHERE schemaname = 'amazon_pipeline' AND tablename <> 'state_version'; "
        "EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY'; END $$",
        database="state",
    )
    return _state_url


@pytest.fixture
def state_location(tmp_path: Path) -> state.Location:
    """Where the state of a test is; ``state_locations.both_kinds`` takes its place where both are tried."""
    return tmp_path / "state.sqlite"
