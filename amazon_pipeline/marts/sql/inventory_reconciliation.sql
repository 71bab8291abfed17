-- One row per SKU and marketplace of the newest stock report: our inventory, as it was known when Amazon made the report,
-- beside the report's. A SKU that only one of the two has is a row with NULL on the other side.
WITH amazons AS (
    SELECT *
    FROM staging.stock_report
    QUALIFY row_number() OVER (
        PARTITION BY seller_id, marketplace_id, seller_sku ORDER BY reported_at DESC, batch_id DESC, page DESC, fn_sku
    ) = 1
),
reports AS (
    SELECT seller_id, marketplace_id, max(reported_at) AS reported_at FROM amazons GROUP BY ALL
),
ours AS (
    SELECT h.*
    FROM mart.inventory_history AS h
    JOIN reports AS r USING (seller_id, marketplace_id)
    WHERE h.valid_from <= r.reported_at AND (h.valid_to > r.reported_at OR h.valid_to IS NULL)
)
SELECT
    seller_id,
    marketplace_id,
    seller_sku,
    o.fulfillable_quantity AS our_fulfillable,
    a.fulfillable_quantity AS amazon_fulfillable,
    o.total_quantity AS our_total,
    a.total_quantity AS amazon_total,
    o.fulfillable_quantity - a.fulfillable_quantity AS difference,
    r.reported_at,
    o.valid_from AS known_since
FROM ours AS o
FULL JOIN amazons AS a USING (seller_id, marketplace_id, seller_sku)
JOIN reports AS r USING (seller_id, marketplace_id)
