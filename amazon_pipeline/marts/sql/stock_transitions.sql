-- One row per change of a SKU's stock status between two snapshots; a SKU first seen low or out has no status before.
-- Run after inventory.sql for the same snapshot. The id is made from the facts, so a rebuild gives the same one.
INSERT INTO mart.stock_transitions BY NAME
SELECT
    md5(concat_ws('|', seller_id, marketplace_id, seller_sku, epoch_us(observed_at), stock_status)) AS transition_id,
    seller_id,
    marketplace_id,
    seller_sku,
    previous_status AS from_status,
    stock_status AS to_status,
    fulfillable_quantity,
    observed_at AS "at"
FROM snapshot
WHERE previous_status IS DISTINCT FROM stock_status
  AND (previous_status IS NOT NULL OR stock_status <> 'in-stock');
