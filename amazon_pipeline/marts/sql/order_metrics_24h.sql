-- One row per marketplace and currency, and ALL per currency: the orders placed in [window_start, window_end), and in
-- the 24 hours before. The window ends where Amazon's orders are known up to: the orders watermark.
-- Orders without an amount are counted, never as 0 of revenue. Multi-Channel orders are left out. Revenue is 0 where
-- there was no order, NULL where there were orders and Amazon has given no amount yet.
WITH as_of AS (
    SELECT seller_id, watermark AS window_end, watermark - INTERVAL 24 HOUR AS window_start
    FROM staging.stream_status
    WHERE stream = 'orders' AND watermark IS NOT NULL
),
placed AS (
    SELECT o.*, o.order_status <> 'Canceled' AS is_counted, o.purchase_date >= a.window_start AS is_current
    FROM placed_orders AS o
    JOIN as_of AS a USING (seller_id)
    WHERE o.purchase_date >= a.window_start - INTERVAL 24 HOUR AND o.purchase_date < a.window_end
),
figures AS (
    SELECT
        seller_id,
        CASE WHEN grouping(marketplace_id) = 1 THEN 'ALL' ELSE marketplace_id END AS marketplace_id,
        currency,
        is_current,
        count(*) FILTER (is_counted) AS total_orders,
        sum(order_total) FILTER (is_counted) AS total_revenue,
        count(order_total) FILTER (is_counted) AS orders_with_amount,
        sum(quantity_ordered) FILTER (is_counted) AS units,
        count(*) FILTER (order_status IN ('Pending', 'PendingAvailability')) AS pending_count,
        count(*) FILTER (order_status IN ('Unshipped', 'PartiallyShipped')) AS unshipped_count,
        count(*) FILTER (order_status = 'Shipped') AS shipped_count,
        count(*) FILTER (NOT is_counted) AS canceled_count
    FROM placed
    GROUP BY GROUPING SETS ((seller_id, marketplace_id, currency, is_current), (seller_id, currency, is_current))
),
grid AS (
    SELECT seller_id, marketplace_id, currency FROM figures
    UNION
    SELECT seller_id, marketplace_id, currency FROM staging.marketplaces
    UNION
    SELECT seller_id, 'ALL', currency FROM staging.marketplaces
)
SELECT
    seller_id,
    marketplace_id,
    currency,
    a.window_start,
    a.window_end,
    coalesce(c.total_orders, 0) AS total_orders,
    CASE WHEN coalesce(c.total_orders, 0) = 0 THEN 0 ELSE c.total_revenue END::DECIMAL(18, 2) AS total_revenue,
    average_money(c.total_revenue, c.orders_with_amount) AS average_order_value,
    coalesce(c.units, 0)::BIGINT AS units,
    coalesce(c.pending_count, 0) AS pending_count,
    coalesce(c.unshipped_count, 0) AS unshipped_count,
    coalesce(c.shipped_count, 0) AS shipped_count,
    coalesce(c.total_orders - c.pending_count - c.unshipped_count - c.shipped_count, 0) AS other_count,
    coalesce(c.canceled_count, 0) AS canceled_count,
    coalesce(c.total_orders - c.orders_with_amount, 0) AS orders_without_amount,
    coalesce(b.total_orders, 0) AS previous_total_orders,
    CASE WHEN coalesce(b.total_orders, 0) = 0 THEN 0 ELSE b.total_revenue END::DECIMAL(18, 2)
        AS previous_total_revenue,
    average_money(b.total_revenue, b.orders_with_amount) AS previous_average_order_value,
    coalesce(b.units, 0)::BIGINT AS previous_units,
    coalesce(b.pending_count, 0) AS previous_pending_count,
    coalesce(b.unshipped_count, 0) AS previous_unshipped_count,
    coalesce(b.shipped_count, 0) AS previous_shipped_count,
    coalesce(b.total_orders - b.pending_count - b.unshipped_count - b.shipped_count, 0) AS previous_other_count,
    coalesce(b.canceled_count, 0) AS previous_canceled_count,
    coalesce(b.total_orders - b.orders_with_amount, 0) AS previous_orders_without_amount
FROM grid
JOIN as_of AS a USING (seller_id)
LEFT JOIN (SELECT * FROM figures WHERE is_current) AS c USING (seller_id, marketplace_id, currency)
LEFT JOIN (SELECT * FROM figures WHERE NOT is_current) AS b USING (seller_id, marketplace_id, currency)
