-- One row per order placed through Amazon, Multi-Channel orders left out: the currency it counts under, and the time
-- zone of its marketplace. An order without an amount counts under its marketplace's currency. A view of the build, so
-- that this rule stands once; utc_hour counts the hours since 1970.
SELECT
    o.seller_id,
    o.marketplace_id,
    CASE
        WHEN o.order_total IS NULL THEN coalesce(f.currency, o.currency, 'XXX')
        ELSE coalesce(o.currency, f.currency, 'XXX')
    END AS currency,
    coalesce(f.time_zone, 'UTC') AS time_zone,
    coalesce(o.fulfillment_channel, 'UNKNOWN') AS fulfillment_channel,
    o.amazon_order_id,
    o.order_status,
    o.purchase_date,
    epoch_us(o.purchase_date) // 3600000000 AS utc_hour,
    o.order_total,
    o.item_revenue,
    o.quantity_ordered,
    o.is_replacement
FROM mart.orders AS o
LEFT JOIN marketplace_facts AS f USING (marketplace_id)
WHERE o.marketplace_id <> 'NON_AMAZON'
