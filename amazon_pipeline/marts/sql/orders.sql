-- One row per order: of all versions seen, the one with the newest last_update_date.
-- Takes the valid rows of staging.orders; a version from the Orders API goes before one from a report of the same time.
CREATE OR REPLACE TEMP TABLE merged_orders AS
SELECT s.*
FROM (
    SELECT *
    FROM staging.orders
    QUALIFY row_number() OVER (
        PARTITION BY seller_id, amazon_order_id
        ORDER BY last_update_date DESC, source = 'orders_api' DESC, batch_id DESC, page DESC
    ) = 1
) AS s
LEFT JOIN mart.orders AS m USING (seller_id, amazon_order_id)
WHERE m.amazon_order_id IS NULL
   OR s.last_update_date > m.last_update_date
   OR (s.last_update_date = m.last_update_date AND (s.source = 'orders_api' OR m.source <> 'orders_api'));

CREATE OR REPLACE TEMP TABLE changed_orders AS
SELECT * EXCLUDE (batch_id, page) FROM merged_orders
EXCEPT
SELECT m.* FROM mart.orders AS m SEMI JOIN merged_orders USING (seller_id, amazon_order_id);

-- each of the two streams that bring orders counts its own
SET VARIABLE rows_changed = (SELECT count(*) FROM changed_orders WHERE source = 'orders_api');
SET VARIABLE history_rows_changed = (SELECT count(*) FROM changed_orders WHERE source <> 'orders_api');

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
