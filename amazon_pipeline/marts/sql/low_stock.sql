-- One row per SKU and marketplace that is low-stock or out-of-stock, with when we first saw it so.
DELETE FROM mart.low_stock;

INSERT INTO mart.low_stock BY NAME
SELECT
    i.seller_id,
    i.marketplace_id,
    i.seller_sku,
    i.product_name,
    i.stock_status,
    i.fulfillable_quantity,
    i.inbound_quantity,
    i.low_stock_threshold,
    NULL::DOUBLE AS days_of_cover,
    NULL::DATE AS stockout_date,
    NULL::INTEGER AS gap_days,
    i.is_pool_duplicate,
    t.since
FROM mart.inventory AS i
JOIN (
    SELECT seller_id, marketplace_id, seller_sku, to_status, max("at") AS since
    FROM mart.stock_transitions
    GROUP BY ALL
) AS t
    ON t.seller_id = i.seller_id AND t.marketplace_id = i.marketplace_id AND t.seller_sku = i.seller_sku
   AND t.to_status = i.stock_status
WHERE i.stock_status <> 'in-stock' AND NOT i.is_gone;
