-- One row per hour (UTC), marketplace, currency and fulfillment channel: orders placed and not canceled, their units and
-- order totals. Made anew for the hours in stale_hours, those of orders that changed.
SELECT
    seller_id,
    marketplace_id,
    currency,
    fulfillment_channel,
    to_timestamp(utc_hour * 3600) AS "hour",
    count(*) AS orders,
    sum(quantity_ordered)::BIGINT AS units,
    sum(order_total)::DECIMAL(18, 2) AS revenue,
    count(*) - count(order_total) AS orders_without_amount
FROM placed_orders
SEMI JOIN stale_hours USING (seller_id, marketplace_id, utc_hour)
WHERE order_status <> 'Canceled'
GROUP BY ALL
