"""A published file made from the schemas, with a few rows by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from amazon_pipeline.schemas import MART_TABLES, Table
from amazon_pipeline.schemas.shopify import STAGED_SHOPIFY_SHOPS
from amazon_pipeline.schemas.staging import PUBLICATION, STAGED_MARKETPLACES

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SELLER = "A1SELLER"
US, CA, DE = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1PA6795UKMFR9"
Row = Mapping[str, Any]


def item(sku: str, fulfillable: int, **other: Any) -> Row:
    """One row of mart.inventory."""
    threshold = other.get("low_stock_threshold", 10)
    status = "out-of-stock" if fulfillable == 0 else "low-stock" if fulfillable < threshold else "in-stock"
    return {
        "marketplace_id": US,
        "seller_sku": sku,
        "asin": f"B0{sku}",
        "product_name": f"Product {sku}",
        "fulfillable_quantity": fulfillable,
        "total_quantity": fulfillable,
        "low_stock_threshold": threshold,
        "stock_status": status,
        "observed_at": NOW - timedelta(minutes=4),
        **other,
    }


def order(order_id: str, minutes_ago: int, **other: Any) -> Row:
    """One row of mart.orders."""
    return {
        "marketplace_id": US,
        "amazon_order_id": order_id,
        "order_status": "Shipped",
        "purchase_date": NOW - timedelta(minutes=minutes_ago),
        "last_update_date": NOW - timedelta(minutes=minutes_ago),
        "currency": "USD",
        "sales_channel": "Amazon.com",
        "fulfillment_channel": "AFN",
        "source": "orders_api",
        **other,
    }


def metrics(currency: str, **figures: Any) -> Row:
    """One ALL row of mart.order_metrics_24h; the window ended two minutes ago."""
    end = NOW - timedelta(minutes=2)
    return {
        "marketplace_id": "ALL",
        "currency": currency,
        "window_start": end - timedelta(hours=24),
        "window_end": end,
        **figures,
    }


def small_account() -> dict[str, Sequence[Row]]:
    """A few rows of everything, with two currencies, a pool duplicate and unknown amounts."""
    return {
        "orders": [
            order("111-0000001-0000001", 30, order_total=Decimal("19.99"), quantity_shipped=1, quantity_unshipped=0),
            order("111-0000002-0000002", 90, order_status="Pending", currency=None, quantity_ordered=2),
            order("111-0000003-0000003", 60 * 30, order_total=Decimal("5.00")),
            order("111-0000004-0000004", 1, order_total=Decimal("7.00")),
            order(
                "111-0000005-0000005",
                45,
                marketplace_id=DE,
                order_status="Unshipped",
                order_total=Decimal("10.10"),
                currency="EUR",
            ),
        ],
        "inventory": [
            item("SKU-OUT", 0, inbound_quantity=5),
            item("SKU-LOW", 3, product_name="Blue Mug", asin="B0MUG", last_updated=NOW - timedelta(hours=1)),
            item("SKU-FINE", 50),
            item("SKU-FINE", 50, marketplace_id=CA, is_pool_duplicate=True, inbound_quantity=1),
        ],
        "inventory_summary": [
            {
                "marketplace_id": "ALL",
                "total_skus": 3,
                "total_quantity": 53,
                "fulfillable_quantity": 53,
                "reserved_quantity": 2,
                "inbound_quantity": 5,
                "low_stock_count": 2,
                "out_of_stock_count": 1,
                "last_sync": NOW - timedelta(minutes=4),
            },
            {"marketplace_id": US, "total_skus": 99, "last_sync": NOW - timedelta(minutes=4)},
        ],
        "stock_transitions": [
            _transition("t1", "SKU-LOW", "in-stock", "low-stock", units=3, minutes_ago=50),
            _transition("t2", "SKU-OUT", None, "out-of-stock", units=0, minutes_ago=40),
            _transition("t3", "SKU-FINE", "low-stock", "in-stock", units=50, minutes_ago=30),
        ],
        "inbound_shipments": [
            _shipment("FBA1", "RECEIVING", 100, 40),
            _shipment("FBA2", "SHIPPED", 10, 0),
            _shipment("FBA3", "CLOSED", 7, 6),
        ],
        "inbound_shipment_items": [
            {"shipment_id": "FBA1", "seller_sku": "SKU-OUT", "quantity_expected": 60, "quantity_received": None},
            {
                "shipment_id": "FBA1",
                "seller_sku": "SKU-LOW",
                "fn_sku": "X1",
                "quantity_expected": 40,
                "quantity_received": 40,
            },
        ],
        "order_metrics_24h": [
            metrics(
                "USD",
                total_orders=3,
                total_revenue=Decimal("1234567890123456.78"),
                average_order_value=Decimal("13.50"),
                pending_count=1,
                shipped_count=2,
                canceled_count=1,
                orders_without_amount=1,
                previous_total_orders=2,
                previous_total_revenue=Decimal("1000000000000000.00"),
                previous_average_order_value=Decimal("13.50"),
            ),
            metrics(
                "EUR",
                total_orders=1,
                total_revenue=Decimal("10.10"),
                average_order_value=Decimal("10.10"),
                unshipped_count=1,
            ),
            {**metrics("USD", total_orders=3), "marketplace_id": US},
        ],
        "sales_hourly": [
            _sales(hour=datetime(2026, 11, 22, 10, tzinfo=UTC), orders=2, units=3, revenue=Decimal("0.10")),
            _sales(hour=datetime(2026, 11, 22, 10, tzinfo=UTC), marketplace_id=CA, orders=1, revenue=Decimal("0.20")),
            _sales(hour=datetime(2026, 11, 22, 11, tzinfo=UTC), orders=1, units=1, currency="EUR"),
        ],
        "sales_daily": [
            _sales(day=datetime(2026, 11, 21, tzinfo=UTC).date(), orders=9, units=9, revenue=Decimal("90.00")),
            _sales(day=datetime(2026, 11, 22, tzinfo=UTC).date(), orders=3, units=4, revenue=Decimal("0.30")),
            _sales(day=datetime(2026, 1, 1, tzinfo=UTC).date(), orders=1, units=1),
        ],
        "sync_status": [
            {
                "stream": stream,
                "last_success_at": NOW - timedelta(minutes=2),
                "quota_wait_seconds": 1.5,
                "status": "ok",
            }
            for stream in ("orders", "inventory", "inbound_shipments")
        ],
        "marketplaces": [
            {"marketplace_id": US, "time_zone": "America/Los_Angeles", "observed_at": NOW, "currency": "USD"},
            {"marketplace_id": DE, "time_zone": "Europe/Berlin", "observed_at": NOW, "currency": "EUR"},
        ],
    }


def two_stores() -> dict[str, Sequence[Row]]:
    """Two Shopify stores: one in EUR that is ten minutes behind, one in USD; a few of their orders."""
    uk, usa = "uk.myshopify.com", "usa.myshopify.com"
    return {
        "channel_performance": [
            _store(uk, "UK/EU", "EUR", 10, orders=2, revenue="60.00", fees="1.74", customers=2, estimated=True),
            _store(usa, "USA", "USD", 2, orders=3, revenue="100.00", fees="2.50", customers=2, estimated=False),
        ],
        "shopify_orders": [
            _store_order(uk, "EUR", 30, quantity=2),
            _store_order(uk, "EUR", 24 * 60 + 30, quantity=7),
            _store_order(usa, "USD", 60, quantity=1),
            _store_order(usa, "USD", 61, quantity=40, is_counted=False),
            _store_order(usa, "USD", 26 * 60, quantity=1),
            _store_order(usa, "USD", 50 * 60, quantity=1),
        ],
        "shopify_daily": [
            {
                "seller_id": uk,
                "store": "UK/EU",
                "currency": "EUR",
                "day": NOW.date(),
                "orders": 1,
                "units": 2,
                "revenue": Decimal("10.00"),
            },
            {
                "seller_id": usa,
                "store": "USA",
                "currency": "USD",
                "day": NOW.date(),
                "orders": 1,
                "units": 1,
                "revenue": Decimal("10.00"),
            },
        ],
        "shopify_shops": [
            {"seller_id": uk, "currency": "EUR", "time_zone": "Pacific/Auckland", "observed_at": NOW},
            {"seller_id": usa, "currency": "USD", "time_zone": "America/New_York", "observed_at": NOW},
        ],
    }


def _store(
    domain: str, name: str, currency: str, minutes: int, *, orders: int, revenue: str, fees: str, customers: int,
    estimated: bool,
) -> Row:  # fmt: skip
    end = NOW - timedelta(minutes=minutes)
    return {
        "seller_id": domain,
        "channel": "Shopify",
        "store": name,
        "currency": currency,
        "window_start": end - timedelta(hours=24),
        "window_end": end,
        "orders": orders,
        "revenue": Decimal(revenue),
        "net_revenue": Decimal(revenue) - Decimal(fees),
        "customers": customers,
        "average_order_value": (Decimal(revenue) / orders).quantize(Decimal("0.01")),
        "fees": Decimal(fees),
        "fees_are_estimated": estimated,
        "estimated_fees": Decimal(fees if estimated else 0),
        "status": "connected",
    }


def _store_order(domain: str, currency: str, minutes_ago: int, **values: Any) -> Row:
    return {
        "seller_id": domain,
        "order_id": f"gid://shopify/Order/{minutes_ago}",
        "currency": currency,
        "created_at": NOW - timedelta(minutes=minutes_ago),
        "revenue": Decimal("10.00"),
        "is_counted": True,
        **values,
    }


def _transition(transition_id: str, sku: str, before: str | None, after: str, *, units: int, minutes_ago: int) -> Row:
    return {
        "transition_id": transition_id,
        "marketplace_id": US,
        "seller_sku": sku,
        "from_status": before,
        "to_status": after,
        "fulfillable_quantity": units,
        "at": NOW - timedelta(minutes=minutes_ago),
    }


def _shipment(shipment_id: str, status: str, expected: int | None, received: int | None) -> Row:
    return {
        "shipment_id": shipment_id,
        "marketplace_id": US,
        "shipment_status": status,
        "units_expected": expected,
        "units_received": received,
        "need_by_date": NOW.date(),
        "first_seen_at": NOW - timedelta(days=3),
        "status_changed_at": NOW - timedelta(days=2),
        "days_in_status": 1,
        "observed_at": NOW - timedelta(minutes=3),
    }


def _sales(**values: Any) -> Row:
    return {"marketplace_id": US, "currency": "USD", "fulfillment_channel": "AFN", **values}


_TABLES = (*MART_TABLES.values(), STAGED_MARKETPLACES, STAGED_SHOPIFY_SHOPS, PUBLICATION)


@dataclass
class Published:
    """A data directory into which a test publishes, as the pipeline does: a new file, then the symlink swung."""

    data_dir: Path
    number: int = 0

    @property
    def link(self) -> Path:
        return self.data_dir / "amazon.duckdb"

    def publish(
        self,
        rows: Mapping[str, Sequence[Row]] | None = None,
        *,
        source: str = "amazon",
        published_at: datetime = NOW - timedelta(minutes=1),
    ) -> Path:
        """Write and publish a file; with the small account's rows unless others are given."""
        self.number += 1
        path = self.data_dir / "published" / f"amazon-{self.number}.duckdb"
        path.parent.mkdir(parents=True, exist_ok=True)
        publication = {
            "publication_id": self.number,
            "published_at": published_at,
            "source": source,
            "schema_version": 1,
        }
        path.write_bytes(_small_file() if rows is None else _empty_file())
        with duckdb.connect(str(path)) as connection:
            _fill(connection, {**(rows or {}), "publication": [publication]})
        self.point_to(path)
        return path

    def publish_bytes(self, content: bytes) -> Path:
        """Publish a file that is no database."""
        self.number += 1
        path = self.data_dir / "published" / f"amazon-{self.number}.duckdb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        self.point_to(path)
        return path

    def point_to(self, path: Path) -> None:
        """Swing the symlink, atomically."""
        fresh = self.data_dir / "fresh-link"
        fresh.symlink_to(path.relative_to(self.data_dir))
        fresh.replace(self.link)


@cache
def _empty_file() -> bytes:
    """A file with all tables and no row; making it takes longer than copying it."""
    return _file_with({})


@cache
def _small_file() -> bytes:
    return _file_with(small_account())


def _file_with(rows: Mapping[str, Sequence[Row]]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.duckdb"
        with duckdb.connect(str(path)) as connection:
            for schema in ("mart", "staging", "meta"):
                connection.execute(f"CREATE SCHEMA {schema}")
            for table in _TABLES:
                connection.execute(table.create_sql())
            _fill(connection, rows)
        return path.read_bytes()


def _fill(connection: duckdb.DuckDBPyConnection, rows: Mapping[str, Sequence[Row]]) -> None:
    connection.execute("BEGIN")
    for table in _TABLES:
        for row in rows.get(table.name, ()):
            values = _complete(table, row)
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO {table.qualified_name} VALUES ({marks})", values)
    connection.execute("COMMIT")


def _complete(table: Table, row: Row) -> list[Any]:
    """The row with every column: what may be NULL is, the rest is empty."""
    empty: dict[str, Any] = {
        "INTEGER": 0,
        "BIGINT": 0,
        "DOUBLE": 0.0,
        "BOOLEAN": False,
        "VARCHAR": "",
        "TIMESTAMPTZ": NOW,
        "DATE": NOW.date(),
    }
    unknown = set(row) - set(table.column_names)
    assert not unknown, f"{table.name} has no {unknown}"
    defaults = {column.name: None if column.nullable else empty[column.type] for column in table.columns}
    values = {**defaults, "seller_id": SELLER, **row}
    return [values[name] for name in table.column_names]
