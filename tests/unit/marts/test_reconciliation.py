"""mart.reconciliation and mart.inventory_reconciliation: each figure by hand, and when the difference is drift."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from amazon_pipeline.marts import Agreement, orders_agreement, stock_agreement
from amazon_pipeline.marts.build import define_views
from amazon_pipeline.warehouse import open_warehouse
from tests.amazon_answers import (
    CA,
    NOON,
    US,
    inventory_summary,
    land_inventory,
    land_marketplaces,
    land_orders,
    order,
    order_item,
)
from tests.amazon_figures import land_metrics, land_stock, metrics_of, stock_line
from tests.order_reports import land_report, line
from tests.unit.warehouse_fixture import TestWarehouse

DAY = date(2026, 11, 17)
"""Two days and more before NOON."""
NOON_OF_THE_DAY = datetime(2026, 11, 17, 20, tzinfo=UTC)
WEEK_AGO = NOON - timedelta(days=7)


def sold(number: int, *, at: datetime = NOON_OF_THE_DAY, quantity: int = 1, sales: str | None = "10.00") -> Any:
    return order(f"{number}", created=at, items=[order_item(quantity=quantity, subtotal=sales)])


def land_week(directory: Path, *orders: dict[str, Any], since: datetime = WEEK_AGO) -> None:
    """A first window that holds these orders, and knows all since then."""
    land_marketplaces(directory)
    land_orders(directory, *orders, window_start=since, window_end=NOON)


def reconciled(warehouse: TestWarehouse, columns: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(f"SELECT {columns} FROM mart.reconciliation ORDER BY day, marketplace_id, currency")


def agreement(warehouse: TestWarehouse, of: Any = orders_agreement) -> Agreement:
    with open_warehouse(warehouse.path) as connection:
        found: Agreement = of(connection)
    return found


def test_orders_units_and_sales_stand_beside_amazons_with_the_difference(warehouse: TestWarehouse) -> None:
    land_week(warehouse.landing, sold(1, quantity=2, sales="25.50"), sold(2))
    land_metrics(warehouse.landing, metrics_of(DAY, 3, 4, "45.50"))
    warehouse.sync()
    row = warehouse.one("SELECT * EXCLUDE observed_at FROM mart.reconciliation")
    assert row == {
        "seller_id": "A1SELLER",
        "marketplace_id": US,
        "currency": "USD",
        "day": DAY,
        "our_orders": 2,
        "amazon_orders": 3,
        "our_units": 3,
        "amazon_units": 4,
        "our_sales": Decimal("35.50"),
        "amazon_sales": Decimal("45.50"),
        "difference": Decimal("-10.00"),
        "orders_without_amount": 0,
        "is_settled": True,
    }


def test_canceled_orders_replacements_and_multi_channel_orders_are_left_out_as_amazon_does(
    warehouse: TestWarehouse,
) -> None:
    replacement = [{"orderId": "0", "associationType": "REPLACEMENT_ORIGINAL_ID"}]
    land_week(
        warehouse.landing,
        sold(1),
        order("2", status="CANCELLED", created=NOON_OF_THE_DAY),
        order("3", marketplace_id=None, created=NOON_OF_THE_DAY),
        order("4", created=NOON_OF_THE_DAY, associatedOrders=replacement, items=[order_item(subtotal="0.00")]),
    )
    land_metrics(warehouse.landing, metrics_of(DAY, 1, 1, "10.00"))
    warehouse.sync()
    assert reconciled(warehouse, "our_orders, our_units, our_sales") == [(1, 1, Decimal("10.00"))]


def test_of_orders_known_from_a_report_alone_a_free_one_is_taken_for_a_replacement(warehouse: TestWarehouse) -> None:
    """Reports do not tell; a day known from a report seemed to drift by its replacements."""
    land_week(warehouse.landing, order("9", items=[order_item(subtotal="0.00")], created=NOON_OF_THE_DAY))
    placed = NOON_OF_THE_DAY.isoformat()
    land_report(
        warehouse.landing,
        line("1", purchase_date=placed),
        line("2", purchase_date=placed, item_price="0.00"),
        line("3", purchase_date=placed, item_price="10.00", item_promotion_discount="10.00"),
        line("4", purchase_date=placed, item_price=None),
    )
    land_metrics(warehouse.landing, metrics_of(DAY, 4, 4, "20.00"))
    warehouse.sync()
    assert reconciled(warehouse, "our_orders, our_sales, orders_without_amount") == [(4, Decimal("20.00"), 1)]


def test_an_order_without_an_amount_is_counted_and_its_sales_are_not_zero(warehouse: TestWarehouse) -> None:
    pending = {"status": "PENDING", "total": None, "items": [order_item(subtotal=None)], "created": NOON_OF_THE_DAY}
    land_week(warehouse.landing, sold(1), order("2", **pending), order("3", marketplace_id=CA, **pending))
    land_metrics(warehouse.landing, metrics_of(DAY, 2, 2, "20.00"))
    land_metrics(warehouse.landing, metrics_of(DAY, 1, 1, "30.00", currency="CAD"), marketplace_id=CA)
    warehouse.sync()
    assert reconciled(warehouse, "currency, our_orders, our_sales, difference, orders_without_amount") == [
        ("CAD", 1, None, None, 1),
        ("USD", 2, Decimal("10.00"), Decimal("-10.00"), 1),
    ]
    assert agreement(warehouse).beyond == 0, "sales that Amazon has not given us are no drift"


def test_each_currency_stands_alone_also_one_that_amazon_does_not_name(warehouse: TestWarehouse) -> None:
    canada = {"currency": "CAD", "marketplace_id": CA, "created": NOON_OF_THE_DAY}
    land_week(
        warehouse.landing,
        sold(1),
        order("2", items=[order_item(subtotal="7.00", currency="CAD")], **canada),
        order("3", created=NOON_OF_THE_DAY, currency="MXN", items=[order_item(subtotal="99.00", currency="MXN")]),
    )
    land_metrics(warehouse.landing, metrics_of(DAY, 1, 1, "10.00"))
    land_metrics(warehouse.landing, metrics_of(DAY, 1, 1, "7.00", currency="CAD"), marketplace_id=CA)
    warehouse.sync()
    assert reconciled(warehouse, "marketplace_id, currency, our_sales, amazon_sales, difference") == [
        (CA, "CAD", Decimal("7.00"), Decimal("7.00"), Decimal("0.00")),
        (US, "MXN", Decimal("99.00"), None, None),
        (US, "USD", Decimal("10.00"), Decimal("10.00"), Decimal("0.00")),
    ]


def test_a_day_is_the_marketplaces_own_also_when_its_clocks_change(warehouse: TestWarehouse) -> None:
    """On 1 November 2026 in California: 25 hours, from 07:00 to 08:00 of the next day in UTC."""
    start, end = datetime(2026, 11, 1, 7, tzinfo=UTC), datetime(2026, 11, 2, 8, tzinfo=UTC)
    moments = (start - timedelta(seconds=1), start, end - timedelta(seconds=1), end)
    orders = [sold(n, at=at) for n, at in enumerate(moments)]
    land_week(warehouse.landing, *orders, since=start - timedelta(days=3))
    days = [metrics_of(date(2026, 10, 31) + timedelta(days=n), 1, 1, "10.00") for n in range(3)]
    land_metrics(warehouse.landing, *days)
    warehouse.sync()
    assert reconciled(warehouse, "day, our_orders") == [
        (date(2026, 10, 31), 1), (date(2026, 11, 1), 2), (date(2026, 11, 2), 1),
    ]  # fmt: skip


def test_a_day_without_an_order_of_ours_is_compared_too(warehouse: TestWarehouse) -> None:
    land_week(warehouse.landing)
    land_metrics(warehouse.landing, metrics_of(DAY, 0, 0, "0.00"), metrics_of(DAY - timedelta(days=1), 9, 9, "90.00"))
    warehouse.sync()
    assert reconciled(warehouse, "our_orders, our_sales, difference") == [
        (0, Decimal("0.00"), Decimal("-90.00")),
        (0, Decimal("0.00"), Decimal("0.00")),
    ]


def test_a_day_that_our_orders_do_not_cover_whole_is_left_out(warehouse: TestWarehouse) -> None:
    land_week(warehouse.landing, sold(1), since=datetime(2026, 11, 17, 8, 0, 1, tzinfo=UTC))
    land_metrics(warehouse.landing, *(metrics_of(DAY + timedelta(days=n), 1, 1, "10.00") for n in range(4)))
    warehouse.sync()
    assert reconciled(warehouse, "day") == [(date(2026, 11, 18),), (date(2026, 11, 19),)], "20 November is not over"


@pytest.mark.parametrize(("gap", "known"), [(timedelta(0), True), (timedelta(seconds=1), False)])
def test_orders_are_known_since_the_start_of_the_windows_that_reach_the_watermark_without_a_gap(
    warehouse: TestWarehouse, gap: timedelta, known: bool
) -> None:
    first = WEEK_AGO + timedelta(days=3)
    land_week(warehouse.landing, since=first)
    land_report(warehouse.landing, window_start=first - gap - timedelta(days=30), window_end=first - gap)
    warehouse.sync()
    with open_warehouse(warehouse.path) as connection:
        define_views(connection)
        found = connection.execute(
            "SELECT epoch(known_since)::BIGINT, epoch(known_until)::BIGINT FROM orders_known_since"
        ).fetchall()
    since = first - timedelta(days=30) if known else first
    assert found == [(int(since.timestamp()), int(NOON.timestamp()))]


def test_nothing_is_compared_before_a_whole_window_of_orders_is_known(warehouse: TestWarehouse) -> None:
    land_marketplaces(warehouse.landing)
    land_orders(warehouse.landing, sold(1), window_start=WEEK_AGO, status="open")
    land_report(warehouse.landing, line("7"), window_start=WEEK_AGO - timedelta(days=30), window_end=NOON)
    land_metrics(warehouse.landing, metrics_of(DAY, 1, 1, "10.00"))
    warehouse.sync()
    assert reconciled(warehouse, "day") == []
    assert agreement(warehouse).compared == 0


def test_a_newer_answer_about_a_day_replaces_the_older_and_the_other_days_stay(warehouse: TestWarehouse) -> None:
    land_week(warehouse.landing, sold(1))
    before = DAY - timedelta(days=1)
    land_metrics(warehouse.landing, metrics_of(before, 5, 5, "50.00"), metrics_of(DAY, 2, 2, "20.00"), at=WEEK_AGO)
    land_metrics(warehouse.landing, metrics_of(DAY, 1, 1, "10.00"))
    warehouse.sync()
    assert reconciled(warehouse, "day, amazon_orders") == [(before, 5), (DAY, 1)]
    rows = warehouse.rows("SELECT * FROM mart.reconciliation ORDER BY ALL")
    warehouse.lose_file()
    warehouse.sync()
    assert warehouse.rows("SELECT * FROM mart.reconciliation ORDER BY ALL") == rows


def test_a_day_is_settled_two_days_after_its_end_and_only_then_can_it_drift(warehouse: TestWarehouse) -> None:
    land_week(warehouse.landing)
    land_metrics(warehouse.landing, metrics_of(DAY, 50, 50, "500.00"), metrics_of(DAY + timedelta(days=1), 9, 9, "90"))
    warehouse.sync()
    assert reconciled(warehouse, "is_settled") == [(True,), (False,)]
    found = agreement(warehouse)
    assert (found.compared, found.beyond, found.sample[0][0]) == (1, 1, str(DAY))


@pytest.mark.parametrize(
    ("ours", "amazons", "beyond"),
    [
        (100, (100, 100, "1000.00"), 0),
        (100, (102, 102, "1020.00"), 0),
        (100, (103, 100, "1000.00"), 1),
        (100, (100, 97, "1000.00"), 1),
        (100, (100, 100, "1025.00"), 1),
        (100, (100, 100, "980.00"), 1),
        (5, (6, 6, "50.00"), 0),
        (5, (7, 5, "50.00"), 1),
        (1, (0, 0, "0.00"), 1),
    ],
)
def test_drift_is_more_than_two_percent_and_at_least_two_orders_or_units(
    warehouse: TestWarehouse, ours: int, amazons: tuple[int, int, str], beyond: int
) -> None:
    land_week(warehouse.landing, *(sold(n) for n in range(ours)))
    land_metrics(warehouse.landing, metrics_of(DAY, *amazons))
    warehouse.sync()
    found = agreement(warehouse)
    assert (found.compared, found.beyond) == (1, beyond)
    assert "difference" in found.header


def test_stock_stands_beside_the_newest_report_sku_by_sku(warehouse: TestWarehouse) -> None:
    land_inventory(warehouse.landing, inventory_summary("A", 5, reserved=2), inventory_summary("ours", 7))
    land_inventory(warehouse.landing, inventory_summary("B", 9), marketplace_id=CA)
    land_stock(warehouse.landing, [stock_line("A", 99)], at=NOON - timedelta(days=1))
    land_stock(warehouse.landing, [stock_line("A", 4, afn_total_quantity="8")], [stock_line("amazons", 0)])
    warehouse.sync()
    rows = warehouse.rows(
        "SELECT seller_sku, our_fulfillable, amazon_fulfillable, our_total, amazon_total, difference "
        "FROM mart.inventory_reconciliation ORDER BY 1"
    )
    assert rows == [("A", 5, 4, 7, 8, 1), ("amazons", None, 0, None, 0, None), ("ours", 7, None, 7, None, None)]
    before = warehouse.rows("SELECT * FROM mart.inventory_reconciliation ORDER BY ALL")
    warehouse.lose_file()
    warehouse.sync()
    assert warehouse.rows("SELECT * FROM mart.inventory_reconciliation ORDER BY ALL") == before


def test_a_stock_report_that_is_half_landed_is_not_staged(warehouse: TestWarehouse) -> None:
    batch = land_stock(warehouse.landing, [stock_line("A", 1)], [stock_line("B", 1)], status="open")
    assert warehouse.sync()["stock_report"].pages == 0
    batch.close("complete", at=NOON, facts={"window_end": NOON})
    assert warehouse.sync()["stock_report"].pages == 2
    assert warehouse.rows("SELECT count(*) FROM mart.inventory_reconciliation") == [(2,)]


@pytest.mark.parametrize(
    ("ours", "amazons", "beyond"), [(102, 100, 0), (103, 100, 1), (3, 2, 0), (3, 1, 1), (0, 2, 1), (None, 5, 1)]
)
def test_stock_drifts_by_more_than_two_percent_and_at_least_two_units(
    warehouse: TestWarehouse, ours: int | None, amazons: int, beyond: int
) -> None:
    land_inventory(warehouse.landing, *([] if ours is None else [inventory_summary("A", ours)]))
    land_stock(warehouse.landing, [stock_line("A", amazons)])
    warehouse.sync()
    found = agreement(warehouse, stock_agreement)
    assert (found.compared, found.beyond) == (1, beyond)


def test_stock_is_ours_as_it_was_known_when_the_report_was_made(warehouse: TestWarehouse) -> None:
    for hours, fulfillable in ((4, 60), (2, 50), (0, 5)):
        land_inventory(warehouse.landing, inventory_summary("A", fulfillable), at=NOON - timedelta(hours=hours))
    land_stock(warehouse.landing, [stock_line("A", 50)], at=NOON - timedelta(hours=1))
    warehouse.sync()
    assert warehouse.rows("SELECT our_fulfillable FROM mart.inventory_reconciliation") == [(50,)]
    assert agreement(warehouse, stock_agreement).beyond == 0
