"""A seller whose stock a test sets, published as a sync does, and the two sensors that tell of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from pydantic import SecretStr

from amazon_pipeline import state
from amazon_pipeline.defs.sensors import low_stock_alerts, sync_incidents
from amazon_pipeline.events import EventLog
from amazon_pipeline.schemas import MART_TABLES
from amazon_pipeline.settings import Settings
from amazon_pipeline.state.schema import SQLITE
from tests.amazon_answers import SELLER, US

CREDENTIALS = {
    "AMAZON_REFRESH_TOKEN": "Atzr|x",
    "AMAZON_LWA_APP_ID": "amzn1.application-oa2-client.x",
    "AMAZON_LWA_CLIENT_SECRET": "x",
    "AMAZON_SELLER_ID": SELLER,
}


@dataclass
class Shop:
    """``tick`` looks at a sensor as Dagster does, with the cursor of the look before."""

    directory: Path
    urls: list[str] = field(default_factory=list)
    now: datetime = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    cursors: dict[str, str | None] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    """Asset events of all ticks."""
    sensors: dict[tuple[str, ...], dg.SensorDefinition] = field(default_factory=dict)

    state_url: SecretStr | None = None

    @property
    def settings(self) -> Settings:
        return Settings(
            _env_file=None,
            AMAZON_DATA_DIR=self.directory,
            AMAZON_STATE_URL=self.state_url,
            ALERT_URLS=",".join(self.urls),
            **CREDENTIALS,
        )  # type: ignore[call-arg]

    @property
    def log(self) -> EventLog:
        return EventLog(self.settings.state)

    def publish(self, stock: dict[str, int], *, duplicates: tuple[str, ...] = ()) -> None:
        """Publish this stock: fulfillable units by SKU; the threshold is 10."""
        link = self.settings.published_path
        link.parent.mkdir(parents=True, exist_ok=True)
        path = link.with_name(f"amazon-{len(list(link.parent.glob('amazon-*')))}.duckdb")
        with duckdb.connect(path) as connection:
            connection.execute("CREATE SCHEMA mart")
            for name in ("inventory", "sku_velocity", "low_stock", "stock_transitions"):
                connection.execute(MART_TABLES[name].create_sql())
            for sku, units in stock.items():
                _insert(connection, "mart.inventory", _inventory(sku, units, sku in duplicates, self.now))
                _insert(connection, "mart.sku_velocity", _velocity(sku, units))
        link.unlink(missing_ok=True)
        link.symlink_to(path)

    def tick(self, sensor: str = "low_stock_alerts", *, after: timedelta = timedelta(minutes=1)) -> str:
        """One look, some time after the last. Returns what it says in the Dagster UI."""
        self.now += after
        result = self._sensor(sensor)(dg.build_sensor_context(cursor=self.cursors.get(sensor)))
        assert isinstance(result, dg.SensorResult)
        assert isinstance(result.skip_reason, dg.SkipReason)
        self.cursors[sensor] = result.cursor
        self.events += result.asset_events or []
        return str(result.skip_reason.skip_message)

    def _sensor(self, name: str) -> dg.SensorDefinition:
        key = (name, *self.urls)
        if key not in self.sensors:
            make = {"low_stock_alerts": low_stock_alerts, "sync_incidents": sync_incidents}[name]
            self.sensors[key] = make(self.settings, lambda: self.now)
        return self.sensors[key]

    def sync(self, *errors: str, streams: tuple[str, ...] = (), completed: bool | None = None) -> None:
        """Write the events of a sync that ends now: without an error it completed; with one, if told so."""
        run_id = f"run-{self.log.last_id()}"
        body = {"timestamp": self.now.isoformat(), "runId": run_id}
        self.log.append("amazon-sync-started", body, at=self.now, run_id=run_id)
        if completed or not errors:
            self.log.append("amazon-sync-completed", body, at=self.now, run_id=run_id)
        for error in errors:
            told = {"error": error, "streams": list(streams), **body}
            self.log.append("amazon-sync-error", told, at=self.now, run_id=run_id)

    def table(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds in the state."""
        with state.reading(self.settings.state) as connection:
            return connection.execute(query).fetchall()

    def everything_written(self) -> str:
        """All of the state, and all metadata given to Dagster, as text."""
        names = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", SQLITE)
        return json.dumps([self.table(f"SELECT * FROM {name}") for name in names]) + repr(self.events)


def _inventory(sku: str, units: int, is_duplicate: bool, at: datetime) -> dict[str, Any]:
    status = "out-of-stock" if units == 0 else "low-stock" if units < 10 else "in-stock"
    return {
        "seller_id": SELLER, "marketplace_id": US, "seller_sku": sku, "product_name": f"Product {sku}",
        "fulfillable_quantity": units, "inbound_quantity": 120, "low_stock_threshold": 10, "stock_status": status,
        "is_pool_duplicate": is_duplicate, "is_gone": False, "observed_at": at, "first_seen_at": at,
    }  # fmt: skip


def _velocity(sku: str, units: int) -> dict[str, Any]:
    return {
        "seller_id": SELLER, "marketplace_id": US, "seller_sku": sku, "days_of_cover": units / 2,
        "stockout_date": date(2026, 11, 23), "next_arrival_date": date(2026, 12, 3), "restock_quantity": 300,
        "reorder_date": date(2026, 11, 20),
    }  # fmt: skip


def _insert(connection: duckdb.DuckDBPyConnection, table: str, values: dict[str, Any]) -> None:
    """A row with these values; other columns that must not be NULL get a value of their type that means nothing."""
    columns = connection.execute(
        "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema || '.' || table_name = ? ORDER BY ordinal_position",
        [table],
    ).fetchall()
    plain = {"VARCHAR": "", "BOOLEAN": False, "TIMESTAMP WITH TIME ZONE": datetime(2026, 11, 1, tzinfo=UTC)}
    row = {name: plain.get(kind, 0) for name, kind, nullable in columns if nullable == "NO"} | values
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))
