"""What Amazon answers at one sync: 500 orders that changed, all of the stock with 2,000 changes, the shipments.

It is laid into the staging tables, where the merges find it. Not part of what is measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.warehouse import open_warehouse, transaction
from benchmarks.warehouse.account import EVERY, MACROS, NOW, OPEN_SHIPMENTS, SELLER, lines_sql, orders_sql

_CHANGED: Final = """
CREATE OR REPLACE TEMP TABLE changed AS
WITH recent AS (
    SELECT amazon_order_id FROM mart.orders WHERE purchase_date > TIMESTAMPTZ '{at}' - INTERVAL 3 DAY
    ORDER BY hash(amazon_order_id, {number}) LIMIT 180
),
older AS (
    SELECT amazon_order_id FROM mart.orders
    WHERE purchase_date BETWEEN TIMESTAMPTZ '{at}' - INTERVAL 60 DAY AND TIMESTAMPTZ '{at}' - INTERVAL 3 DAY
    ORDER BY hash(amazon_order_id, {number}) LIMIT 18
),
anywhere AS (
    SELECT amazon_order_id FROM mart.orders WHERE purchase_date < TIMESTAMPTZ '{at}' - INTERVAL 60 DAY
    ORDER BY hash(amazon_order_id, {number}) LIMIT 2
)
FROM recent UNION ALL FROM older UNION ALL FROM anywhere
"""


def stage(path: Path, number: int, orders: int) -> None:
    """Sync ``number``, counted from 1, of an account that began with so many orders."""
    at = (NOW + number * EVERY).isoformat()
    with open_warehouse(path) as connection, transaction(connection):
        connection.execute(MACROS)
        _stage_orders(connection, number, at, orders)
        _stage_stock(connection, number, at)
        _stage_shipments(connection, number, at)


def _stage_orders(connection: duckdb.DuckDBPyConnection, number: int, at: str, orders: int) -> None:
    """300 new ones, 180 of the last three days, 18 of the last 60, 2 of any age; each with all its lines."""
    landed = f"'orders:{number}' AS batch_id, 1 AS page"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE lives AS
        SELECT {orders} + {number} * 300 + i AS i, TIMESTAMPTZ '{at}' - to_seconds(180 + i * 3) AS placed,
            TIMESTAMPTZ '{at}' - INTERVAL 3 MINUTE AS updated, 'Pending' AS status
        FROM range(300) AS r(i)"""
    )
    connection.execute(_CHANGED.format(at=at, number=number))
    connection.execute(
        f"""
        INSERT INTO staging.orders BY NAME
        SELECT *, {landed} FROM ({orders_sql("lives")})
        UNION ALL BY NAME
        SELECT * REPLACE (TIMESTAMPTZ '{at}' - INTERVAL 3 MINUTE AS last_update_date, 'Shipped' AS order_status,
            quantity_ordered AS quantity_shipped, 0 AS quantity_unshipped,
            coalesce(order_total, 20) AS order_total, coalesce(item_revenue, 20) AS item_revenue), {landed}
        FROM mart.orders SEMI JOIN changed USING (amazon_order_id);

        INSERT INTO staging.order_items BY NAME
        SELECT * EXCLUDE (purchase_date, order_status), {landed} FROM ({lines_sql("lives")})
        UNION ALL BY NAME
        SELECT * EXCLUDE (purchase_date, order_status) REPLACE (quantity_ordered AS quantity_shipped), {landed}
        FROM mart.order_items SEMI JOIN changed USING (amazon_order_id);

        INSERT INTO staging.staged_batches VALUES ('{SELLER}', 'orders', 'orders:{number}', 'complete', '{at}', '{at}',
            TIMESTAMPTZ '{at}' - INTERVAL 20 MINUTE, TIMESTAMPTZ '{at}' - INTERVAL 3 MINUTE, false, NULL, false)"""
    )


def _stage_stock(connection: duckdb.DuckDBPyConnection, number: int, at: str) -> None:
    """A snapshot a marketplace; every fiftieth SKU has sold a few units, or has units again."""
    connection.execute(
        f"""
        INSERT INTO staging.inventory BY NAME
        SELECT * EXCLUDE (low_stock_threshold, stock_status, is_pool_duplicate, pool_marketplace_id, pool_seller_sku,
                first_seen_at, missed_snapshots, is_gone, is_moved)
            REPLACE (
                CASE WHEN NOT is_moved THEN fulfillable_quantity WHEN fulfillable_quantity = 0 THEN 200
                     ELSE greatest(0, fulfillable_quantity - 3) END AS fulfillable_quantity,
                CASE WHEN NOT is_moved THEN total_quantity WHEN fulfillable_quantity = 0 THEN 215
                     ELSE greatest(0, fulfillable_quantity - 3) + 15 END AS total_quantity,
                TIMESTAMPTZ '{at}' AS observed_at),
            format('{{}}:{number}', marketplace_id) AS batch_id, 1 AS page
        FROM (SELECT *, seller_sku[5:]::INTEGER // 10 % 50 = {number} % 50 AS is_moved FROM mart.inventory);

        INSERT INTO staging.staged_batches
        SELECT DISTINCT '{SELLER}', 'inventory', batch_id, 'complete', TIMESTAMPTZ '{at}', TIMESTAMPTZ '{at}',
            NULL::TIMESTAMPTZ, TIMESTAMPTZ '{at}', false, marketplace_id, false
        FROM staging.inventory"""
    )


def _stage_shipments(connection: duckdb.DuckDBPyConnection, number: int, at: str) -> None:
    """The list of all shipments, and the items of the open ones, of which each receives a unit a sync."""
    landed = f"TIMESTAMPTZ '{at}' AS observed_at, 'inbound:{number}' AS batch_id, 1 AS page"
    connection.execute(
        f"""
        INSERT INTO staging.inbound_shipments BY NAME
        SELECT seller_id, marketplace_id, shipment_id, shipment_name, shipment_status, destination_fulfillment_center,
            need_by_date, {landed}
        FROM mart.inbound_shipments;

        INSERT INTO staging.inbound_shipment_items BY NAME
        SELECT * REPLACE (least(quantity_expected, quantity_received + 1) AS quantity_received), {landed}
        FROM mart.inbound_shipment_items WHERE shipment_id < format('FBA{{:09d}}', {OPEN_SHIPMENTS});

        INSERT INTO staging.staged_batches VALUES ('{SELLER}', 'inbound_shipments', 'inbound:{number}', 'complete',
            '{at}', '{at}', NULL, '{at}', false, NULL, false)"""
    )
