"""The made-up account: three years of orders and stock, written with SQL into the product's own tables.

Every figure follows from hash() of a number, so two runs make the same rows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from amazon_pipeline.warehouse import open_warehouse

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""Up to when everything is known before the first sync."""
_NOW_US: Final = int(NOW.timestamp()) * 1_000_000  # arithmetic with INTERVALs takes microseconds a row
EVERY: Final = timedelta(minutes=15)
SELLER: Final = "ABENCHMARK"
SKUS: Final = 100_000
SHIPMENTS: Final = 500
OPEN_SHIPMENTS: Final = 100
_STOCK_DAYS: Final = 540
"""Stock and batches are kept for 18 months, orders here for three years."""
_PERIODS: Final = 20

MACROS: Final = f"""
-- of ten orders and SKUs seven are of the USA, two of Canada, one of Mexico; the last digit decides
CREATE OR REPLACE TEMP MACRO marketplace(i) AS
CASE WHEN i % 10 < 7 THEN 'ATVPDKIKX0DER' WHEN i % 10 < 9 THEN 'A2EUQ1WTGCTBG2' ELSE 'A1AM78C64UM0Y8' END;
CREATE OR REPLACE TEMP MACRO money_of(i) AS CASE WHEN i % 10 < 7 THEN 'USD' WHEN i % 10 < 9 THEN 'CAD' ELSE 'MXN' END;
CREATE OR REPLACE TEMP MACRO order_id(i) AS
format('{{:03d}}-{{:07d}}-{{:07d}}', hash(i) % 1000, hash(i, 1) % 10000000, i);
CREATE OR REPLACE TEMP MACRO lines_of(i) AS [1, 2, 2, 3, 3, 4][1 + (hash(i, 2) % 6)::BIGINT];
CREATE OR REPLACE TEMP MACRO price_of(i) AS ((hash(i, 3) % 9000 + 500) / 100)::DECIMAL(18, 2);
-- the fourth power of chance: a tenth of the SKUs has more than half of the sales
CREATE OR REPLACE TEMP MACRO sku_number(i, line) AS
floor(pow(hash(i, line, 4) % 1000000 / 1e6, 4) * {SKUS // 10})::BIGINT * 10 + i % 10;
CREATE OR REPLACE TEMP MACRO sku(number) AS format('SKU-{{:06d}}', number);
CREATE OR REPLACE TEMP MACRO stock_status_of(units) AS
CASE WHEN units = 0 THEN 'out-of-stock' WHEN units < 10 THEN 'low-stock' ELSE 'in-stock' END;
"""


def orders_sql(lives: str) -> str:
    """Rows of mart.orders, of a relation with ``i``, ``placed``, ``updated`` and ``status``."""
    return f"""
    SELECT
        '{SELLER}' AS seller_id, marketplace(i) AS marketplace_id, order_id(i) AS amazon_order_id,
        status AS order_status, placed AS purchase_date, updated AS last_update_date,
        CASE WHEN status <> 'Pending' THEN price_of(i) * lines_of(i) END AS order_total,
        CASE WHEN status <> 'Pending' THEN money_of(i) END AS currency, order_total AS item_revenue,
        lines_of(i) AS quantity_ordered, CASE WHEN status = 'Shipped' THEN lines_of(i) ELSE 0 END AS quantity_shipped,
        quantity_ordered - quantity_shipped AS quantity_unshipped,
        CASE WHEN hash(i, 5) % 20 = 0 THEN 'MFN' ELSE 'AFN' END AS fulfillment_channel,
        'Amazon.com' AS sales_channel, hash(i, 6) % 30 = 0 AS is_business, hash(i, 7) % 2 = 0 AS is_prime,
        false AS is_replacement, 'orders_api' AS source
    FROM {lives}"""


def lines_sql(lives: str) -> str:
    """The lines of ``orders_sql`` of the same relation."""
    return f"""
    SELECT
        '{SELLER}' AS seller_id, marketplace(i) AS marketplace_id, order_id(i) AS amazon_order_id,
        format('{{:014d}}', i * 4 + line) AS order_item_id, sku(sku_number(i, line)) AS seller_sku,
        format('B{{:09d}}', sku_number(i, line)) AS asin,
        'A product title of about sixty characters, as they are, ' || sku_number(i, line) AS title,
        1 AS quantity_ordered, (status = 'Shipped')::INTEGER AS quantity_shipped,
        CASE WHEN status <> 'Pending' THEN price_of(i) END AS unit_price, unit_price AS item_revenue,
        CASE WHEN status <> 'Pending' THEN money_of(i) END AS currency, placed AS purchase_date, status AS order_status
    FROM (SELECT *, unnest(range(lines_of(i))) AS line FROM {lives})"""


def make(path: Path, orders: int) -> None:
    """The account's working file, with nothing derived yet."""
    with open_warehouse(path) as connection:
        connection.execute(MACROS)
        _make_orders(connection, orders)
        _make_stock(connection)
        _make_shipments(connection)
        _make_streams(connection)
        connection.execute("CHECKPOINT")


def _make_orders(connection: duckdb.DuckDBPyConnection, orders: int) -> None:
    """Rows lie in the order of their last update, as merges leave them: late updates stand at the table's end."""
    connection.execute(
        f"""
        CREATE TEMP TABLE lives AS
        SELECT
            i, make_timestamptz(placed_us) AS placed, make_timestamptz(updated_us) AS updated,
            CASE WHEN hash(i, 9) % 25 = 0 THEN 'Canceled' WHEN updated_us - placed_us < 1800000000 THEN 'Pending'
                 WHEN updated_us - placed_us < 43200000000 THEN 'Unshipped' ELSE 'Shipped' END AS status
        FROM (
            SELECT i, {_NOW_US} - (({orders} - i) * (1095 * 86400e6 / {orders}))::BIGINT AS placed_us,
                hash(i, 10) % 1000 AS fate,
                CASE WHEN fate < 956 THEN 3 WHEN fate < 996 THEN 60 ELSE 1000 END AS within_days,
                least(placed_us + (hash(i, 8) % 1000000)::BIGINT * 86400 * within_days, {_NOW_US}) AS updated_us
            FROM range({orders}) AS r(i)
        )
        ORDER BY updated_us, i"""
    )
    connection.execute(f"INSERT INTO mart.orders BY NAME {orders_sql('lives')}")
    connection.execute(f"INSERT INTO mart.order_items BY NAME {lines_sql('lives')}")
    connection.execute("DROP TABLE lives")


def _make_stock(connection: duckdb.DuckDBPyConnection) -> None:
    """Each SKU with 20 periods, one in 12 of them without a unit, and the transitions that follow from them."""
    connection.execute(
        f"""
        INSERT INTO mart.inventory_history BY NAME
        SELECT '{SELLER}' AS seller_id, marketplace(s) AS marketplace_id, sku(s) AS seller_sku,
            make_timestamptz({_NOW_US - _STOCK_DAYS * 86_400_000_000}
                + (period * 2592 + (hash(s, period) % 2592)::BIGINT) * 900000000) AS valid_from,
            lead(valid_from) OVER (PARTITION BY s ORDER BY period) AS valid_to,
            CASE WHEN hash(s, period, 1) % 12 = 0 THEN 0 ELSE (hash(s, period, 2) % 400)::INTEGER END
                AS fulfillable_quantity,
            5 AS reserved_quantity, 3 AS reserved_customer_orders, 1 AS reserved_fc_transfer,
            1 AS reserved_fc_processing, 0 AS inbound_working_quantity, 10 AS inbound_shipped_quantity,
            0 AS inbound_receiving_quantity, 10 AS inbound_quantity, 0 AS unfulfillable_quantity,
            0 AS researching_quantity, fulfillable_quantity + 15 AS total_quantity
        FROM range({SKUS}) AS a(s), range({_PERIODS}) AS b(period)
        ORDER BY valid_from, s;

        INSERT INTO mart.stock_transitions BY NAME
        SELECT
            md5(concat_ws('|', seller_id, marketplace_id, seller_sku, epoch_us(valid_from), to_status))
                AS transition_id,
            seller_id, marketplace_id, seller_sku, from_status, to_status, fulfillable_quantity, valid_from AS "at"
        FROM (
            SELECT *, stock_status_of(fulfillable_quantity) AS to_status,
                lag(to_status) OVER (PARTITION BY marketplace_id, seller_sku ORDER BY valid_from) AS from_status
            FROM mart.inventory_history
        )
        WHERE from_status IS DISTINCT FROM to_status AND (from_status IS NOT NULL OR to_status <> 'in-stock')
        ORDER BY valid_from;

        INSERT INTO mart.inventory BY NAME
        SELECT h.* EXCLUDE (valid_from, valid_to), 'X' || seller_sku AS fn_sku, 'B' || seller_sku AS asin,
            'A product title of about sixty characters, as they are, ' || seller_sku AS product_name,
            'NewItem' AS condition, 10 AS low_stock_threshold, stock_status_of(fulfillable_quantity) AS stock_status,
            false AS is_pool_duplicate, marketplace_id AS pool_marketplace_id, seller_sku AS pool_seller_sku,
            f.first_seen_at, 0 AS missed_snapshots, false AS is_gone, valid_from AS last_updated,
            TIMESTAMPTZ '{NOW}' AS observed_at
        FROM mart.inventory_history AS h
        JOIN (SELECT marketplace_id, seller_sku, min(valid_from) AS first_seen_at FROM mart.inventory_history
              GROUP BY ALL) AS f USING (marketplace_id, seller_sku)
        WHERE valid_to IS NULL
        ORDER BY marketplace_id, seller_sku"""
    )


def _make_shipments(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        f"""
        INSERT INTO mart.inbound_shipment_items BY NAME
        SELECT '{SELLER}' AS seller_id, format('FBA{{:09d}}', n) AS shipment_id,
            sku(hash(n, k) % {SKUS // 50} * 50 + k) AS seller_sku, NULL AS fn_sku, 50 AS quantity_expected,
            CASE WHEN n >= {OPEN_SHIPMENTS} THEN 50 ELSE 0 END AS quantity_received
        FROM range({SHIPMENTS}) AS a(n), range(50) AS b(k);

        INSERT INTO mart.inbound_shipments BY NAME
        SELECT seller_id, 'ATVPDKIKX0DER' AS marketplace_id, shipment_id, shipment_id AS shipment_name,
            CASE WHEN sum(quantity_received) > 0 THEN 'CLOSED' ELSE 'SHIPPED' END AS shipment_status,
            'ABE2' AS destination_fulfillment_center, NULL AS need_by_date, count(*) AS sku_count,
            sum(quantity_expected)::BIGINT AS units_expected, sum(quantity_received)::BIGINT AS units_received,
            units_received - units_expected AS units_discrepancy,
            TIMESTAMPTZ '{NOW}' - INTERVAL 20 DAY AS first_seen_at, first_seen_at AS status_changed_at,
            20 AS days_in_status, TIMESTAMPTZ '{NOW}' AS items_observed_at, TIMESTAMPTZ '{NOW}' AS observed_at
        FROM mart.inbound_shipment_items
        GROUP BY ALL"""
    )


def _make_streams(connection: duckdb.DuckDBPyConnection) -> None:
    """The batches of 18 months of syncs, one every quarter of an hour, and one that brought the orders before them."""
    connection.execute(
        f"""
        INSERT INTO staging.staged_batches
        SELECT '{SELLER}', stream, format('{{}}-{{}}', coalesce(marketplace_id, stream), n), 'complete', moment, moment,
            CASE WHEN stream = 'orders' THEN moment - INTERVAL 17 MINUTE END, moment, false, marketplace_id, true
        FROM (SELECT n, TIMESTAMPTZ '{NOW}' - INTERVAL 15 MINUTE * n::INTEGER AS moment
              FROM range({_STOCK_DAYS * 96}) AS r(n) ORDER BY n DESC),
            (VALUES ('orders', NULL), ('inbound_shipments', NULL), ('inventory', 'ATVPDKIKX0DER'),
                    ('inventory', 'A2EUQ1WTGCTBG2'), ('inventory', 'A1AM78C64UM0Y8')) AS s(stream, marketplace_id);

        INSERT INTO staging.staged_batches
        SELECT '{SELLER}', 'orders', 'the first', 'complete', moment, moment,
            moment - INTERVAL 1100 DAY, moment, true, NULL, true
        FROM (SELECT TIMESTAMPTZ '{NOW}' - INTERVAL {_STOCK_DAYS} DAY AS moment);

        INSERT INTO staging.stream_status
        SELECT '{SELLER}', unnest(['orders', 'inventory', 'inbound_shipments']), TIMESTAMPTZ '{NOW}',
            TIMESTAMPTZ '{NOW}', 0, 0, 1, 0, 0, false, 'ok', NULL;

        INSERT INTO staging.marketplaces
        SELECT '{SELLER}', marketplace_id, 'Amazon ' || country_code, country_code, currency, time_zone,
            TIMESTAMPTZ '{NOW}'
        FROM meta.known_marketplaces
        WHERE marketplace_id IN ('ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2', 'A1AM78C64UM0Y8')"""
    )
