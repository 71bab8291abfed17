-- One row per order of a Shopify store: of all versions seen, the one with the newest updated_at, and among equals the
-- one landed last. Takes the valid rows of staging.shopify_orders.
CREATE OR REPLACE TEMP TABLE staged_store_orders AS
SELECT *
FROM staging.shopify_orders
QUALIFY row_number() OVER (
    PARTITION BY seller_id, order_id ORDER BY updated_at DESC, batch_id DESC, page DESC
) = 1;

CREATE OR REPLACE TEMP TABLE known_store_orders AS
SELECT m.* FROM mart.shopify_orders AS m SEMI JOIN staged_store_orders USING (seller_id, order_id);

CREATE OR REPLACE TEMP TABLE merged_store_orders AS
SELECT s.*
FROM staged_store_orders AS s
LEFT JOIN known_store_orders AS m USING (seller_id, order_id)
WHERE m.order_id IS NULL OR s.updated_at >= m.updated_at;

CREATE OR REPLACE TEMP TABLE changed_store_orders AS
SELECT seller_id, batch_id
FROM merged_store_orders AS n
SEMI JOIN (
    SELECT * EXCLUDE (batch_id, page) FROM merged_store_orders
    EXCEPT
    SELECT * FROM known_store_orders
) AS c USING (seller_id, order_id);

DELETE FROM mart.shopify_orders AS m
USING merged_store_orders AS n
WHERE m.seller_id = n.seller_id AND m.order_id = n.order_id;

INSERT INTO mart.shopify_orders BY NAME
SELECT * EXCLUDE (batch_id, page) FROM merged_store_orders;
