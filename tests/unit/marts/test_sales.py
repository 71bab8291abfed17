"""mart.sales_hourly and mart.sales_daily: made anew only where orders changed, and always what all orders say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from amazon_pipeline.marts import build
from amazon_pipeline.warehouse import open_warehouse
from amazon_pipeline.warehouse.retention import purge
from amazon_pipeline.warehouse.stale_sales import mark_sales
from tests.amazon_answers import CA, NOON, US, land_marketplaces, land_orders, order, order_item
from tests.unit.warehouse_fixture import TestWarehouse

INDIA, BRAZIL = "A21TJRUUN4KGV", "A2Q3Y263D00KWC"
TABLES = ("sales_hourly", "sales_daily")


def sales(warehouse: TestWarehouse) -> dict[str, list[tuple[object, ...]]]:
    return {name: warehouse.rows(f"SELECT * FROM mart.{name} ORDER BY ALL") for name in TABLES}


def made_anew(warehouse: TestWarehouse) -> dict[str, list[tuple[object, ...]]]:
    """Both marts from all orders there are."""
    with open_warehouse(warehouse.path) as connection:
        mark_sales(connection, "true", {})
        for name in TABLES:
            connection.execute(f"DELETE FROM mart.{name}")
        for name in TABLES:
            build(connection, name)
    return sales(warehouse)


@pytest.mark.parametrize("seed", range(4))
def test_any_changes_leave_them_as_if_made_from_all_orders(warehouse: TestWarehouse, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a reproducible mix of changes, no secret
    ids = [str(n) for n in range(40)]
    placed = {one: NOON - timedelta(minutes=chance.randrange(60 * 24 * 40)) for one in ids}
    markets = {one: chance.choice([US, CA, INDIA, BRAZIL, None]) for one in ids}
    land_marketplaces(warehouse.landing)
    for sync in range(5):
        at = NOON + timedelta(minutes=15 * sync)
        changed = [
            order(
                one,
                marketplace_id=markets[one],
                created=placed[one],
                updated=at,
                status=chance.choice(["PENDING", "SHIPPED", "CANCELLED"]),
                total=chance.choice([None, "5.00", "7.31"]),
                currency=chance.choice(["USD", "CAD"]),
                items=[order_item(quantity=chance.randrange(1, 4))],
            )
            for one in chance.sample(ids, 12)
        ]
        land_orders(warehouse.landing, *changed, at=at)
        warehouse.sync(at)
    assert sales(warehouse)["sales_daily"]
    assert sales(warehouse) == made_anew(warehouse)


def test_a_sync_in_which_nothing_changed_makes_no_hour_anew(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1"))
    warehouse.sync()
    assert warehouse.rows("SELECT count(*) FROM staging.stale_sales") == [(0,)]
    land_orders(warehouse.landing, order("1"), at=NOON + timedelta(minutes=15))
    warehouse.sync()
    assert warehouse.rows("SELECT rows_changed FROM mart.sync_status WHERE stream = 'orders'") == [(0,)]


def test_a_day_is_the_marketplaces_own_also_where_clocks_change(warehouse: TestWarehouse) -> None:
    """In Los Angeles 1 November 2026 has 25 hours: from 07:00 UTC to 08:00 UTC of the next day."""
    day = datetime(2026, 11, 1, tzinfo=ZoneInfo("America/Los_Angeles"))
    begin, end = day.astimezone(UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)
    moments = [begin - timedelta(microseconds=1), begin, end - timedelta(microseconds=1), end]
    land_orders(warehouse.landing, *(order(str(n), created=at, updated=at) for n, at in enumerate(moments)))
    warehouse.sync()
    assert warehouse.rows('SELECT "day", orders FROM mart.sales_daily ORDER BY 1') == [
        (date(2026, 10, 31), 1),
        (date(2026, 11, 1), 2),
        (date(2026, 11, 2), 1),
    ]


def test_amounts_that_amazon_has_not_given_are_counted_and_not_zero(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1", total=None), order("2", total=None, marketplace_id=CA), order("3"))
    warehouse.sync()
    found = warehouse.rows("SELECT currency, orders, revenue, orders_without_amount FROM mart.sales_daily ORDER BY 1")
    assert found == [("CAD", 1, None, 1), ("USD", 2, Decimal("12.00"), 1)]


def test_what_retention_deletes_leaves_the_sales_too(warehouse: TestWarehouse) -> None:
    old = NOON - timedelta(days=400)
    land_orders(warehouse.landing, order("old", created=old, updated=old), order("new"))
    warehouse.sync()
    with open_warehouse(warehouse.path) as connection:
        purge(connection, warehouse.landing, NOON - timedelta(days=300))
    warehouse.sync()
    assert warehouse.rows("SELECT sum(orders) FROM mart.sales_daily") == [(1,)]
    assert sales(warehouse) == made_anew(warehouse)


def test_a_marketplace_that_amazon_tells_us_of_later_has_its_sales_made_anew(warehouse: TestWarehouse) -> None:
    land_orders(warehouse.landing, order("1", total=None, marketplace_id="A0NEW0MARKET"))
    warehouse.sync()
    assert warehouse.rows("SELECT currency FROM mart.sales_daily") == [("USD",)]
    land_marketplaces(
        warehouse.landing, at=NOON + timedelta(days=1), new=("A0NEW0MARKET", "CL", "CLP", "www.amazon.cl")
    )
    warehouse.sync()
    assert warehouse.rows("SELECT currency FROM mart.sales_daily") == [("CLP",)]
    assert warehouse.rows("SELECT currency FROM mart.sales_hourly") == [("CLP",)]
