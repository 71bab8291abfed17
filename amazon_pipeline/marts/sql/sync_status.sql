-- One row per stream: how its last fetch ended, and up to when its data is known. Those of a Shopify store that is not
-- configured any more are left out: nobody refreshes them.
SELECT * FROM staging.stream_status
WHERE stream NOT LIKE 'shopify\_%' ESCAPE '\' OR seller_id IN (SELECT seller_id FROM staging.shopify_store_names)
