"""The settings that name a lake: two forms of address, and no secret shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from amazon_pipeline.errors import SettingsError, WarehouseUnavailable, WarehouseUnreachable
from amazon_pipeline.lakes import Lake
from amazon_pipeline.settings import Settings, load_settings
from amazon_pipeline.warehouse.lake_errors import explained

SECRET = "pa's#s word"
BUCKET = {"AMAZON_WAREHOUSE_DATA": "s3://bucket/lake", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "geheim"}


def lake(**variables: str) -> Lake:
    where = Settings(_env_file=None, **variables).warehouse  # type: ignore[arg-type]
    assert isinstance(where, Lake)
    return where


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:pa's#s%20word@db.internal:5433/lake?sslmode=require",
        "postgres://me:pa%27s%23s%20word@db.internal:5433/lake?sslmode=require",
        r"ducklake:postgres:dbname=lake host=db.internal port = 5433 user=me password='pa\'s#s word' sslmode=require",
    ],
)
def test_a_url_and_duckdbs_own_form_name_the_same_lake(address: str) -> None:
    found = lake(AMAZON_WAREHOUSE=address, AMAZON_DATA_DIR="/somewhere")
    assert dict(found.catalogue) == {
        "dbname": "lake", "host": "db.internal", "port": "5433", "user": "me", "sslmode": "require",
    }  # fmt: skip
    assert found.password is not None
    assert found.password.get_secret_value() == SECRET
    assert found.data == "/somewhere/lake/"
    assert found.scratch == Path("/somewhere/private")
    assert str(found) == "the DuckLake catalogue lake on db.internal:5433"


def test_no_secret_of_a_lake_is_shown() -> None:
    settings = Settings(_env_file=None, AMAZON_WAREHOUSE="postgresql://me:geheim@db/lake", **BUCKET)  # type: ignore[arg-type]
    shown = f"{settings!r} {settings.warehouse!r} {settings.warehouse} {settings.model_dump_json()}"
    assert "geheim" not in shown


def test_without_the_setting_the_warehouse_is_a_file() -> None:
    settings = Settings(_env_file=None, AMAZON_DATA_DIR="/somewhere", **BUCKET)  # type: ignore[arg-type]
    assert settings.warehouse == Path("/somewhere/private/warehouse.duckdb")


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AMAZON_WAREHOUSE": "mysql://me:geheim@db/lake"}, "AMAZON_WAREHOUSE: must be a PostgreSQL URL such as"),
        ({"AMAZON_WAREHOUSE": "ducklake:postgres:"}, "AMAZON_WAREHOUSE: must be a PostgreSQL URL such as"),
        ({"AMAZON_WAREHOUSE": "ducklake:postgres:geheim"}, "AMAZON_WAREHOUSE: must be a PostgreSQL URL such as"),
        ({"AMAZON_WAREHOUSE": "postgresql://me:geheim@db:port/x"}, "AMAZON_WAREHOUSE: must be a PostgreSQL URL such"),
        ({"AMAZON_WAREHOUSE_DATA": "gs://bucket/x"}, "AMAZON_WAREHOUSE_DATA: must be a directory, or s3://bucket"),
    ],
)
def test_what_is_no_lake_is_refused_without_being_quoted(
    variables: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(None)
    assert str(caught.value).startswith(sentence)
    assert "geheim" not in str(caught.value)


def test_a_bucket_needs_its_keys_and_a_plain_endpoint() -> None:
    address = {"AMAZON_WAREHOUSE": "postgresql://db/lake", "AMAZON_WAREHOUSE_DATA": "s3://bucket"}
    with pytest.raises(SettingsError, match=r"^AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: must be set"):
        lake(**address)
    with pytest.raises(SettingsError, match=r"^AWS_ENDPOINT_URL: must be a URL such as"):
        lake(**address | BUCKET, AWS_ENDPOINT_URL="https://host/with/a/path")


@pytest.mark.parametrize(
    ("said", "sentence", "kind"),
    [
        (
            (
                "HTTP Error: Unable to connect to URL s3://bucket/lake/x.parquet: Forbidden (HTTP code 403)\n\n"
                "InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records."
            ),
            (
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: the object store refuses them for s3://bucket/lake/ "
                "(InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records)."
            ),
            WarehouseUnavailable,
        ),
        (
            "IO Error: Could not connect to server error for HTTP PUT to 'http://127.0.0.1:1/bucket/x.parquet'",
            (
                "AMAZON_WAREHOUSE_DATA: the object store of s3://bucket/lake/ does not answer "
                "(Could not connect to server)."
            ),
            WarehouseUnreachable,
        ),
        (
            (
                'Failed to initialize DuckLake: Failed to execute query "CREATE TABLE …": ERROR:  permission denied '
                "for schema public\nLINE 1: …"
            ),
            (
                "AMAZON_WAREHOUSE: the user may not do in the DuckLake catalogue lake on db what the pipeline has to "
                "(permission denied for schema public)."
            ),
            WarehouseUnavailable,
        ),
    ],
)
def test_what_the_programs_below_say_becomes_a_sentence(
    said: str, sentence: str, kind: type[WarehouseUnavailable]
) -> None:
    """As DuckDB 1.5.5 said it of a real bucket and a real PostgreSQL."""
    import duckdb

    found = explained(lake(AMAZON_WAREHOUSE="postgresql://db/lake", **BUCKET), duckdb.IOException(said))
    assert str(found) == sentence
    assert type(found) is kind
