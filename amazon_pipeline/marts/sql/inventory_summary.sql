-- One row per marketplace, and one row ALL that counts each pool of stock once (rows that are not pool duplicates).
-- SKUs that are gone do not count.
-- low_stock_count counts the SKUs under their threshold, those at 0 included.
SELECT
    seller_id,
    CASE WHEN grouping(marketplace_id) = 1 THEN 'ALL' ELSE marketplace_id END AS marketplace_id,
    count(*) AS total_skus,
    coalesce(sum(total_quantity), 0)::BIGINT AS total_quantity,
    coalesce(sum(fulfillable_quantity), 0)::BIGINT AS fulfillable_quantity,
    coalesce(sum(reserved_quantity), 0)::BIGINT AS reserved_quantity,
    coalesce(sum(inbound_quantity), 0)::BIGINT AS inbound_quantity,
    count(*) FILTER (stock_status <> 'in-stock') AS low_stock_count,
    count(*) FILTER (stock_status = 'out-of-stock') AS out_of_stock_count,
    max(observed_at) AS last_sync
FROM mart.inventory
WHERE NOT is_gone
GROUP BY GROUPING SETS ((seller_id, marketplace_id), (seller_id, is_pool_duplicate))
HAVING grouping(marketplace_id) = 0 OR NOT is_pool_duplicate
