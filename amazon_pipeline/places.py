"""The settings of where things are: what the product writes, operational state, and who does the steps of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from amazon_pipeline.addresses import is_postgres_url
from amazon_pipeline.errors import SettingsError


class Places(BaseSettings):
    """A part of ``Settings``."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, populate_by_name=True)

    data_dir: Path = Field(Path("data"), alias="AMAZON_DATA_DIR", description="everything the product writes")
    state_url: SecretStr | None = Field(
        None,
        alias="AMAZON_STATE_URL",
        description="`postgresql://…` database for quota, events, alerts, locks and Dagster's own storage, in place of "
        "files of the data directory; see docs/scaling.md",
    )
    executor: Literal["in-process", "multiprocess", "celery", "kubernetes"] = Field(
        "in-process",
        alias="AMAZON_EXECUTOR",
        description="where the steps of a run are done: `in-process`, `multiprocess`, `celery` or `kubernetes`; see "
        "docs/scaling.md",
    )
    celery_broker: SecretStr | None = Field(
        None, alias="AMAZON_CELERY_BROKER", description="URL of Celery's broker, for `AMAZON_EXECUTOR=celery`"
    )
    celery_backend: SecretStr | None = Field(
        None,
        alias="AMAZON_CELERY_BACKEND",
        description="URL of Celery's result backend; the broker itself if unset",
    )

    @field_validator("state_url")
    @classmethod
    def _is_of_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_postgres_url(value.get_secret_value()):
            raise ValueError(
                "must be postgresql://user:password@host:port/database, with special characters of the password "
                "written as %40 and the like"
            )
        return value

    def _refuse_workers_without_a_place_to_meet(self) -> None:
        if self.executor in ("celery", "kubernetes") and self.state_url is None:
            raise SettingsError(
                f"AMAZON_EXECUTOR={self.executor} needs AMAZON_STATE_URL: workers share quota, locks and events "
                "through PostgreSQL."
            )
        if self.executor == "celery" and self.celery_broker is None:
            raise SettingsError("AMAZON_EXECUTOR=celery needs AMAZON_CELERY_BROKER, such as redis://host:6379/0.")

    @property
    def state(self) -> Path | SecretStr:
        """Where operational state is: the URL of a PostgreSQL database, or the SQLite file."""
        return self.state_url or self.state_path

    @property
    def state_path(self) -> Path:
        """The SQLite file of operational state, where no other place is set."""
        return self.data_dir / "state.sqlite"

    @property
    def landing_dir(self) -> Path:
        """Where Amazon's pages are kept, as answered, less personal data."""
        return self.data_dir / "landing"

    @property
    def warehouse_path(self) -> Path:
        """The working DuckDB file, which only the pipeline opens."""
        return self.data_dir / "private" / "warehouse.duckdb"

    @property
    def published_path(self) -> Path:
        """The symlink readers open: the newest published snapshot."""
        return self.data_dir / "amazon.duckdb"

    @property
    def lock_path(self) -> Path:
        """Held by the one sync that runs on this data directory."""
        return self.data_dir / "sync.lock"

    @property
    def history_lock_path(self) -> Path:
        """Held by the one run that fetches order history; beside a sync, which need not wait for it."""
        return self.data_dir / "history.lock"

    @property
    def up_lock_path(self) -> Path:
        """Held by the one ``up`` or ``demo`` whose services run on this data directory."""
        return self.data_dir / "up.lock"

    @property
    def stock_thresholds_path(self) -> Path:
        """Per-SKU overrides, written by the user."""
        return self.data_dir / "stock_thresholds.csv"

    @property
    def sku_map_path(self) -> Path:
        """Which SKUs of which channel are one product, written by the user."""
        return self.data_dir / "sku_map.csv"
