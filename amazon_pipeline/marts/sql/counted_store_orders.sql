-- One row per order of a configured Shopify store that figures count, with its transaction fees. A view of the build, so
-- that these rules stand once. Fees are those of the Shopify Payments balance in the order's currency; none were booked
-- for an order that another gateway was paid through. Of an order they are not known for (the balance cannot be read, or
-- is not read that far, or holds them in another currency) they are 2.9% of its revenue, unrounded, marked as an estimate.
SELECT
    o.*,
    n.store,
    coalesce(s.time_zone, 'UTC') AS time_zone,
    NOT is_booked AS fees_are_estimated,
    CASE WHEN is_booked THEN coalesce(f.fees, 0)::DECIMAL(24, 5)
         ELSE (o.revenue * 0.029)::DECIMAL(24, 5) END AS fees
FROM mart.shopify_orders AS o
JOIN staging.shopify_store_names AS n USING (seller_id)
LEFT JOIN staging.shopify_shops AS s USING (seller_id)
LEFT JOIN (
    SELECT b.seller_id, min(b.window_start) AS since, any_value(w.watermark) AS until
    FROM staging.staged_batches AS b
    JOIN staging.stream_status AS w ON w.seller_id = b.seller_id AND w.stream = b.stream
    WHERE b.stream = 'shopify_fees' AND b.status = 'complete' AND w.watermark IS NOT NULL
    GROUP BY b.seller_id
) AS p ON p.seller_id = o.seller_id
LEFT JOIN (
    SELECT seller_id, order_id, currency, sum(fee) AS fees
    FROM mart.shopify_fees
    WHERE NOT is_test AND order_id IS NOT NULL
    GROUP BY ALL
) AS f ON f.seller_id = o.seller_id AND f.order_id = o.order_id AND f.currency = o.currency
LEFT JOIN (
    SELECT DISTINCT seller_id, order_id FROM mart.shopify_fees WHERE NOT is_test AND order_id IS NOT NULL
) AS a ON a.seller_id = o.seller_id AND a.order_id = o.order_id
CROSS JOIN LATERAL (
    SELECT f.fees IS NOT NULL OR coalesce(
        a.order_id IS NULL AND o.created_at >= p.since AND o.created_at < p.until, false
    ) AS is_booked
)
WHERE o.is_counted
