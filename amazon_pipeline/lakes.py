"""Where the warehouse is when it is no file: a DuckLake, whose catalogue is in PostgreSQL and whose rows are Parquet.

https://ducklake.select. The settings that name one are ``AMAZON_WAREHOUSE`` and ``AMAZON_WAREHOUSE_DATA``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

from amazon_pipeline.errors import SettingsError

_URL: Final = re.compile(r"postgres(ql)?://")
_FORM: Final = re.compile(r"ducklake:postgres(?:ql)?:(?!//)(?P<parameters>.*)", re.DOTALL)
# libpq's: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-KEYWORD-VALUE
_PARAMETER: Final = re.compile(
    r"\s*(?P<name>\w+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<plain>[^\s'\\]\S*|))(?=\s|$)"
)
_EXAMPLES: Final = (
    "must be a PostgreSQL URL such as postgresql://user:password@host/database, "
    "or ducklake:postgres:dbname=database host=host user=user password=password"
)


@dataclass(frozen=True)
class ObjectStore:
    """How a bucket is reached: Amazon S3, or whatever speaks its API at ``endpoint``."""

    key_id: str
    secret: SecretStr
    session_token: SecretStr | None = None
    region: str = "us-east-1"
    endpoint: str | None = None


@dataclass(frozen=True)
class Lake:
    """One lake: its catalogue, where its rows are, and where this machine keeps what it needs beside them.

    ``catalogue`` are libpq's parameters, without the password. ``data`` is an absolute directory or ``s3://…``, with a
    slash at its end.
    """

    catalogue: tuple[tuple[str, str], ...]
    password: SecretStr | None
    data: str
    store: ObjectStore | None
    scratch: Path = field(compare=False)

    def __str__(self) -> str:
        """As a sentence names it: no password, and no key."""
        found = dict(self.catalogue)
        host = found.get("host") or found.get("hostaddr") or "the local PostgreSQL"
        database = found.get("dbname") or found.get("user") or "of the environment"
        return f"the DuckLake catalogue {database} on {host}{':' if 'port' in found else ''}{found.get('port', '')}"

    @property
    def is_in_a_bucket(self) -> bool:
        """Whether the rows are in an object store."""
        return self.data.startswith("s3://")

    @property
    def replica_path(self) -> Path:
        """The local copy, which snapshots are published from."""
        return self.scratch / "replica.duckdb"


def catalogue_of(address: str) -> tuple[tuple[tuple[str, str], ...], SecretStr | None]:
    """libpq's parameters and the password of ``AMAZON_WAREHOUSE``. Raises ValueError, which quotes nothing of it."""
    if _URL.match(address):
        parameters = _of_url(address)
    elif form := _FORM.fullmatch(address):
        parameters = _of_parameters(form["parameters"])
    else:
        raise ValueError(_EXAMPLES)
    password = parameters.pop("password", None)
    if not parameters:
        raise ValueError(_EXAMPLES)
    return tuple(parameters.items()), SecretStr(password) if password else None


def _of_url(address: str) -> dict[str, str]:
    try:
        parts = urlsplit(address.replace("#", "%23"))  # in a password it is a character like any other
        port = parts.port
    except ValueError:
        raise ValueError(_EXAMPLES) from None
    found = {
        "dbname": unquote(parts.path.lstrip("/")),
        "host": unquote(parts.hostname or ""),
        "port": str(port or ""),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        **dict(parse_qsl(parts.query)),
    }
    return {name: value for name, value in found.items() if value}


def _of_parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while text[position:].strip():
        match = _PARAMETER.match(text, position)
        if match is None:
            raise ValueError(_EXAMPLES)
        value = match["plain"] if match["quoted"] is None else re.sub(r"\\(.)", r"\1", match["quoted"])
        found[match["name"]] = value
        position = match.end()
    return found


def data_of(place: str | None, data_dir: Path) -> str:
    """Where the rows are, of ``AMAZON_WAREHOUSE_DATA``; under the data directory if it is not set."""
    if place is not None and "://" in place:
        if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/\S*)?", place):
            raise ValueError("must be a directory, or s3://bucket/prefix")
        return place.rstrip("/") + "/"
    return f"{Path(place or data_dir / 'lake').absolute()}/"


class LakeSettings(BaseSettings):
    """The settings that name a lake, as a part of the product's Settings."""

    warehouse_address: SecretStr | None = Field(
        None,
        alias="AMAZON_WAREHOUSE",
        description="`postgresql://user:password@host/database`, the catalogue of a DuckLake, for a warehouse that "
        "several machines share; a DuckDB file in the data directory if unset; see docs/scaling.md",
    )
    warehouse_data: str | None = Field(
        None,
        alias="AMAZON_WAREHOUSE_DATA",
        description="where the DuckLake keeps its Parquet: a directory that all machines see, or `s3://bucket/prefix`; "
        "`lake` in the data directory if unset",
    )
    s3_key_id: str | None = Field(
        None, alias="AWS_ACCESS_KEY_ID", description="access key of the bucket in `AMAZON_WAREHOUSE_DATA`"
    )
    s3_secret: SecretStr | None = Field(None, alias="AWS_SECRET_ACCESS_KEY", description="its secret")
    s3_session_token: SecretStr | None = Field(
        None, alias="AWS_SESSION_TOKEN", description="the session's, where the access key is a temporary one"
    )
    s3_region: str = Field("us-east-1", alias="AWS_REGION", description="region of the bucket")
    s3_endpoint: str | None = Field(
        None,
        alias="AWS_ENDPOINT_URL",
        description="URL of an object store other than Amazon S3, such as `https://minio.example:9000`",
    )

    @field_validator("warehouse_address")
    @classmethod
    def _is_a_catalogue(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            catalogue_of(value.get_secret_value())
        return value

    @field_validator("warehouse_data")
    @classmethod
    def _is_a_place(cls, value: str | None) -> str | None:
        if value is not None:
            data_of(value, Path())
        return value

    def lake(self, data_dir: Path) -> Lake | None:
        """The lake that the settings name; None if they name none. Raises SettingsError."""
        if self.warehouse_address is None:
            return None
        catalogue, password = catalogue_of(self.warehouse_address.get_secret_value())
        data = data_of(self.warehouse_data, data_dir)
        store = self._object_store() if data.startswith("s3://") else None
        return Lake(catalogue, password, data, store, data_dir / "private")

    def _object_store(self) -> ObjectStore:
        if self.s3_key_id is None or self.s3_secret is None:
            raise SettingsError(
                "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: must be set, because AMAZON_WAREHOUSE_DATA is a bucket."
            )
        # not checked before, because other programs' settings of this name are none of ours
        if self.s3_endpoint is not None and not re.fullmatch(r"https?://[^/@?#\s]+/?", self.s3_endpoint):
            raise SettingsError("AWS_ENDPOINT_URL: must be a URL such as https://minio.example:9000, without a path.")
        return ObjectStore(self.s3_key_id, self.s3_secret, self.s3_session_token, self.s3_region, self.s3_endpoint)
