"""The stores' figures out of their orders and of what Shopify Payments booked, each case by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from amazon_pipeline.marts.build import build
from amazon_pipeline.warehouse import open_warehouse

END = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STORE, OTHER = "uk.myshopify.com", "usa.myshopify.com"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(tmp_path / "warehouse.duckdb") as connection:
        for domain, name, currency in ((STORE, "UK/EU", "GBP"), (OTHER, "USA", "USD")):
            connection.execute("INSERT INTO staging.shopify_store_names VALUES (?, ?)", [domain, name])
            _insert(
                connection,
                "staging.shopify_shops",
                seller_id=domain,
                currency=currency,
                time_zone="Europe/London",
                observed_at=END,
            )
            _known(connection, domain, "shopify_orders", END)
        yield connection


def _insert(connection: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    marks = ", ".join(f"${name} AS {name}" for name in values)
    connection.execute(f"INSERT INTO {table} BY NAME SELECT {marks}", values)


def _known(connection: duckdb.DuckDBPyConnection, store: str, stream: str, until: datetime) -> None:
    """The stream is known for the 30 days up to ``until``."""
    _insert(
        connection, "staging.stream_status", seller_id=store, stream=stream, status="ok", watermark=until,
        last_success_at=until, rows_changed=0, rows_quarantined=0, api_calls=0, throttled_calls=0,
        quota_wait_seconds=0.0, backlog=False,
    )  # fmt: skip
    _insert(
        connection, "staging.staged_batches", seller_id=store, stream=stream, batch_id=f"{stream}-{store}",
        status="complete", opened_at=until, closed_at=until, window_start=until - timedelta(days=30),
        window_end=until, is_first=True, is_merged=True,
    )  # fmt: skip


def _order(connection: duckdb.DuckDBPyConnection, number: int, revenue: str, **changes: Any) -> None:
    values = {
        "seller_id": STORE, "order_id": f"gid://shopify/Order/{number}", "created_at": END - timedelta(hours=number),
        "updated_at": END, "is_test": False, "is_counted": True, "currency": "GBP", "total_price": Decimal(revenue),
        "total_received": Decimal(revenue), "total_refunded": Decimal(0), "revenue": Decimal(revenue), "quantity": 1,
        "is_customer_known": True, "customer_hash": "a",
    }  # fmt: skip
    _insert(connection, "mart.shopify_orders", **{**values, **changes})


def _fee(connection: duckdb.DuckDBPyConnection, number: int, fee: str, **changes: Any) -> None:
    values = {
        "seller_id": STORE, "entry_id": f"entry/{number}/{fee}", "entry_type": "CHARGE", "booked_at": END,
        "is_test": False, "order_id": f"gid://shopify/Order/{number}", "amount": Decimal(10), "fee": Decimal(fee),
        "currency": "GBP",
    }  # fmt: skip
    _insert(connection, "mart.shopify_fees", **{**values, **changes})


def _fees_of(connection: duckdb.DuckDBPyConnection, store: str = STORE) -> tuple[Any, ...]:
    build(connection, "channel_performance")
    build(connection, "shopify_daily")
    columns = "revenue, fees, estimated_fees, fees_are_estimated, net_revenue"
    (row,) = connection.execute(
        f"SELECT {columns} FROM mart.channel_performance WHERE seller_id = ? AND channel = 'Shopify'", [store]
    ).fetchall()
    daily = connection.execute(
        "SELECT sum(fees), sum(estimated_fees), bool_or(net_revenue IS DISTINCT FROM revenue - fees) "
        "FROM mart.shopify_daily WHERE seller_id = ?",
        [store],
    ).fetchall()
    assert daily in ([(row[1], row[2], False)], [(None, None, None)]), "the days tell the same"
    return row


def test_fees_are_what_was_booked_for_the_orders_with_refunds_and_without_tests(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    _known(warehouse, STORE, "shopify_fees", END)
    _order(warehouse, 1, "100.00")
    _order(warehouse, 2, "50.00", payment_gateways="paypal")
    _order(warehouse, 3, "70.00", is_counted=False)
    for fee in ("2.30", "-0.30"):
        _fee(warehouse, 1, fee)
    _fee(warehouse, 1, "9.99", is_test=True)
    _fee(warehouse, 3, "1.63")
    _fee(warehouse, 0, "5.00", order_id=None)
    assert _fees_of(warehouse) == (Decimal("150.00"), Decimal("2.00"), Decimal(0), False, Decimal("148.00"))


def test_an_estimate_is_a_share_of_the_revenue_and_not_of_each_order_rounded(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """Each order's share was rounded, and three times 2.9% of 0.50 came to 0.03 instead of 0.04."""
    for number in (1, 2, 3):
        _order(warehouse, number, "0.50")
    assert _fees_of(warehouse) == (Decimal("1.50"), Decimal("0.04"), Decimal("0.04"), True, Decimal("1.46"))


def test_orders_that_the_fees_are_not_known_for_are_estimated_and_not_free(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """While the stream of fees failed, orders that came meanwhile had none, and were not called an estimate."""
    _known(warehouse, STORE, "shopify_fees", END - timedelta(hours=2))
    _order(warehouse, 3, "100.00")
    _fee(warehouse, 3, "2.30")
    _order(warehouse, 1, "200.00")
    assert _fees_of(warehouse) == (Decimal("300.00"), Decimal("8.10"), Decimal("5.80"), True, Decimal("291.90"))


def test_fees_booked_in_another_currency_are_estimated_in_the_orders(warehouse: duckdb.DuckDBPyConnection) -> None:
    _known(warehouse, STORE, "shopify_fees", END)
    _order(warehouse, 1, "100.00")
    _fee(warehouse, 1, "3.00", currency="EUR")
    assert _fees_of(warehouse) == (Decimal("100.00"), Decimal("2.90"), Decimal("2.90"), True, Decimal("97.10"))


def test_a_store_without_orders_in_the_window_has_no_fees_and_no_estimate(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    assert _fees_of(warehouse, OTHER) == (Decimal(0), Decimal(0), Decimal(0), None, Decimal(0))
