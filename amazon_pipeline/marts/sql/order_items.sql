-- One row per order line. The lines of an order are replaced as a set with the order itself (orders.sql, same
-- transaction), because lines may vanish.
CREATE OR REPLACE TEMP TABLE merged_items AS
SELECT i.* EXCLUDE (batch_id, page), n.purchase_date, n.order_status
FROM staging.order_items AS i
JOIN merged_orders AS n USING (seller_id, amazon_order_id, batch_id, page);

DELETE FROM mart.order_items AS m
USING merged_orders AS n
WHERE m.seller_id = n.seller_id AND m.amazon_order_id = n.amazon_order_id;

INSERT INTO mart.order_items BY NAME
SELECT * FROM merged_items;

DELETE FROM staging.orders;
DELETE FROM staging.order_items;
