-- One row per line of a Shopify order. The lines of an order are replaced as a set with the order itself
-- (shopify_orders.sql, same transaction).
CREATE OR REPLACE TEMP TABLE merged_store_lines AS
SELECT l.* EXCLUDE (batch_id, page)
FROM staging.shopify_order_lines AS l
JOIN merged_store_orders AS n USING (seller_id, order_id, batch_id, page);

DELETE FROM mart.shopify_order_lines AS m
USING merged_store_orders AS n
WHERE m.seller_id = n.seller_id AND m.order_id = n.order_id;

INSERT INTO mart.shopify_order_lines BY NAME
SELECT * FROM merged_store_lines;

DELETE FROM staging.shopify_orders;
DELETE FROM staging.shopify_order_lines;
