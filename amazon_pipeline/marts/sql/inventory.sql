-- One row per SKU and marketplace, as of the last snapshot that showed the SKU.
-- Run once for each snapshot, oldest first. Variables: batch_id, snapshot_seller_id, snapshot_marketplace_id, misses.
-- A SKU that the snapshot lacks keeps its last value; after three in a row it is gone.
-- stock_status: out-of-stock at 0 fulfillable, low-stock above 0 and below the threshold, else in-stock.
CREATE OR REPLACE TEMP TABLE snapshot AS
SELECT
    s.* EXCLUDE (batch_id, page),
    coalesce(own.low_stock_threshold, everywhere.low_stock_threshold, d.low_stock_threshold)
        AS low_stock_threshold,
    CASE
        WHEN s.fulfillable_quantity = 0 THEN 'out-of-stock'
        WHEN s.fulfillable_quantity < coalesce(
            own.low_stock_threshold, everywhere.low_stock_threshold, d.low_stock_threshold
        ) THEN 'low-stock'
        ELSE 'in-stock'
    END AS stock_status,
    false AS is_pool_duplicate,
    s.marketplace_id AS pool_marketplace_id,
    s.seller_sku AS pool_seller_sku,
    coalesce(m.first_seen_at, getvariable('snapshot_at')) AS first_seen_at,
    0 AS missed_snapshots,
    false AS is_gone,
    m.stock_status AS previous_status,
    m.seller_sku IS NULL OR m.is_gone OR (
        s.fulfillable_quantity, s.reserved_quantity, s.reserved_customer_orders, s.reserved_fc_transfer,
        s.reserved_fc_processing, s.inbound_working_quantity, s.inbound_shipped_quantity,
        s.inbound_receiving_quantity, s.inbound_quantity, s.unfulfillable_quantity, s.researching_quantity,
        s.total_quantity
    ) IS DISTINCT FROM (
        m.fulfillable_quantity, m.reserved_quantity, m.reserved_customer_orders, m.reserved_fc_transfer,
        m.reserved_fc_processing, m.inbound_working_quantity, m.inbound_shipped_quantity,
        m.inbound_receiving_quantity, m.inbound_quantity, m.unfulfillable_quantity, m.researching_quantity,
        m.total_quantity
    ) AS is_changed
FROM (
    SELECT *
    FROM staging.inventory
    WHERE batch_id = getvariable('batch_id')
    QUALIFY row_number() OVER (PARTITION BY seller_id, marketplace_id, seller_sku ORDER BY page DESC) = 1
) AS s
LEFT JOIN mart.inventory AS m USING (seller_id, marketplace_id, seller_sku)
LEFT JOIN staging.stock_thresholds AS own
    ON own.seller_sku = s.seller_sku AND own.marketplace_id = s.marketplace_id
LEFT JOIN staging.stock_thresholds AS everywhere
    ON everywhere.seller_sku = s.seller_sku AND everywhere.marketplace_id IS NULL
CROSS JOIN staging.planning_defaults AS d;

DELETE FROM mart.inventory AS m
USING snapshot AS s
WHERE m.seller_id = s.seller_id AND m.marketplace_id = s.marketplace_id AND m.seller_sku = s.seller_sku;

INSERT INTO mart.inventory BY NAME
SELECT * EXCLUDE (previous_status, is_changed) FROM snapshot;

UPDATE mart.inventory AS m
SET missed_snapshots = m.missed_snapshots + getvariable('misses'), is_gone = m.missed_snapshots + getvariable('misses') >= 3
WHERE m.seller_id = getvariable('snapshot_seller_id')
  AND m.marketplace_id = getvariable('snapshot_marketplace_id')
  AND m.seller_sku NOT IN (SELECT seller_sku FROM snapshot);

DELETE FROM staging.inventory WHERE batch_id = getvariable('batch_id');
