-- One row per product and channel of a seller or store: units ordered in the last 7, 30 and 90 days (of 24 hours) up to
-- where the channel's orders are known. Canceled and test orders are left out, and Amazon's Multi-Channel orders too:
-- what they ship was sold where the customer ordered. sku_map.csv says which SKUs are one product.
WITH sold AS (
    SELECT
        'Amazon' AS channel, i.seller_id, 'ALL' AS store, i.seller_sku AS sku, i.purchase_date AS sold_at,
        i.quantity_ordered AS units, k.known_until
    FROM mart.order_items AS i
    JOIN orders_known_since AS k USING (seller_id)
    WHERE i.order_status <> 'Canceled' AND i.marketplace_id <> 'NON_AMAZON'
      AND i.purchase_date >= k.known_until - INTERVAL 90 DAY AND i.purchase_date < k.known_until
    UNION ALL
    SELECT 'Shopify', l.seller_id, n.store, l.sku, l.created_at, l.quantity, w.watermark
    FROM mart.shopify_order_lines AS l
    JOIN staging.shopify_store_names AS n USING (seller_id)
    JOIN staging.stream_status AS w ON w.seller_id = l.seller_id AND w.stream = 'shopify_orders'
    WHERE l.is_counted AND NOT l.is_gift_card
      AND l.created_at >= w.watermark - INTERVAL 90 DAY AND l.created_at < w.watermark
)
SELECT
    coalesce(own.product_sku, everywhere.product_sku, s.sku) AS product_sku,
    s.channel,
    s.seller_id,
    s.store,
    string_agg(DISTINCT s.sku, ', ' ORDER BY s.sku) AS skus,
    any_value(s.known_until) AS known_until,
    coalesce(sum(s.units) FILTER (s.sold_at >= s.known_until - INTERVAL 7 DAY), 0)::BIGINT AS units_7d,
    coalesce(sum(s.units) FILTER (s.sold_at >= s.known_until - INTERVAL 30 DAY), 0)::BIGINT AS units_30d,
    sum(s.units)::BIGINT AS units_90d
FROM sold AS s
LEFT JOIN staging.sku_map AS own ON own.seller_id = s.seller_id AND own.seller_sku = s.sku
LEFT JOIN staging.sku_map AS everywhere ON everywhere.seller_id IS NULL AND everywhere.seller_sku = s.sku
WHERE s.sku IS NOT NULL
GROUP BY ALL
