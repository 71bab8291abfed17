-- One row per channel, store and currency, over the same 24 hours as order_metrics_24h. Amazon's fees and buyers are not
-- read: its net_revenue, fees, fee_rate and customers are NULL.
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
    'connected' AS status
FROM mart.order_metrics_24h
WHERE marketplace_id = 'ALL'
