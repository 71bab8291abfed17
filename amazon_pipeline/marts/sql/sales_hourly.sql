-- One row per hour (UTC), marketplace, currency and fulfillment channel: orders placed and not canceled, their units and
-- order totals. Multi-Channel orders are left out.
DELETE FROM mart.sales_hourly;

INSERT INTO mart.sales_hourly BY NAME
SELECT
    o.seller_id,
    o.marketplace_id,
    CASE
        WHEN o.order_total IS NULL THEN coalesce(p.currency, r.currency, o.currency, 'XXX')
        ELSE coalesce(o.currency, p.currency, r.currency, 'XXX')
    END AS currency,
    coalesce(o.fulfillment_channel, 'UNKNOWN') AS fulfillment_channel,
    date_trunc('hour', o.purchase_date) AS "hour",
    count(*) AS orders,
    sum(o.quantity_ordered)::BIGINT AS units,
    sum(o.order_total)::DECIMAL(18, 2) AS revenue
FROM mart.orders AS o
LEFT JOIN staging.marketplaces AS p USING (seller_id, marketplace_id)
LEFT JOIN meta.known_marketplaces AS r USING (marketplace_id)
WHERE o.order_status <> 'Canceled' AND o.marketplace_id <> 'NON_AMAZON'
GROUP BY ALL;
