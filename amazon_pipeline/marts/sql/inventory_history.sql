-- One row per SKU, marketplace and period in which no quantity changed. Run after inventory.sql for the same snapshot.
-- Variables: snapshot_seller_id, snapshot_marketplace_id, snapshot_at. A SKU that is gone has no period that goes on.
CREATE OR REPLACE TEMP TABLE ended AS
SELECT seller_id, marketplace_id, seller_sku, observed_at AS ended_at FROM snapshot WHERE is_changed
UNION ALL
SELECT seller_id, marketplace_id, seller_sku, getvariable('snapshot_at') FROM mart.inventory
WHERE seller_id = getvariable('snapshot_seller_id')
  AND marketplace_id = getvariable('snapshot_marketplace_id') AND is_gone;

-- a clock that was set back leaves no period that ends before it begins
DELETE FROM mart.inventory_history AS h
USING ended AS e
WHERE h.valid_to IS NULL AND h.valid_from >= e.ended_at
  AND h.seller_id = e.seller_id AND h.marketplace_id = e.marketplace_id AND h.seller_sku = e.seller_sku;

UPDATE mart.inventory_history AS h
SET valid_to = e.ended_at
FROM ended AS e
WHERE h.valid_to IS NULL
  AND h.seller_id = e.seller_id AND h.marketplace_id = e.marketplace_id AND h.seller_sku = e.seller_sku;

INSERT INTO mart.inventory_history BY NAME
SELECT
    seller_id, marketplace_id, seller_sku, observed_at AS valid_from,
    fulfillable_quantity, reserved_quantity, reserved_customer_orders, reserved_fc_transfer, reserved_fc_processing,
    inbound_working_quantity, inbound_shipped_quantity, inbound_receiving_quantity, inbound_quantity,
    unfulfillable_quantity, researching_quantity, total_quantity
FROM snapshot
WHERE is_changed;
