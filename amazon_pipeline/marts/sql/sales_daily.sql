-- One row per day in the marketplace's own time zone, marketplace, currency and fulfillment channel: orders placed and
-- not canceled, their units and order totals. Made anew for the days in stale_days, those of orders that changed.
WITH placed AS MATERIALIZED (
    -- chosen by the hour first: working out the local day of every order there is would take seconds
    SELECT *, (purchase_date AT TIME ZONE time_zone)::DATE AS "day"
    FROM placed_orders
    SEMI JOIN stale_hours USING (seller_id, marketplace_id, utc_hour)
    WHERE order_status <> 'Canceled'
)
SELECT
    seller_id,
    marketplace_id,
    currency,
    fulfillment_channel,
    "day",
    count(*) AS orders,
    sum(quantity_ordered)::BIGINT AS units,
    sum(order_total)::DECIMAL(18, 2) AS revenue,
    count(*) - count(order_total) AS orders_without_amount
FROM placed
SEMI JOIN stale_days USING (seller_id, marketplace_id, "day")
GROUP BY ALL
