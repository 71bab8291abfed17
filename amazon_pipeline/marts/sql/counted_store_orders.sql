-- One row per order of a configured Shopify store that figures count, with its transaction fees. A view of the build, so
-- that these rules stand once. Fees are those of the Shopify Payments balance in the order's currency; where that cannot
-- be read, 2.9% of the order's revenue, marked as an estimate.
SELECT
    o.*,
    n.store,
    coalesce(s.time_zone, 'UTC') AS time_zone,
    p.seller_id IS NULL AS fees_are_estimated,
    CASE WHEN p.seller_id IS NULL
         THEN (o.revenue * 0.029)::DECIMAL(18, 2)
         ELSE coalesce(f.fees, 0)::DECIMAL(18, 2) END AS fees
FROM mart.shopify_orders AS o
JOIN staging.shopify_store_names AS n USING (seller_id)
LEFT JOIN staging.shopify_shops AS s USING (seller_id)
LEFT JOIN (
    SELECT seller_id FROM staging.stream_status
    WHERE stream = 'shopify_fees' AND status <> 'not-available' AND last_success_at IS NOT NULL
) AS p USING (seller_id)
LEFT JOIN (
    SELECT seller_id, order_id, currency, sum(fee) AS fees
    FROM mart.shopify_fees
    WHERE NOT is_test AND order_id IS NOT NULL
    GROUP BY ALL
) AS f ON f.seller_id = o.seller_id AND f.order_id = o.order_id AND f.currency = o.currency
WHERE o.is_counted
