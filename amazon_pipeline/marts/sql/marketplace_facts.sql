-- One row per marketplace: its own currency, and the IANA time zone its business days follow. A view of the build.
SELECT
    coalesce(p.marketplace_id, k.marketplace_id) AS marketplace_id,
    coalesce(p.currency, k.currency) AS currency,
    coalesce(k.time_zone, p.time_zone) AS time_zone
FROM (
    SELECT marketplace_id, any_value(currency) AS currency, any_value(time_zone) AS time_zone
    FROM staging.marketplaces
    GROUP BY marketplace_id
) AS p
FULL JOIN meta.known_marketplaces AS k USING (marketplace_id)
