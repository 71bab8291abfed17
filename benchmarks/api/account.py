"""A large account's published file: the product's own tables, derived marts and publish, over generated rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.marts.build import DERIVED, build
from amazon_pipeline.warehouse import open_warehouse, publish

SELLER: Final = "A1BENCHMARK"
SKUS: Final = 100_000
ORDERS: Final = 1_000_000
ORDERS_OF_THE_WINDOW: Final = 10_000
TRANSITIONS: Final = 200_000
SHIPMENTS: Final = 2_000
ITEMS_OF_A_SHIPMENT: Final = 20

# the values are spread and the same at each run; md5() puts the rows of the file in no helpful order
_ROWS: Final = """
CREATE TEMP MACRO spread(n, salt, below) AS (hash(n, salt) % below)::BIGINT;

INSERT INTO staging.marketplaces BY NAME
SELECT $seller AS seller_id, marketplace_id, country_code AS name, country_code, currency, time_zone,
       $now AS observed_at
FROM meta.known_marketplaces WHERE country_code IN ('US', 'CA', 'MX', 'BR');

INSERT INTO mart.inventory BY NAME
SELECT $seller AS seller_id,
       CASE WHEN n % 10 < 8 THEN 'ATVPDKIKX0DER' ELSE 'A2EUQ1WTGCTBG2' END AS marketplace_id,
       printf('SKU-%06d-%s', n, substr(md5(n::VARCHAR), 1, 4)) AS seller_sku,
       printf('X00%07d', n) AS fn_sku,
       'B0' || upper(substr(md5(n::VARCHAR), 5, 8)) AS asin,
       printf('%s %s %s, pack of %d', ['Blue', 'Red', 'Grün', 'White', 'Black'][1 + spread(n, 1, 5)],
              ['Ceramic', 'Steel', 'Cotton', 'Oak', 'Glass'][1 + spread(n, 2, 5)],
              ['Mug', 'Bottle', 'Towel', 'Board', 'Lamp', 'Bowl'][1 + spread(n, 3, 6)], 1 + spread(n, 4, 12))
         AS product_name,
       'NewItem' AS "condition",
       CASE WHEN spread(n, 5, 20) = 0 THEN 0 ELSE spread(n, 6, 400) END::INTEGER AS fulfillable_quantity,
       spread(n, 7, 20)::INTEGER AS reserved_quantity,
       (spread(n, 8, 3) * 24)::INTEGER AS inbound_quantity,
       fulfillable_quantity + reserved_quantity + inbound_quantity AS total_quantity,
       10 AS low_stock_threshold,
       CASE WHEN fulfillable_quantity = 0 THEN 'out-of-stock' WHEN fulfillable_quantity < 10 THEN 'low-stock'
            ELSE 'in-stock' END AS stock_status,
       false AS is_pool_duplicate, marketplace_id AS pool_marketplace_id, seller_sku AS pool_seller_sku,
       $now - INTERVAL 1 YEAR AS first_seen_at, 0 AS missed_snapshots, n % 1000 = 999 AS is_gone,
       $now - to_seconds(spread(n, 9, 8640000)) AS last_updated, $now AS observed_at
FROM range($skus) AS _(n) ORDER BY md5(n::VARCHAR);

INSERT INTO mart.orders BY NAME
SELECT $seller AS seller_id,
       CASE WHEN n % 10 < 8 THEN 'ATVPDKIKX0DER' ELSE 'A2EUQ1WTGCTBG2' END AS marketplace_id,
       printf('%03d-%07d-%07d', 100 + n % 14, spread(n, 1, 10000000), n) AS amazon_order_id,
       ['Shipped', 'Shipped', 'Shipped', 'Unshipped', 'Pending', 'Canceled'][1 + spread(n, 2, 6)] AS order_status,
       $now - to_seconds(CASE WHEN n < $recent THEN spread(n, 3, 86400) ELSE 86400 + spread(n, 3, 31536000) END)
         AS purchase_date,
       purchase_date AS last_update_date,
       CASE WHEN order_status <> 'Pending' THEN (5 + spread(n, 4, 20000) / 100)::DECIMAL(18, 2) END AS order_total,
       CASE WHEN order_total IS NOT NULL THEN CASE WHEN n % 10 < 8 THEN 'USD' ELSE 'CAD' END END AS currency,
       order_total AS item_revenue, 1 AS quantity_ordered,
       CASE WHEN order_status = 'Shipped' THEN 1 ELSE 0 END AS quantity_shipped,
       1 - quantity_shipped AS quantity_unshipped,
       CASE WHEN n % 4 = 0 THEN 'MFN' ELSE 'AFN' END AS fulfillment_channel,
       CASE WHEN n % 10 < 8 THEN 'Amazon.com' ELSE 'Amazon.ca' END AS sales_channel,
       false AS is_business, n % 2 = 0 AS is_prime, false AS is_replacement, 'orders_api' AS source
FROM range($orders) AS _(n) ORDER BY md5(n::VARCHAR);

INSERT INTO mart.stock_transitions BY NAME
SELECT md5(n::VARCHAR) AS transition_id, i.seller_id, i.marketplace_id, i.seller_sku,
       CASE WHEN n % 2 = 0 THEN 'in-stock' ELSE 'low-stock' END AS from_status,
       CASE WHEN n % 2 = 0 THEN 'low-stock' ELSE 'out-of-stock' END AS to_status,
       CASE WHEN n % 2 = 0 THEN 3 ELSE 0 END AS fulfillable_quantity,
       $now - to_seconds(spread(n, 1, 31536000)) AS "at"
FROM range($transitions) AS _(n) JOIN (SELECT *, row_number() OVER () - 1 AS k FROM mart.inventory) i
  ON i.k = spread(n, 2, $skus) ORDER BY 1;

INSERT INTO mart.inbound_shipments BY NAME
SELECT $seller AS seller_id, 'ATVPDKIKX0DER' AS marketplace_id, printf('FBA%08d', n) AS shipment_id,
       printf('Delivery %d', n) AS shipment_name,
       ['WORKING', 'SHIPPED', 'IN_TRANSIT', 'RECEIVING', 'CLOSED', 'CLOSED', 'CANCELLED'][1 + spread(n, 1, 7)]
         AS shipment_status,
       'PHX3' AS destination_fulfillment_center, $items AS sku_count, $items * 50 AS units_expected,
       $items * 25 AS units_received, 0 AS units_discrepancy, $now - INTERVAL 20 DAY AS first_seen_at,
       $now - to_seconds(spread(n, 2, 1728000)) AS status_changed_at,
       date_diff('day', status_changed_at, $now)::INTEGER AS days_in_status, $now AS items_observed_at,
       $now AS observed_at
FROM range($shipments) AS _(n);

INSERT INTO mart.inbound_shipment_items BY NAME
SELECT $seller AS seller_id, printf('FBA%08d', n // $items) AS shipment_id, printf('SKU-%06d', n) AS seller_sku,
       printf('X00%07d', n) AS fn_sku, 50 AS quantity_expected, 25 AS quantity_received
FROM range($shipments * $items) AS _(n);

INSERT INTO staging.stream_status BY NAME
SELECT $seller AS seller_id, unnest(['orders', 'inventory', 'inbound_shipments']) AS stream, $now AS last_success_at,
       $now AS watermark, 0 AS rows_changed, 0 AS rows_quarantined, 1 AS api_calls, 0 AS throttled_calls,
       0.0 AS quota_wait_seconds, false AS backlog, 'ok' AS status
"""


def publish_account(data_dir: Path, *, skus: int = SKUS, orders: int = ORDERS) -> Path:
    """Make and publish the file in a data directory; the link readers open. Its figures are of this moment."""
    now = datetime.now(UTC)
    warehouse = data_dir / "private" / "warehouse.duckdb"
    link = data_dir / "amazon.duckdb"
    values = {
        "seller": SELLER,
        "now": now,
        "skus": skus,
        "orders": orders,
        "recent": min(orders, ORDERS_OF_THE_WINDOW),
        "transitions": TRANSITIONS,
        "shipments": SHIPMENTS,
        "items": ITEMS_OF_A_SHIPMENT,
    }
    with open_warehouse(warehouse) as connection:
        for statement in connection.extract_statements(_ROWS):
            named = {name: value for name, value in values.items() if name in statement.named_parameters}
            connection.execute(statement, named)
        for name in DERIVED:
            build(connection, name)
    publish(warehouse, link, seller_ids=[SELLER], source="simulator", at=now)
    return link


def environment(data_dir: Path) -> dict[str, str]:
    """The settings of a process that serves the directory; the credentials are well formed and nobody's."""
    return {
        "AMAZON_REFRESH_TOKEN": "Atzr|benchmark",
        "AMAZON_LWA_APP_ID": "amzn1.application-oa2-client.benchmark",
        "AMAZON_LWA_CLIENT_SECRET": "benchmark",
        "AMAZON_SELLER_ID": SELLER,
        "AMAZON_SP_API_ENDPOINT": "http://127.0.0.1:9",
        "AMAZON_DATA_DIR": str(data_dir),
    }


def rows_of(link: Path, table: str) -> int:
    """How many rows a table of the published file has."""
    with duckdb.connect(str(link.resolve()), read_only=True) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
