-- Marks the rows of mart.inventory whose units another marketplace's row of the same pool counts already.
-- Variable inventory_pools: auto = same FNSKU and same full breakdown; region = same FNSKU, the fullest row counts;
-- per-marketplace = every row is a pool of its own. All marketplaces of one file are of one region.
UPDATE mart.inventory AS m
SET is_pool_duplicate = d.is_duplicate
FROM (
    SELECT
        seller_id,
        marketplace_id,
        seller_sku,
        getvariable('inventory_pools') <> 'per-marketplace'
        AND fn_sku IS NOT NULL
        AND row_number() OVER (
            PARTITION BY
                seller_id,
                fn_sku,
                CASE WHEN getvariable('inventory_pools') = 'auto' THEN concat_ws(
                    '|',
                    fulfillable_quantity,
                    coalesce(reserved_customer_orders, -1), coalesce(reserved_fc_transfer, -1),
                    coalesce(reserved_fc_processing, -1), coalesce(reserved_quantity, -1),
                    coalesce(inbound_working_quantity, -1), coalesce(inbound_shipped_quantity, -1),
                    coalesce(inbound_receiving_quantity, -1), coalesce(unfulfillable_quantity, -1),
                    coalesce(researching_quantity, -1), coalesce(total_quantity, -1)
                ) END
            ORDER BY coalesce(total_quantity, fulfillable_quantity) DESC, marketplace_id, seller_sku
        ) > 1 AS is_duplicate
    FROM mart.inventory
    WHERE NOT is_gone
) AS d
WHERE d.seller_id = m.seller_id AND d.marketplace_id = m.marketplace_id AND d.seller_sku = m.seller_sku
  AND d.is_duplicate <> m.is_pool_duplicate;
