-- One row per shipment and SKU, as last read; the items of a shipment are replaced as a set.
-- Run after inbound_shipments.sql for the same batch, in the same transaction.
CREATE OR REPLACE TEMP TABLE merged_shipment_items AS
SELECT
    seller_id,
    shipment_id,
    seller_sku,
    any_value(fn_sku) AS fn_sku,
    sum(quantity_expected)::INTEGER AS quantity_expected,
    sum(quantity_received)::INTEGER AS quantity_received
FROM staging.inbound_shipment_items
WHERE batch_id = getvariable('batch_id')
GROUP BY seller_id, shipment_id, seller_sku;

DELETE FROM mart.inbound_shipment_items AS m
USING merged_shipment_items AS n
WHERE m.seller_id = n.seller_id AND m.shipment_id = n.shipment_id;

INSERT INTO mart.inbound_shipment_items BY NAME
SELECT * FROM merged_shipment_items;

DELETE FROM staging.inbound_shipments WHERE batch_id = getvariable('batch_id');
DELETE FROM staging.inbound_shipment_items WHERE batch_id = getvariable('batch_id');
