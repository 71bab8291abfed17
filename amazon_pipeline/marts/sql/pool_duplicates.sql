-- Marks the rows of mart.inventory whose units another marketplace's row of the same pool counts already, and names it.
-- AMAZON_INVENTORY_POOLS: auto = same FNSKU and same full breakdown; region = same FNSKU, the fullest row counts;
-- per-marketplace = every row is a pool of its own. All marketplaces of one file are of one region.
UPDATE mart.inventory AS m
SET is_pool_duplicate = p.place > 1, pool_marketplace_id = p.pool_marketplace_id, pool_seller_sku = p.pool_seller_sku
FROM (
    SELECT
        seller_id,
        marketplace_id,
        seller_sku,
        row_number() OVER pool AS place,
        first_value(marketplace_id) OVER pool AS pool_marketplace_id,
        first_value(seller_sku) OVER pool AS pool_seller_sku
    FROM mart.inventory
    CROSS JOIN (SELECT inventory_pools FROM staging.planning_defaults)
    WHERE NOT is_gone
    WINDOW pool AS (
        PARTITION BY
            seller_id,
            CASE WHEN inventory_pools = 'per-marketplace' OR fn_sku IS NULL
                 THEN concat_ws('|', marketplace_id, seller_sku) ELSE fn_sku END,
            CASE WHEN inventory_pools = 'auto' THEN concat_ws(
                '|',
                fulfillable_quantity,
                coalesce(reserved_customer_orders, -1), coalesce(reserved_fc_transfer, -1),
                coalesce(reserved_fc_processing, -1), coalesce(reserved_quantity, -1),
                coalesce(inbound_working_quantity, -1), coalesce(inbound_shipped_quantity, -1),
                coalesce(inbound_receiving_quantity, -1), coalesce(unfulfillable_quantity, -1),
                coalesce(researching_quantity, -1), coalesce(total_quantity, -1)
            ) END
        ORDER BY coalesce(total_quantity, fulfillable_quantity) DESC, marketplace_id, seller_sku
    )
) AS p
WHERE p.seller_id = m.seller_id AND p.marketplace_id = m.marketplace_id AND p.seller_sku = m.seller_sku
  AND (p.place > 1, p.pool_marketplace_id, p.pool_seller_sku)
      IS DISTINCT FROM (m.is_pool_duplicate, m.pool_marketplace_id, m.pool_seller_sku);
