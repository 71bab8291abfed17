-- One row per SKU and marketplace: how fast it sells, how long its units last, when and how much to reorder.
--
-- velocity_w     = units ordered in the last w days / days of them in stock, for w = 7, 30, 90
-- daily_velocity = (0.5 velocity_7 + 0.3 velocity_30 + 0.2 velocity_90) / sum of the weights of the windows that count
-- days_of_cover  = fulfillable / pool_velocity; stockout_date = today + whole days_of_cover
-- reorder_point  = pool_velocity * (lead time + safety stock days)
-- restock        = pool_velocity * (lead time + target cover + safety stock days) - supply, up to whole cases
--
-- A day is 24 hours counted back from the end of the windows: up to where orders are known or, of a SKU that is out of
-- stock, when it ran out (so a stock-out does not pull the velocity down). Velocities are exact in ten-thousandths of a
-- unit; everything after them is integer arithmetic, so that the explanation can be followed to the last digit.
WITH known AS (
    SELECT seller_id, known_since, known_until FROM orders_known_since
),
stock AS (
    SELECT * FROM mart.inventory WHERE NOT is_gone
),
observed AS (  -- since when a marketplace's stock is known at all
    SELECT seller_id, marketplace_id, min(first_seen_at) AS observed_since
    FROM mart.inventory
    GROUP BY ALL
),
home AS (  -- where Multi-Channel orders of a SKU count: Amazon does not say whose stock they took
    SELECT seller_id, seller_sku, marketplace_id
    FROM stock
    QUALIFY row_number() OVER (
        PARTITION BY seller_id, seller_sku ORDER BY is_pool_duplicate, total_quantity DESC NULLS LAST, marketplace_id
    ) = 1
),
known_lines AS NOT MATERIALIZED (
    SELECT i.seller_id, i.marketplace_id, i.seller_sku, i.purchase_date, i.quantity_ordered
    FROM mart.order_items AS i
    JOIN known AS k USING (seller_id)
    WHERE i.order_status <> 'Canceled' AND i.seller_sku IS NOT NULL
      AND i.purchase_date >= greatest(k.known_since, k.known_until - INTERVAL 365 DAY)
      AND i.purchase_date < k.known_until
),
lines AS (  -- only the few Multi-Channel ones are looked up
    SELECT * FROM known_lines WHERE marketplace_id <> 'NON_AMAZON'
    UNION ALL BY NAME
    SELECT i.* REPLACE (coalesce(h.marketplace_id, i.marketplace_id) AS marketplace_id)
    FROM known_lines AS i
    LEFT JOIN home AS h USING (seller_id, seller_sku)
    WHERE i.marketplace_id = 'NON_AMAZON'
),
skus AS (
    SELECT seller_id, marketplace_id, seller_sku FROM stock
    UNION
    SELECT seller_id, marketplace_id, seller_sku
    FROM lines
    JOIN known USING (seller_id)
    WHERE purchase_date >= known_until - INTERVAL 90 DAY
),
ran_out AS (
    SELECT seller_id, marketplace_id, seller_sku, max("at") AS ran_out_at
    FROM mart.stock_transitions
    WHERE to_status = 'out-of-stock'
    GROUP BY ALL
),
windows AS (  -- up to now, and up to when the SKU last ran out, at most 275 days ago
    SELECT seller_id, marketplace_id, seller_sku, 'now' AS ends, known_until AS window_end, known_since
    FROM skus
    JOIN known USING (seller_id)
    UNION ALL
    SELECT seller_id, marketplace_id, seller_sku, 'ran out',
        greatest(least(ran_out_at, known_until), known_until - INTERVAL 275 DAY), known_since
    FROM skus
    JOIN known USING (seller_id)
    JOIN ran_out USING (seller_id, marketplace_id, seller_sku)
    WHERE ran_out_at > known_since
),
sold AS MATERIALIZED (  -- days_ago counts from 0
    SELECT
        w.seller_id, w.marketplace_id, w.seller_sku, w.ends,
        (epoch_us(w.window_end) - epoch_us(l.purchase_date) - 1) // 86400000000 AS days_ago,
        sum(l.quantity_ordered)::BIGINT AS units
    FROM lines AS l
    JOIN windows AS w USING (seller_id, marketplace_id, seller_sku)
    WHERE l.purchase_date < w.window_end AND l.purchase_date >= w.window_end - INTERVAL 90 DAY
    GROUP BY ALL
),
absent AS (  -- periods without a fulfillable unit; all time before it was listed, if we saw the marketplace without it
    SELECT seller_id, marketplace_id, seller_sku, valid_from AS absent_from, valid_to AS absent_to
    FROM mart.inventory_history
    WHERE fulfillable_quantity = 0
    UNION ALL
    SELECT seller_id, marketplace_id, seller_sku, TIMESTAMPTZ '1970-01-01 00:00:00+00', first_seen_at
    FROM stock
    JOIN observed USING (seller_id, marketplace_id)
    WHERE first_seen_at > observed_since
),
absent_days AS (  -- days without stock for more than half the time
    SELECT seller_id, marketplace_id, seller_sku, ends, days_ago
    FROM (
        SELECT *, unnest(range((end_us - to_us) // 86400000000, (end_us - from_us - 1) // 86400000000 + 1)) AS days_ago
        FROM (
            SELECT
                w.seller_id, w.marketplace_id, w.seller_sku, w.ends,
                epoch_us(w.window_end) AS end_us,
                greatest(epoch_us(a.absent_from), epoch_us(w.window_end) - 90 * 86400000000, epoch_us(w.known_since))
                    AS from_us,
                least(coalesce(epoch_us(a.absent_to), epoch_us(w.window_end)), epoch_us(w.window_end)) AS to_us
            FROM absent AS a
            JOIN windows AS w USING (seller_id, marketplace_id, seller_sku)
        )
        WHERE from_us < to_us
    )
    GROUP BY seller_id, marketplace_id, seller_sku, ends, days_ago, end_us
    HAVING sum(
        least(to_us, end_us - days_ago * 86400000000) - greatest(from_us, end_us - (days_ago + 1) * 86400000000)
    ) > 43200000000
),
out_of_stock AS (
    SELECT
        seller_id, marketplace_id, seller_sku, ends,
        count(*) FILTER (days_ago < 7) AS out_7d,
        count(*) FILTER (days_ago < 30) AS out_30d,
        count(*) AS out_90d
    FROM absent_days
    ANTI JOIN sold USING (seller_id, marketplace_id, seller_sku, ends, days_ago)
    GROUP BY ALL
),
counted AS (
    SELECT
        w.seller_id, w.marketplace_id, w.seller_sku, w.ends, w.window_end,
        (epoch_us(w.window_end) - epoch_us(w.known_since) + 86399999999) // 86400000000 AS known_days,
        coalesce(s.units_7d, 0) AS units_7d,
        coalesce(s.units_30d, 0) AS units_30d,
        coalesce(s.units_90d, 0) AS units_90d,
        greatest(0, least(7, known_days) - coalesce(o.out_7d, 0)) AS days_7d,
        greatest(0, least(30, known_days) - coalesce(o.out_30d, 0)) AS days_30d,
        greatest(0, least(90, known_days) - coalesce(o.out_90d, 0)) AS days_90d
    FROM windows AS w
    LEFT JOIN (
        SELECT
            seller_id, marketplace_id, seller_sku, ends,
            sum(units) FILTER (days_ago < 7)::BIGINT AS units_7d,
            sum(units) FILTER (days_ago < 30)::BIGINT AS units_30d,
            sum(units)::BIGINT AS units_90d
        FROM sold
        GROUP BY ALL
    ) AS s USING (seller_id, marketplace_id, seller_sku, ends)
    LEFT JOIN out_of_stock AS o USING (seller_id, marketplace_id, seller_sku, ends)
),
velocities AS (  -- a window counts if orders are known that far back, and the SKU was in stock for 3 days of it
    SELECT
        *,
        CASE WHEN days_7d >= 3 THEN units_7d / days_7d END AS velocity_7d,
        CASE WHEN days_30d >= 3 AND known_days >= 30 THEN units_30d / days_30d END AS velocity_30d,
        CASE WHEN days_90d >= 3 AND known_days >= 90 THEN units_90d / days_90d END AS velocity_90d,
        coalesce(velocity_7d, velocity_30d, velocity_90d) IS NOT NULL AS has_window,
        round(10000 * CASE WHEN has_window THEN
            (0.5 * coalesce(velocity_7d, 0) + 0.3 * coalesce(velocity_30d, 0) + 0.2 * coalesce(velocity_90d, 0)) / (
                CASE WHEN velocity_7d IS NULL THEN 0 ELSE 0.5 END + CASE WHEN velocity_30d IS NULL THEN 0 ELSE 0.3 END
                + CASE WHEN velocity_90d IS NULL THEN 0 ELSE 0.2 END
            )
            ELSE units_90d / greatest(days_90d, least(3, known_days))
        END)::BIGINT AS v4  -- ten-thousandths of a unit a day
    FROM counted
),
planned AS (
    SELECT
        seller_id, marketplace_id, seller_sku,
        s.product_name,
        coalesce(s.is_pool_duplicate, false) AS is_pool_duplicate,
        coalesce(s.pool_marketplace_id, marketplace_id) AS pool_marketplace_id,
        coalesce(s.pool_seller_sku, seller_sku) AS pool_seller_sku,
        s.fulfillable_quantity::BIGINT AS fulfillable_quantity,
        s.fulfillable_quantity::BIGINT + coalesce(s.reserved_fc_transfer, 0) + coalesce(s.reserved_fc_processing, 0)
            AS in_fc_quantity,
        coalesce(s.inbound_quantity, 0)::BIGINT AS inbound_quantity,
        (s.observed_at AT TIME ZONE coalesce(f.time_zone, 'UTC'))::DATE AS today,
        coalesce(own.lead_time_days, everywhere.lead_time_days, d.lead_time_days) AS lead_time_days,
        coalesce(own.case_pack, everywhere.case_pack) AS case_pack,
        d.safety_stock_days,
        d.target_cover_days,
        o.observed_since
    FROM skus
    LEFT JOIN stock AS s USING (seller_id, marketplace_id, seller_sku)
    LEFT JOIN observed AS o USING (seller_id, marketplace_id)
    LEFT JOIN marketplace_facts AS f USING (marketplace_id)
    LEFT JOIN staging.stock_thresholds AS own USING (seller_sku, marketplace_id)
    LEFT JOIN (SELECT * FROM staging.stock_thresholds WHERE marketplace_id IS NULL) AS everywhere USING (seller_sku)
    CROSS JOIN staging.planning_defaults AS d
),
joined AS (
    SELECT
        p.*,
        n.units_7d, n.units_30d, n.units_90d, n.days_7d, n.days_30d, n.days_90d,
        r.seller_sku IS NOT NULL AND (p.fulfillable_quantity = 0 OR NOT n.has_window) AS is_last_good,
        CASE WHEN is_last_good THEN r ELSE n END AS v
    FROM planned AS p
    LEFT JOIN (SELECT * FROM velocities WHERE ends = 'now') AS n USING (seller_id, marketplace_id, seller_sku)
    LEFT JOIN (SELECT * FROM velocities WHERE ends = 'ran out') AS r USING (seller_id, marketplace_id, seller_sku)
),
pooled AS (
    SELECT
        *,
        v.v4 AS v4,
        CASE WHEN v.v4 IS NOT NULL
             THEN sum(v.v4) OVER (PARTITION BY seller_id, pool_marketplace_id, pool_seller_sku) END::BIGINT AS pool4,
        in_fc_quantity + inbound_quantity AS supply_quantity
    FROM joined
),
arrivals AS (  -- of each SKU's shipments that are open and not wholly received
    SELECT
        p.seller_id, p.marketplace_id, p.seller_sku,
        min(CASE
            WHEN s.shipment_status IN ('DELIVERED', 'CHECKED_IN', 'RECEIVING') THEN p.today
            ELSE greatest(p.today, coalesce(s.need_by_date, s.first_seen_at::DATE + p.lead_time_days))
        END) AS next_arrival_date
    FROM planned AS p
    JOIN mart.inbound_shipment_items AS i USING (seller_id, seller_sku)
    JOIN mart.inbound_shipments AS s USING (seller_id, shipment_id)
    WHERE s.shipment_status NOT IN ('CLOSED', 'CANCELLED', 'DELETED')
      AND i.quantity_expected > coalesce(i.quantity_received, 0)
      AND p.inbound_quantity > 0
    GROUP BY ALL
),
advised AS (
    SELECT
        *,
        CASE WHEN pool4 > 0 THEN fulfillable_quantity * 10000 // pool4 END::INTEGER AS whole_days,
        CASE WHEN pool4 > 0 THEN round(fulfillable_quantity * 10000 / pool4, 1) END AS days_of_cover,
        today + whole_days AS stockout_date,
        next_arrival_date - stockout_date AS gap_days,
        is_pool_duplicate OR pool4 IS NULL OR fulfillable_quantity IS NULL AS is_silent,
        CASE WHEN NOT is_silent
             THEN (pool4 * (lead_time_days + safety_stock_days) + 9999) // 10000 END AS reorder_point,
        CASE WHEN NOT is_silent AND pool4 > 0
             THEN today + greatest(0, (supply_quantity - reorder_point) * 10000 // pool4)::INTEGER END AS reorder_date,
        lead_time_days + target_cover_days + safety_stock_days AS horizon_days,
        CASE WHEN NOT is_silent
             THEN greatest(0, (pool4 * horizon_days + 9999) // 10000 - supply_quantity) END AS units_wanted,
        (units_wanted + coalesce(case_pack, 1) - 1) // coalesce(case_pack, 1) * coalesce(case_pack, 1)
            AS restock_quantity,
        CASE
            WHEN pool4 IS NULL OR fulfillable_quantity IS NULL THEN 'unknown'
            WHEN pool4 = 0 THEN 'no-sales'
            WHEN fulfillable_quantity * 10000 < 7 * pool4 THEN 'critical'
            WHEN fulfillable_quantity * 10000 < 21 * pool4 THEN 'warning'
            WHEN fulfillable_quantity * 10000 > 90 * pool4 THEN 'excess'
            ELSE 'healthy'
        END AS cover_status
    FROM pooled
    LEFT JOIN arrivals USING (seller_id, marketplace_id, seller_sku)
)
SELECT
    seller_id,
    marketplace_id,
    seller_sku,
    product_name,
    is_pool_duplicate,
    CASE WHEN is_last_good THEN v.window_end END AS last_good_at,
    coalesce(units_7d, 0) AS units_7d,
    coalesce(units_30d, 0) AS units_30d,
    coalesce(units_90d, 0) AS units_90d,
    coalesce(days_7d, 0) AS in_stock_days_7d,
    coalesce(days_30d, 0) AS in_stock_days_30d,
    coalesce(days_90d, 0) AS in_stock_days_90d,
    round(v.velocity_7d, 4) AS velocity_7d,
    round(v.velocity_30d, 4) AS velocity_30d,
    round(v.velocity_90d, 4) AS velocity_90d,
    v4 / 10000 AS daily_velocity,
    pool4 / 10000 AS pool_velocity,
    CASE WHEN v.velocity_30d > 0 THEN round(v.velocity_7d / v.velocity_30d - 1, 4) END AS trend,
    fulfillable_quantity,
    supply_quantity,
    days_of_cover,
    stockout_date,
    next_arrival_date,
    gap_days,
    lead_time_days,
    case_pack,
    reorder_point,
    reorder_date,
    restock_quantity,
    cover_status,
    concat_ws(
        ' ',
        CASE
            WHEN v4 IS NULL THEN 'Orders are not known yet.'
            WHEN v4 = 0 THEN 'No unit sold in the ' || least(90, v.known_days)
                || CASE WHEN is_last_good THEN ' days before it ran out.' ELSE ' days known.' END
            ELSE 'Sells ' || plain(v4) || ' a day in stock'
                || CASE WHEN is_last_good THEN ', as when it ran out on '
                   || strftime(v.window_end AT TIME ZONE 'UTC', '%Y-%m-%d') ELSE '' END || ': '
                || CASE WHEN v.has_window THEN concat_ws(
                       ', ',
                       CASE WHEN v.velocity_7d IS NOT NULL
                            THEN v.units_7d || ' units in ' || v.days_7d || ' in-stock days of 7 (weight 0.5)' END,
                       CASE WHEN v.velocity_30d IS NOT NULL
                            THEN v.units_30d || ' in ' || v.days_30d || ' of 30 (0.3)' END,
                       CASE WHEN v.velocity_90d IS NOT NULL
                            THEN v.units_90d || ' in ' || v.days_90d || ' of 90 (0.2)' END
                   ) ELSE v.units_90d || ' units in ' || v.days_90d || ' in-stock days of ' || least(90, v.known_days)
                       || ', which is little to go by' END || '.'
        END,
        CASE WHEN pool4 <> v4 THEN 'All marketplaces that share the stock sell ' || plain(pool4) || ' a day.' END,
        CASE
            WHEN fulfillable_quantity IS NULL THEN 'It is not in FBA stock.'
            WHEN fulfillable_quantity = 0 THEN 'Nothing is fulfillable.'
            WHEN pool4 > 0 THEN fulfillable_quantity || ' fulfillable / ' || plain(pool4) || ' = ' || days_of_cover
                || ' days of cover, until ' || stockout_date || '.'
        END,
        CASE WHEN next_arrival_date IS NOT NULL THEN 'The next shipment is expected by ' || next_arrival_date
            || CASE WHEN gap_days > 0 THEN ', ' || gap_days || ' days too late' ELSE '' END || '.' END,
        CASE WHEN is_pool_duplicate THEN 'The same units are counted in ' || pool_marketplace_id || ' as '
            || pool_seller_sku || '; the advice stands there.' END,
        CASE WHEN NOT is_silent AND pool4 > 0 THEN 'Supply ' || supply_quantity || ' (' || in_fc_quantity
            || ' at Amazon, ' || inbound_quantity || ' inbound), reorder point ' || plain(pool4) || ' x ('
            || lead_time_days || ' lead time + ' || safety_stock_days || ' safety) = ' || reorder_point || ': reorder '
            || CASE WHEN reorder_date <= today THEN 'now' ELSE 'on ' || reorder_date END || '.' END,
        CASE WHEN NOT is_silent AND pool4 > 0 THEN plain(pool4) || ' x (' || lead_time_days || ' + '
            || target_cover_days || ' target cover + ' || safety_stock_days || ') less ' || supply_quantity || ' = '
            || units_wanted || CASE WHEN restock_quantity > units_wanted
               THEN ', in cases of ' || case_pack || ' ' || restock_quantity ELSE '' END || ' to order.' END,
        CASE WHEN observed_since > v.window_end - INTERVAL 90 DAY AND v4 > 0 THEN 'Stock is known since '
            || strftime(observed_since AT TIME ZONE 'UTC', '%Y-%m-%d') || '; days before it count as in stock.' END
    ) AS explanation
FROM advised
