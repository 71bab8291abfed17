"""A seller's published data, made by hand: what a sync would have published, with figures a test can reckon by head."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

import duckdb

from amazon_pipeline.schemas import MART_TABLES, Table
from amazon_pipeline.schemas.shopify import STAGED_SHOPIFY_SHOPS
from amazon_pipeline.schemas.staging import PUBLICATION, STAGED_MARKETPLACES

AS_OF: Final = datetime(2026, 11, 22, 12, 45, tzinfo=UTC)
US, CANADA, MEXICO = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8"
CURRENCIES: Final = {US: "USD", CANADA: "CAD", MEXICO: "MXN"}

_SELLER: Final = "A1TESTSELLER1"
_FILLERS: Final[dict[str, Any]] = {
    "VARCHAR": "",
    "INTEGER": 0,
    "BIGINT": 0,
    "BOOLEAN": False,
    "DOUBLE": 0.0,
    "TIMESTAMPTZ": AS_OF,
    "DATE": AS_OF.date(),
}
_OPEN_STATES: Final = {"Pending": "pending_count", "Unshipped": "unshipped_count", "Shipped": "shipped_count"}


@dataclass
class Sku:
    """One SKU in one marketplace."""

    sku: str
    available: int
    name: str | None = "Bamboo cutting board, large"
    inbound: int = 0
    reserved: int = 0
    threshold: int = 10
    marketplace: str = US
    velocity: float | None = 2.0
    day_before: int | None = None

    @property
    def status(self) -> str:
        if self.available == 0:
            return "out-of-stock"
        return "low-stock" if self.available < self.threshold else "in-stock"

    @property
    def days_of_cover(self) -> float | None:
        return round(self.available / self.velocity, 1) if self.velocity else None

    @property
    def cover_status(self) -> str:
        if self.days_of_cover is None:
            return "unknown" if self.velocity is None else "no-sales"
        bounds = ((7, "critical"), (21, "warning"), (90, "healthy"))
        return next((word for most, word in bounds if self.days_of_cover < most), "excess")


@dataclass
class Order:
    """One order, placed so many minutes before the as-of time."""

    number: int
    minutes_before: int
    total: str | None = "25.00"
    status: str = "Shipped"
    marketplace: str = US
    channel: str = "AFN"

    @property
    def amount(self) -> Decimal | None:
        return None if self.total is None else Decimal(self.total)


@dataclass
class Shipment:
    """One inbound shipment; None where its items are not read yet."""

    shipment_id: str
    status: str
    name: str | None = "Autumn refill"
    expected: int | None = 200
    received: int | None = 0
    days: int = 3


@dataclass
class Stream:
    """How the last fetch of one stream went."""

    name: str
    status: str = "ok"
    message: str | None = None
    last_success_at: datetime | None = AS_OF


@dataclass
class Store:
    """A Shopify store with what it sold: how many minutes before the as-of time, and for how much."""

    name: str
    currency: str
    fees: str = "0.00"
    sold: list[tuple[int, str]] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"{self.name.lower().replace('/', '-')}.myshopify.com"

    @property
    def revenue(self) -> Decimal:
        return sum((Decimal(total) for _, total in self.sold), Decimal(0))


@dataclass
class SellerAccount:
    """What is known at ``as_of``. ``publish`` writes it as the newest file of a data directory."""

    as_of: datetime = AS_OF
    source: Literal["amazon", "simulator"] = "amazon"
    skus: list[Sku] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    shipments: list[Shipment] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    streams: list[Stream] = field(
        default_factory=lambda: [Stream("orders"), Stream("inventory"), Stream("inbound_shipments")]
    )

    def publish(self, data_dir: Path, number: int = 1) -> None:
        """Make the file and swing the symlink to it."""
        path = data_dir / "published" / f"amazon-{number}.duckdb"
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(path) as connection:
            connection.execute("CREATE SCHEMA mart; CREATE SCHEMA meta; CREATE SCHEMA staging")
            for table, rows in self._tables(number):
                connection.execute(table.create_sql())
                _insert(connection, table, rows)
        fresh = data_dir / ".amazon.duckdb.new"
        fresh.symlink_to(path.relative_to(data_dir))
        fresh.replace(data_dir / "amazon.duckdb")

    def _tables(self, number: int) -> Iterable[tuple[Table, list[dict[str, Any]]]]:
        filled = {
            "orders": self._orders(),
            "inventory": self._inventory(),
            "inventory_summary": [self._stock_summary()] if self.skus else [],
            "low_stock": [],
            "sku_velocity": self._velocity(),
            "inventory_history": self._history(),
            "sales_hourly": self._sales("hour"),
            "sales_daily": self._sales("day"),
            "inbound_shipments": self._shipments(),
            "order_metrics_24h": [self._metrics(currency) for currency in self._currencies()],
            "sync_status": self._sync_status(),
            "channel_performance": [self._channel(store) for store in self.stores],
            "shopify_orders": [row for store in self.stores for row in self._store_orders(store)],
            "shopify_daily": [self._store_day(store) for store in self.stores],
        }
        for name, table in MART_TABLES.items():
            yield table, filled.get(name, [])
        yield STAGED_MARKETPLACES, []
        yield STAGED_SHOPIFY_SHOPS, []
        publication = {
            "publication_id": number,
            "published_at": self.as_of,
            "source": self.source,
            "schema_version": 1,
        }
        yield PUBLICATION, [publication]

    def _orders(self) -> list[dict[str, Any]]:
        return [
            {
                "marketplace_id": order.marketplace,
                "amazon_order_id": f"111-0000000-{order.number:07d}",
                "order_status": order.status,
                "purchase_date": self._placed(order),
                "order_total": order.amount,
                "currency": None if order.amount is None else CURRENCIES[order.marketplace],
                "quantity_shipped": 1 if order.status == "Shipped" else 0,
                "quantity_unshipped": 0 if order.status == "Shipped" else 1,
                "fulfillment_channel": order.channel,
            }
            for order in self.orders
        ]

    def _inventory(self) -> list[dict[str, Any]]:
        return [
            {
                "marketplace_id": sku.marketplace,
                "seller_sku": sku.sku,
                "product_name": sku.name,
                "fulfillable_quantity": sku.available,
                "reserved_quantity": sku.reserved,
                "reserved_customer_orders": sku.reserved - sku.reserved // 3,
                "reserved_fc_transfer": sku.reserved // 3,
                "reserved_fc_processing": 0,
                "inbound_quantity": sku.inbound,
                "inbound_working_quantity": 0,
                "inbound_shipped_quantity": sku.inbound,
                "inbound_receiving_quantity": 0,
                "total_quantity": sku.available + sku.reserved + sku.inbound,
                "low_stock_threshold": sku.threshold,
                "stock_status": sku.status,
                "observed_at": self.as_of,
            }
            for sku in self.skus
        ]

    def _velocity(self) -> list[dict[str, Any]]:
        return [
            {
                "marketplace_id": sku.marketplace,
                "seller_sku": sku.sku,
                "product_name": sku.name,
                "units_7d": 14,
                "units_30d": 60,
                "units_90d": 180,
                "daily_velocity": sku.velocity,
                "pool_velocity": sku.velocity,
                "fulfillable_quantity": sku.available,
                "supply_quantity": sku.available + sku.inbound,
                "days_of_cover": sku.days_of_cover,
                "lead_time_days": 30,
                "reorder_point": 88,
                "reorder_date": self.as_of.date(),
                "restock_quantity": None if sku.velocity is None else max(0, 178 - sku.available - sku.inbound),
                "cover_status": sku.cover_status,
                "explanation": f"Sells 2 a day in stock. {sku.sku}: 2 x (30 + 45 + 14) less what there is.",
            }
            for sku in self.skus
        ]

    def _history(self) -> list[dict[str, Any]]:
        """Thirty days, fewer units at each step; the day before ``day_before`` if it is given."""
        rows = []
        steps = (31, 20, 10, 2, 0)
        for sku in self.skus:
            for step, days in enumerate(steps):
                before = sku.day_before if sku.day_before is not None and days == 2 else sku.available + days
                since = self.as_of - timedelta(days=days, hours=1)
                units = sku.available if days == 0 else before
                row = {"marketplace_id": sku.marketplace, "seller_sku": sku.sku, "valid_from": since}
                until = None if days == 0 else self.as_of - timedelta(days=steps[step + 1], hours=1)
                rows.append({**row, "valid_to": until, "fulfillable_quantity": units, "total_quantity": units})
        return rows

    def _sales(self, period: str) -> list[dict[str, Any]]:
        sums: dict[tuple[Any, str], list[Order]] = {}
        for order in self.orders:
            if order.status != "Canceled":
                start = self._placed(order).replace(minute=0, second=0, microsecond=0)
                sums.setdefault((start if period == "hour" else start.date(), order.marketplace), []).append(order)
        return [
            {
                "marketplace_id": marketplace,
                "currency": CURRENCIES[marketplace],
                "fulfillment_channel": "AFN",
                period: start,
                "orders": len(orders),
                "units": len(orders),
                "revenue": sum((order.amount for order in orders if order.amount is not None), Decimal(0)),
            }
            for (start, marketplace), orders in sums.items()
        ]

    def _stock_summary(self) -> dict[str, Any]:
        return {
            "marketplace_id": "ALL",
            "total_skus": len(self.skus),
            "total_quantity": sum(sku.available + sku.reserved + sku.inbound for sku in self.skus),
            "fulfillable_quantity": sum(sku.available for sku in self.skus),
            "reserved_quantity": sum(sku.reserved for sku in self.skus),
            "inbound_quantity": sum(sku.inbound for sku in self.skus),
            "low_stock_count": sum(sku.status != "in-stock" for sku in self.skus),
            "out_of_stock_count": sum(sku.status == "out-of-stock" for sku in self.skus),
            "last_sync": self.as_of,
        }

    def _shipments(self) -> list[dict[str, Any]]:
        return [
            {
                "marketplace_id": US,
                "shipment_id": shipment.shipment_id,
                "shipment_name": shipment.name,
                "shipment_status": shipment.status,
                "destination_fulfillment_center": "PHX7",
                "units_expected": shipment.expected,
                "units_received": shipment.received,
                "status_changed_at": self.as_of - timedelta(days=shipment.days),
                "days_in_status": shipment.days,
                "observed_at": self.as_of,
            }
            for shipment in self.shipments
        ]

    def _sync_status(self) -> list[dict[str, Any]]:
        return [
            {
                "stream": stream.name,
                "status": stream.status,
                "message": stream.message,
                "last_success_at": stream.last_success_at,
                "watermark": stream.last_success_at,
                "backlog": stream.status == "backlog",
            }
            for stream in self.streams
        ]

    def _channel(self, store: Store) -> dict[str, Any]:
        return {
            "seller_id": store.domain,
            "channel": "Shopify",
            "store": store.name,
            "currency": store.currency,
            "window_start": self.as_of - timedelta(hours=24),
            "window_end": self.as_of,
            "orders": len(store.sold),
            "revenue": store.revenue,
            "net_revenue": store.revenue - Decimal(store.fees),
            "customers": len(store.sold),
            "average_order_value": store.revenue / len(store.sold),
            "fees": Decimal(store.fees),
            "fees_are_estimated": False,
            "status": "connected",
        }

    def _store_orders(self, store: Store) -> Iterable[dict[str, Any]]:
        for number, (minutes_before, total) in enumerate(store.sold):
            yield {
                "seller_id": store.domain,
                "order_id": f"gid://shopify/Order/{number}",
                "created_at": self.as_of - timedelta(minutes=minutes_before),
                "is_counted": True,
                "currency": store.currency,
                "revenue": Decimal(total),
                "quantity": 1,
            }

    def _store_day(self, store: Store) -> dict[str, Any]:
        """All on the day of the as-of time."""
        figures = {"orders": len(store.sold), "units": len(store.sold), "revenue": store.revenue}
        return {
            "seller_id": store.domain,
            "store": store.name,
            "currency": store.currency,
            "day": self.as_of.date(),
        } | figures

    def _currencies(self) -> set[str]:
        return {CURRENCIES[order.marketplace] for order in self.orders}

    def _metrics(self, currency: str) -> dict[str, Any]:
        mine = [order for order in self.orders if CURRENCIES[order.marketplace] == currency]
        start = self.as_of - timedelta(hours=24)
        now = _window([order for order in mine if self._placed(order) >= start])
        before = _window([order for order in mine if self._placed(order) < start])
        times = {"marketplace_id": "ALL", "currency": currency, "window_start": start, "window_end": self.as_of}
        return times | now | {f"previous_{name}": value for name, value in before.items()}

    def _placed(self, order: Order) -> datetime:
        return self.as_of - timedelta(minutes=order.minutes_before)


def _window(orders: list[Order]) -> dict[str, Any]:
    counted = [order for order in orders if order.status != "Canceled"]
    amounts = [order.amount for order in counted if order.amount is not None]
    states = {column: sum(order.status == state for order in counted) for state, column in _OPEN_STATES.items()}
    return {
        "total_orders": len(counted),
        "units": len(counted),
        "total_revenue": sum(amounts) if amounts else None,
        "average_order_value": sum(amounts) / len(amounts) if amounts else None,
        "canceled_count": len(orders) - len(counted),
        "orders_without_amount": len(counted) - len(amounts),
        **states,
    }


def _insert(connection: duckdb.DuckDBPyConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    filled = []
    for row in rows:
        unknown = row.keys() - set(table.column_names)
        if unknown:
            raise AssertionError(f"{table.qualified_name} has no column {', '.join(sorted(unknown))}")
        values = [
            row.get(
                column.name,
                None if column.nullable else _SELLER if column.name == "seller_id" else _FILLERS[column.type],
            )
            for column in table.columns
        ]
        filled.append(values)
    if filled:
        marks = ", ".join("?" * len(table.columns))
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {table.qualified_name} VALUES ({marks})", filled)
        connection.execute("COMMIT")


def busy_account() -> SellerAccount:
    """Two currencies, five SKUs under their threshold, two of them out, open and closed shipments, a failed stream."""
    # today 24 of 25.00 USD, 3 of 40.00 CAD; the day before 20 of 25.00 USD: revenue and orders went up
    today = [Order(number, 5 + 7 * number) for number in range(22)]
    states = [Order(100, 30, status="Unshipped", channel="MFN"), Order(101, 45, status="Unshipped")]
    unsettled = [Order(102, 2, total=None, status="Pending"), Order(103, 300, status="Canceled")]
    canada = [Order(200 + number, 60 * (number + 1), total="40.00", marketplace=CANADA) for number in range(3)]
    yesterday = [Order(300 + number, 1500 + number) for number in range(20)]
    low = [
        Sku("MUG-BLUE-2", 0, name="Enamel camping mug, blue, set of 2", inbound=120),
        Sku("BOARD-L", 0, name="Bamboo cutting board, large, with juice groove and handles", marketplace=CANADA),
        Sku("KETTLE-09", 2, name="Gooseneck pour-over kettle 0.9 l", inbound=48, reserved=3),
        Sku("APRON-GRN", 7, name="Linen apron, green"),
        Sku("WHISK-XL", 24, name="Balloon whisk, extra large", threshold=40, reserved=6),
    ]
    plenty = [Sku(f"SPOON-{number:02d}", 40 + number, name=f"Olive wood spoon no. {number}") for number in range(20)]
    return SellerAccount(
        skus=[*plenty, *low],
        orders=[*today, *states, *unsettled, *canada, *yesterday],
        shipments=[
            Shipment("FBA15ABCDE01", "RECEIVING", received=120, days=9),
            Shipment("FBA15ABCDE02", "IN_TRANSIT", name="Kettles by sea", expected=480, days=21),
            Shipment("FBA15ABCDE03", "WORKING", name=None, expected=None, received=None, days=0),
            Shipment("FBA15ABCDE04", "CLOSED", name="Summer refill", received=198, days=40),
        ],
        streams=[
            Stream("inbound_shipments", "failed", "Amazon refused the request: the application lacks the role "
                   "Amazon Fulfillment. Add it in Seller Central.", AS_OF - timedelta(hours=5)),
            Stream("inventory"),
            Stream("orders", "backlog", "1,240 changed orders are left for the next sync."),
        ],
    )  # fmt: skip


def calm_account() -> SellerAccount:
    """Nothing low, one order, no shipment."""
    return SellerAccount(skus=[Sku("SPOON-01", 60)], orders=[Order(1, 10)])
