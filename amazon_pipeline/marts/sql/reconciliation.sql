-- One row per day, marketplace and currency: our orders beside those that Amazon's Sales API counts.
-- Ours by Amazon's rule: placed through Amazon, not canceled, replacements left out; sales are the goods alone. An order
-- without an amount counts under its marketplace's currency. Only days that our orders cover whole.
-- A report does not tell which orders are replacements: of those known from a report alone, one whose goods cost nothing
-- is taken for one (a discount does not lower item_revenue).
WITH amazons AS (
    SELECT m.*
    FROM staging.order_metrics AS m
    JOIN orders_known_since AS k USING (seller_id)
    WHERE m.starts_at >= k.known_since AND m.ends_at <= k.known_until
    QUALIFY row_number() OVER (
        PARTITION BY m.seller_id, m.marketplace_id, m.day ORDER BY m.observed_at DESC, m.batch_id DESC, m.page DESC
    ) = 1
),
ours AS (
    SELECT
        a.seller_id,
        a.marketplace_id,
        a.day,
        CASE WHEN o.item_revenue IS NULL THEN a.currency ELSE coalesce(o.currency, a.currency) END AS currency,
        count(*) AS our_orders,
        sum(o.quantity_ordered)::BIGINT AS our_units,
        sum(o.item_revenue) AS our_sales,
        count(*) FILTER (o.item_revenue IS NULL) AS orders_without_amount
    FROM amazons AS a
    JOIN mart.orders AS o
        ON o.seller_id = a.seller_id
        AND o.marketplace_id = a.marketplace_id
        AND o.purchase_date >= a.starts_at
        AND o.purchase_date < a.ends_at
    WHERE o.order_status <> 'Canceled' AND NOT o.is_replacement
      AND NOT (o.source = 'report' AND coalesce(o.item_revenue = 0, false))
    GROUP BY ALL
),
compared AS (
    SELECT seller_id, marketplace_id, day, currency FROM amazons
    UNION
    SELECT seller_id, marketplace_id, day, currency FROM ours
),
figures AS (
    SELECT
        c.*,
        coalesce(o.our_orders, 0) AS our_orders,
        coalesce(o.our_units, 0)::BIGINT AS our_units,
        CASE WHEN o.our_orders IS NULL THEN 0 ELSE o.our_sales END::DECIMAL(18, 2) AS our_sales,
        coalesce(o.orders_without_amount, 0) AS orders_without_amount,
        CASE WHEN a.currency = c.currency THEN a.orders END AS amazon_orders,
        CASE WHEN a.currency = c.currency THEN a.units END AS amazon_units,
        CASE WHEN a.currency = c.currency THEN a.sales END AS amazon_sales,
        a.ends_at + INTERVAL 2 DAY <= a.observed_at AS is_settled,
        a.observed_at
    FROM compared AS c
    JOIN amazons AS a USING (seller_id, marketplace_id, day)
    LEFT JOIN ours AS o
        ON o.seller_id = c.seller_id
        AND o.marketplace_id = c.marketplace_id
        AND o.day = c.day
        AND o.currency = c.currency
)
SELECT *, (our_sales - amazon_sales)::DECIMAL(18, 2) AS difference
FROM figures
