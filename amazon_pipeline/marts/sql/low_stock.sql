-- One row per SKU and marketplace that is low-stock or out-of-stock, with since when we have seen it so,
-- and how long its units last (sku_velocity.sql).
SELECT
    i.seller_id,
    i.marketplace_id,
    i.seller_sku,
    i.product_name,
    i.stock_status,
    i.fulfillable_quantity,
    i.inbound_quantity,
    i.low_stock_threshold,
    v.days_of_cover,
    v.stockout_date,
    v.gap_days,
    i.is_pool_duplicate,
    coalesce(t.since, i.first_seen_at) AS since
FROM mart.inventory AS i
LEFT JOIN (
    SELECT seller_id, marketplace_id, seller_sku, to_status, max("at") AS since
    FROM mart.stock_transitions
    GROUP BY ALL
) AS t
    ON t.seller_id = i.seller_id AND t.marketplace_id = i.marketplace_id AND t.seller_sku = i.seller_sku
   AND t.to_status = i.stock_status
LEFT JOIN mart.sku_velocity AS v
    ON v.seller_id = i.seller_id AND v.marketplace_id = i.marketplace_id AND v.seller_sku = i.seller_sku
WHERE i.stock_status <> 'in-stock' AND NOT i.is_gone
