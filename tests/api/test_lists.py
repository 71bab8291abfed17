"""The lists in memory: they say exactly what the published file says, in its order, and are read once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import get_args

import duckdb
import pytest

from api.lists import Choice, ListSource
from api.routes_inventory import INVENTORY as INVENTORY_RESOURCE
from api.routes_inventory import Sort
from api.snapshot import SnapshotStore
from tests.api.application import DATA_PATHS, Client, body_of
from tests.api.published_account import CA, NOW, US, Published, item, small_account

INVENTORY, SALES = DATA_PATHS[1], DATA_PATHS[4]
NAMES = ("Becher grün", "becher GRÜN", "Änderung", "zebra", "Zebra", "", None, "磁器", "e\u0301t\u00e9")
SQL_COLUMNS = {
    "fulfillable": "fulfillable_quantity",
    "inbound": "inbound_quantity",
    "total": "total_quantity",
    "sku": "seller_sku",
    "name": "lower(product_name)",
    "updated": "last_updated",
    "reserved": "reserved_quantity",
    "velocity": "daily_velocity",
    "cover": "days_of_cover",
    "restock": "restock_quantity",
}
PLANNED = """
  SELECT i.*, v.daily_velocity, v.days_of_cover, v.restock_quantity
  FROM mart.inventory i LEFT JOIN mart.sku_velocity v USING (seller_id, marketplace_id, seller_sku)"""
FILTERS: dict[str, dict[str, str]] = {
    "true": {},
    "stock_status <> 'in-stock'": {"status": "alert"},
    f"stock_status = 'out-of-stock' AND marketplace_id = '{US}'": {"status": "out-of-stock", "marketplaceId": US},
    "contains(lower(product_name), lower('GRÜN'))": {"q": "GRÜN"},
}


def many_skus() -> dict[str, list[object]]:
    """Rows with equal and with empty values in every column that can be sorted by."""
    rows = [
        item(
            f"{'sku' if number % 2 else 'SKU'}-{number * 37 % 60:03}",
            number % 7,
            marketplace_id=(US, CA)[number % 3 == 0],
            product_name=NAMES[number % len(NAMES)],
            inbound_quantity=None if number % 5 == 0 else number % 4,
            total_quantity=None if number % 11 == 0 else number % 6,
            last_updated=None if number % 6 == 0 else NOW - timedelta(minutes=number % 8),
            is_gone=number % 13 == 12,
        )
        for number in range(60)
    ]
    velocities = [
        {
            "marketplace_id": row["marketplace_id"],
            "seller_sku": row["seller_sku"],
            "daily_velocity": None if number % 4 == 0 else number % 3 / 2,
            "days_of_cover": None if number % 4 == 1 else number % 9,
            "restock_quantity": None if number % 4 == 2 else number % 10,
            "cover_status": "unknown",
        }
        for number, row in enumerate(rows[:50])
    ]
    return {"inventory": list(rows), "sku_velocity": list(velocities)}


def walk(client: Client, **parameters: object) -> list[tuple[str, str]]:
    """The keys of a whole list, page by page."""
    seen: list[tuple[str, str]] = []
    cursor = ""
    while True:
        data = body_of(client, INVENTORY, limit=7, cursor=cursor, **parameters)
        seen += [(one["sku"], one["marketplaceId"]) for one in data["items"]]
        if data["nextCursor"] is None:
            assert data["total"] == len(seen)
            return seen
        cursor = data["nextCursor"]


@pytest.mark.parametrize("sort", [sort for sort in get_args(Sort) if sort != "urgent"])
def test_every_sort_is_the_databases_own_with_empty_values_last(
    sort: str, client: Client, published: Published
) -> None:
    path = published.publish(many_skus())
    direction = "DESC" if sort.startswith("-") else "ASC"
    order = f"{SQL_COLUMNS[sort.removeprefix('-')]} {direction} NULLS LAST, seller_sku, marketplace_id"
    with duckdb.connect(str(path), read_only=True) as connection:
        expected = [
            connection.execute(
                f"SELECT seller_sku, marketplace_id FROM ({PLANNED}) WHERE NOT is_gone AND {where} ORDER BY {order}"
            ).fetchall()
            for where in FILTERS
        ]
    assert all(expected)
    assert [walk(client, sort=sort, **parameters) for parameters in FILTERS.values()] == expected


def test_a_list_is_read_once_for_all_who_ask(published: Published) -> None:
    published.publish(many_skus())
    source = INVENTORY_RESOURCE.rows
    assert source is not None

    async def scenario() -> None:
        store = SnapshotStore(published.link)
        snapshot = await store.current()
        assert snapshot is not None
        with snapshot.hold():
            first, *others = await asyncio.gather(*(snapshot.rows(source) for _ in range(5)))
        assert all(other is first for other in others)
        store.close()

    asyncio.run(scenario())


def test_a_page_past_the_end_is_empty_and_the_last() -> None:
    source = ListSource("numbers", "range(10) AS _(n)", "n", "n::VARCHAR", {"n": "n"})
    with duckdb.connect() as connection:
        ready = source.read(connection)
    assert ready.page(Choice({}), start=8, limit=5).rows == "[8,9]"
    past = ready.page(Choice({}, sort="n", is_descending=True), start=10, limit=5)
    assert (past.rows, past.total, past.next_start) == ("[]", 10, None)


def test_an_error_in_the_middle_of_a_list_is_the_databases_error() -> None:
    late = "CASE WHEN n > 150000 THEN error('late') ELSE 'early' END"
    source = ListSource("numbers", "range(200000) AS _(n)", "1", late, {})
    with duckdb.connect() as connection, pytest.raises(duckdb.Error, match="late"):
        source.read(connection)


def test_a_shorter_span_of_sales_has_the_same_points_only_fewer(client: Client, published: Published) -> None:
    published.publish(small_account())
    year = body_of(client, SALES, interval="day", days="366")
    assert len(year["points"]) == 3
    for days, count in (("1", 1), ("2", 2), ("325", 2), ("326", 3)):
        assert body_of(client, SALES, interval="day", days=days)["points"] == year["points"][-count:]
