-- One row per day in the store's own time zone, store and currency: the orders placed, neither canceled nor a test. What
-- is refunded later lowers the revenue of the day of the order.
SELECT
    seller_id,
    store,
    currency,
    (created_at AT TIME ZONE time_zone)::DATE AS "day",
    count(*) AS orders,
    sum(quantity)::BIGINT AS units,
    sum(revenue)::DECIMAL(18, 2) AS revenue,
    sum(revenue)::DECIMAL(18, 2) - sum(fees)::DECIMAL(18, 2) AS net_revenue,
    CASE WHEN bool_and(is_customer_known) THEN count(DISTINCT customer_hash) END AS customers,
    average_money(sum(revenue), count(*)) AS average_order_value,
    sum(fees)::DECIMAL(18, 2) AS fees,
    bool_or(fees_are_estimated) AS fees_are_estimated,
    coalesce(sum(fees) FILTER (fees_are_estimated), 0)::DECIMAL(18, 2) AS estimated_fees
FROM counted_store_orders
GROUP BY ALL
