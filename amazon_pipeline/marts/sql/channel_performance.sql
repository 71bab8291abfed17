-- One row per channel, store and currency, over the same 24 hours as order_metrics_24h. Amazon's fees and buyers are not
-- read: its net_revenue, fees, fee_rate and customers are NULL. A store whose orders are not known for just these hours,
-- or while Amazon's are more than two hours behind, has the 24 hours up to where its own are known.
WITH as_of AS (
    SELECT
        n.seller_id,
        n.store,
        CASE WHEN a.window_end <= w.watermark AND a.window_end > w.watermark - INTERVAL 2 HOUR
             THEN a.window_end ELSE w.watermark END AS window_end
    FROM staging.shopify_store_names AS n
    JOIN staging.stream_status AS w ON w.seller_id = n.seller_id AND w.stream = 'shopify_orders'
    CROSS JOIN (SELECT min(window_end) AS window_end FROM mart.order_metrics_24h) AS a
    WHERE w.watermark IS NOT NULL
),
placed AS (
    SELECT o.* FROM counted_store_orders AS o
    JOIN as_of AS a USING (seller_id)
    WHERE o.created_at >= a.window_end - INTERVAL 24 HOUR AND o.created_at < a.window_end
),
figures AS (
    SELECT
        seller_id,
        currency,
        count(*) AS orders,
        sum(revenue) AS revenue,
        sum(fees)::DECIMAL(18, 2) AS fees,
        coalesce(sum(fees) FILTER (fees_are_estimated), 0)::DECIMAL(18, 2) AS estimated_fees,
        CASE WHEN bool_and(is_customer_known) THEN count(DISTINCT customer_hash) END AS customers,
        bool_or(fees_are_estimated) AS fees_are_estimated
    FROM placed
    GROUP BY seller_id, currency
),
grid AS (
    SELECT seller_id, currency FROM figures
    UNION
    SELECT seller_id, currency FROM staging.shopify_shops
)
SELECT
    seller_id,
    'Amazon FBA' AS channel,
    'ALL' AS store,
    currency,
    window_start,
    window_end,
    total_orders AS orders,
    total_revenue AS revenue,
    NULL AS net_revenue,
    NULL AS customers,
    average_order_value,
    NULL AS fees,
    NULL AS fee_rate,
    NULL AS fees_are_estimated,
    NULL AS estimated_fees,
    'connected' AS status
FROM mart.order_metrics_24h
WHERE marketplace_id = 'ALL'
UNION ALL
SELECT
    seller_id,
    'Shopify',
    a.store,
    g.currency,
    a.window_end - INTERVAL 24 HOUR,
    a.window_end,
    coalesce(f.orders, 0),
    coalesce(f.revenue, 0)::DECIMAL(18, 2),
    (coalesce(f.revenue, 0) - coalesce(f.fees, 0))::DECIMAL(18, 2),
    CASE WHEN f.orders IS NULL THEN 0 ELSE f.customers END,
    average_money(f.revenue, f.orders),
    coalesce(f.fees, 0)::DECIMAL(18, 2),
    CASE WHEN f.revenue > 0 THEN round(f.fees / f.revenue, 4) END,
    f.fees_are_estimated,
    coalesce(f.estimated_fees, 0)::DECIMAL(18, 2),
    'connected'
FROM grid AS g
JOIN as_of AS a USING (seller_id)
LEFT JOIN figures AS f USING (seller_id, currency)
