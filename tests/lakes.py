"""Lakes under test: one PostgreSQL server for a module, a catalogue in it for each lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from amazon_pipeline.lakes import Lake
from amazon_pipeline.settings import Settings
from tests.postgres_server import PostgresServer

BUCKET = "the-sellers-bucket"
KEY_ID, SECRET = "a-key-of-the-tests", "a-secret-of-the-tests"


@dataclass
class Lakes:
    """Makes lakes."""

    server: PostgresServer
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def environment(self, directory: Path, **more: str) -> dict[str, str]:
        """Settings of a new lake by the names of their variables."""
        url = self.server.create_database(f"lake_{next(self.numbers)}")
        return {
            "AMAZON_WAREHOUSE": url,
            "AMAZON_WAREHOUSE_DATA": str(directory / "parquet"),
            "AMAZON_DATA_DIR": str(directory),
            **more,
        }

    def new(self, directory: Path, **more: str) -> Lake:
        """A lake that nobody has opened yet."""
        return lake_of(self.environment(directory, **more))


def lake_of(environment: dict[str, str]) -> Lake:
    """The lake that the settings name."""
    where = Settings(_env_file=None, **environment).warehouse  # type: ignore[arg-type]
    assert isinstance(where, Lake)
    return where


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """An S3 with one bucket on a free port; the settings that name it, and the warehouse's place in the bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, region_name="us-east-1"
        ).create_bucket(Bucket=BUCKET)
        yield {
            "AMAZON_WAREHOUSE_DATA": f"s3://{BUCKET}/warehouse",
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL": endpoint,
        }
    finally:
        server.stop()
