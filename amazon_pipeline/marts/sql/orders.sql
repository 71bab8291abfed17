-- One row per order: of all versions seen, the one with the newest last_update_date.
-- Takes the valid rows of staging.orders; a version from the Orders API goes before one from a report of the same time.
CREATE OR REPLACE TEMP TABLE staged_versions AS
SELECT *
FROM staging.orders
QUALIFY row_number() OVER (
    PARTITION BY seller_id, amazon_order_id
    ORDER BY last_update_date DESC, source = 'orders_api' DESC, batch_id DESC, page DESC
) = 1;

CREATE OR REPLACE TEMP TABLE known_versions AS
SELECT m.* FROM mart.orders AS m SEMI JOIN staged_versions USING (seller_id, amazon_order_id);

CREATE OR REPLACE TEMP TABLE merged_orders AS
SELECT s.*
FROM staged_versions AS s
LEFT JOIN known_versions AS m USING (seller_id, amazon_order_id)
WHERE m.amazon_order_id IS NULL
   OR s.last_update_date > m.last_update_date
   OR (s.last_update_date = m.last_update_date AND (s.source = 'orders_api' OR m.source <> 'orders_api'));

CREATE OR REPLACE TEMP TABLE changed_orders AS
SELECT * EXCLUDE (batch_id, page) FROM merged_orders
EXCEPT
SELECT * FROM known_versions;

INSERT INTO staging.stale_sales
SELECT mart, seller_id, marketplace_id, purchase_date
FROM (
    SELECT seller_id, marketplace_id, purchase_date FROM changed_orders
    UNION
    SELECT seller_id, marketplace_id, purchase_date FROM known_versions
    SEMI JOIN changed_orders USING (seller_id, amazon_order_id)
)
CROSS JOIN (SELECT unnest(['sales_hourly', 'sales_daily']) AS mart);

DELETE FROM mart.orders AS m
USING merged_orders AS n
WHERE m.seller_id = n.seller_id AND m.amazon_order_id = n.amazon_order_id;

INSERT INTO mart.orders BY NAME
SELECT * EXCLUDE (batch_id, page) FROM merged_orders;

-- a quarantined order is resolved when a valid version of it has come
UPDATE staging.quarantine AS q
SET resolved_at = n.last_update_date
FROM merged_orders AS n
WHERE q.stream = 'orders' AND q.resolved_at IS NULL AND q.seller_id = n.seller_id AND q.record_id = n.amazon_order_id;
