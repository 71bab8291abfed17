-- One row per shipment, as last listed. Amazon gives no creation or change times (fulfillmentInboundV0), so
-- first_seen_at and status_changed_at are our own. A shipment listed for several marketplaces belongs to the first.
-- Run once for each landed batch, oldest first. Variable: batch_id.
CREATE OR REPLACE TEMP TABLE listed_shipments AS
SELECT * EXCLUDE (batch_id, page)
FROM staging.inbound_shipments
WHERE batch_id = getvariable('batch_id')
QUALIFY row_number() OVER (PARTITION BY seller_id, shipment_id ORDER BY page) = 1;

CREATE OR REPLACE TEMP TABLE read_items AS
SELECT
    seller_id,
    shipment_id,
    count(DISTINCT seller_sku) AS sku_count,
    sum(quantity_expected)::BIGINT AS units_expected,
    sum(quantity_received)::BIGINT AS units_received,
    max(observed_at) AS items_observed_at
FROM staging.inbound_shipment_items
WHERE batch_id = getvariable('batch_id')
GROUP BY seller_id, shipment_id;

CREATE OR REPLACE TEMP TABLE merged_shipments AS
SELECT
    seller_id,
    coalesce(m.marketplace_id, l.marketplace_id) AS marketplace_id,
    shipment_id,
    CASE WHEN l.shipment_id IS NULL THEN m.shipment_name ELSE l.shipment_name END AS shipment_name,
    coalesce(l.shipment_status, m.shipment_status) AS shipment_status,
    coalesce(l.destination_fulfillment_center, m.destination_fulfillment_center) AS destination_fulfillment_center,
    coalesce(l.need_by_date, m.need_by_date) AS need_by_date,
    coalesce(r.sku_count, m.sku_count) AS sku_count,
    coalesce(r.units_expected, m.units_expected) AS units_expected,
    coalesce(r.units_received, m.units_received) AS units_received,
    coalesce(m.first_seen_at, l.observed_at) AS first_seen_at,
    CASE
        WHEN m.shipment_status = coalesce(l.shipment_status, m.shipment_status) THEN m.status_changed_at
        ELSE l.observed_at
    END AS status_changed_at,
    coalesce(r.items_observed_at, m.items_observed_at) AS items_observed_at,
    coalesce(l.observed_at, m.observed_at) AS observed_at
FROM listed_shipments AS l
FULL JOIN mart.inbound_shipments AS m USING (seller_id, shipment_id)
LEFT JOIN read_items AS r USING (seller_id, shipment_id)
WHERE l.shipment_id IS NOT NULL OR r.shipment_id IS NOT NULL;

SET VARIABLE rows_changed = (
    SELECT count(*) FROM (
        SELECT seller_id, shipment_id, shipment_status, shipment_name, units_expected, units_received
        FROM merged_shipments
        EXCEPT
        SELECT seller_id, shipment_id, shipment_status, shipment_name, units_expected, units_received
        FROM mart.inbound_shipments
    )
);

DELETE FROM mart.inbound_shipments AS m
USING merged_shipments AS n
WHERE m.seller_id = n.seller_id AND m.shipment_id = n.shipment_id;

INSERT INTO mart.inbound_shipments BY NAME
SELECT
    *,
    units_received - units_expected AS units_discrepancy,
    greatest(0, floor(date_diff('second', status_changed_at, observed_at) / 86400))::INTEGER AS days_in_status
FROM merged_shipments;
