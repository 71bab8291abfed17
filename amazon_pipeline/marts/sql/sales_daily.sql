-- One row per day in the marketplace's own time zone, marketplace, currency and fulfillment channel: orders placed and
-- not canceled, their units and order totals. Multi-Channel orders are left out.
DELETE FROM mart.sales_daily;

INSERT INTO mart.sales_daily BY NAME
SELECT
    o.seller_id,
    o.marketplace_id,
    CASE
        WHEN o.order_total IS NULL THEN coalesce(p.currency, r.currency, o.currency, 'XXX')
        ELSE coalesce(o.currency, p.currency, r.currency, 'XXX')
    END AS currency,
    coalesce(o.fulfillment_channel, 'UNKNOWN') AS fulfillment_channel,
    (o.purchase_date AT TIME ZONE coalesce(r.time_zone, p.time_zone, 'UTC'))::DATE AS "day",
    count(*) AS orders,
    sum(o.quantity_ordered)::BIGINT AS units,
    sum(o.order_total)::DECIMAL(18, 2) AS revenue
FROM mart.orders AS o
LEFT JOIN staging.marketplaces AS p USING (seller_id, marketplace_id)
LEFT JOIN meta.known_marketplaces AS r USING (marketplace_id)
WHERE o.order_status <> 'Canceled' AND o.marketplace_id <> 'NON_AMAZON'
GROUP BY ALL;
