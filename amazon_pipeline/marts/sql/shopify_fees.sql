-- One row per entry of a store's Shopify Payments balance, as last read. Takes the rows of staging.shopify_fees.
CREATE OR REPLACE TEMP TABLE merged_store_fees AS
SELECT * EXCLUDE (batch_id, page)
FROM staging.shopify_fees
QUALIFY row_number() OVER (PARTITION BY seller_id, entry_id ORDER BY batch_id DESC, page DESC) = 1;

CREATE OR REPLACE TEMP TABLE changed_store_fees AS
SELECT seller_id FROM (FROM merged_store_fees EXCEPT FROM mart.shopify_fees);

DELETE FROM mart.shopify_fees AS m
USING merged_store_fees AS n
WHERE m.seller_id = n.seller_id AND m.entry_id = n.entry_id;

INSERT INTO mart.shopify_fees BY NAME
SELECT * FROM merged_store_fees;

DELETE FROM staging.shopify_fees;
