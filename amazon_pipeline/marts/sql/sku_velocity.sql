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
WITH known AS MATERIALIZED (  -- arithmetic with INTERVALs is slow: it is done once here, and in microseconds below
    SELECT
        seller_id, known_since, known_until,
        known_until - INTERVAL 90 DAY AS recent_since,
        known_until - INTERVAL 365 DAY AS reach,
        greatest(known_since, known_until - INTERVAL 365 DAY) AS lines_since
    FROM orders_known_since
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
    SELECT
        i.seller_id, i.marketplace_id, i.seller_sku, i.purchase_date, i.quantity_ordered,
        epoch_us(i.purchase_date) AS placed_us,
        epoch_us(k.known_until) AS until_us
    FROM mart.order_items AS i
    JOIN known AS k USING (seller_id)
    WHERE i.order_status <> 'Canceled' AND i.seller_sku IS NOT NULL AND i.quantity_ordered > 0
      AND i.purchase_date >= k.lines_since
      AND i.purchase_date < k.known_until
),
lines AS NOT MATERIALIZED (  -- only the few Multi-Channel ones are looked up
    SELECT * FROM known_lines WHERE marketplace_id <> 'NON_AMAZON'
    UNION ALL BY NAME
    SELECT i.* REPLACE (coalesce(h.marketplace_id, i.marketplace_id) AS marketplace_id)
    FROM known_lines AS i
    LEFT JOIN home AS h USING (seller_id, seller_sku)
    WHERE i.marketplace_id = 'NON_AMAZON'
),
recent AS MATERIALIZED (  -- days_ago counts from 0
    SELECT
        seller_id, marketplace_id, seller_sku,
        ((until_us - placed_us - 1) // 86400000000)::INTEGER AS days_ago,
        sum(quantity_ordered)::BIGINT AS units
    FROM lines
    JOIN known USING (seller_id)
    WHERE purchase_date >= recent_since
    GROUP BY ALL
),
skus AS MATERIALIZED (  -- by a number from here on, which is quicker to look up than three names
    SELECT row_number() OVER () AS sku_no, seller_id, marketplace_id, seller_sku
    FROM (
        SELECT seller_id, marketplace_id, seller_sku FROM stock
        UNION
        SELECT seller_id, marketplace_id, seller_sku FROM recent
    )
),
listed_late AS (  -- SKUs that the first look at their marketplace did not show; one that sold earlier was there earlier
    SELECT seller_id, marketplace_id, seller_sku, least(first_seen_at, min(l.purchase_date)) AS listed_at
    FROM (
        SELECT i.seller_id, i.marketplace_id, i.seller_sku, i.first_seen_at
        FROM mart.inventory AS i
        JOIN observed AS o USING (seller_id, marketplace_id)
        JOIN known USING (seller_id)
        WHERE i.first_seen_at > o.observed_since AND i.first_seen_at > reach
    )
    LEFT JOIN lines AS l USING (seller_id, marketplace_id, seller_sku)
    GROUP BY seller_id, marketplace_id, seller_sku, first_seen_at
),
periods AS (  -- of stock, as far back as a window can reach
    SELECT h.seller_id, h.marketplace_id, h.seller_sku, h.fulfillable_quantity, h.valid_from, h.valid_to
    FROM mart.inventory_history AS h
    JOIN known USING (seller_id)
    WHERE h.valid_to IS NULL OR h.valid_to > reach
),
left_out AS (  -- when a SKU was gone, and when it was listed again
    SELECT g.seller_id, g.marketplace_id, g.seller_sku, g.valid_to AS gone_at, min(p.valid_from) AS back_at
    FROM (
        SELECT * FROM periods
        ANTI JOIN (SELECT seller_id, marketplace_id, seller_sku, valid_from AS valid_to FROM periods)
            USING (seller_id, marketplace_id, seller_sku, valid_to)
        WHERE valid_to IS NOT NULL
    ) AS g
    LEFT JOIN periods AS p
        ON p.seller_id = g.seller_id AND p.marketplace_id = g.marketplace_id AND p.seller_sku = g.seller_sku
       AND p.valid_from > g.valid_to
    GROUP BY ALL
),
absent AS MATERIALIZED (  -- without a fulfillable unit, gone from the list, or not listed yet
    SELECT sku_no, epoch_us(absent_from) AS from_us, coalesce(epoch_us(absent_to), 9000000000000000000) AS to_us
    FROM (
        SELECT seller_id, marketplace_id, seller_sku, valid_from AS absent_from, valid_to AS absent_to
        FROM periods
        WHERE fulfillable_quantity = 0
        UNION ALL
        SELECT seller_id, marketplace_id, seller_sku, gone_at, back_at
        FROM left_out
        UNION ALL
        SELECT seller_id, marketplace_id, seller_sku, TIMESTAMPTZ '1970-01-01 00:00:00+00', listed_at
        FROM listed_late
    )
    JOIN skus USING (seller_id, marketplace_id, seller_sku)
),
now_windows AS (
    SELECT
        sku_no, seller_id, marketplace_id, seller_sku,
        'now' AS ends,
        known_until AS window_end,
        epoch_us(known_until) AS end_us,
        epoch_us(known_since) AS since_us
    FROM skus
    JOIN known USING (seller_id)
),
ran_out AS (
    SELECT seller_id, marketplace_id, seller_sku, max("at") AS ran_out_at
    FROM mart.stock_transitions
    WHERE to_status = 'out-of-stock'
    GROUP BY ALL
),
windows AS MATERIALIZED (  -- up to now; and of SKUs that lack stock, up to when they last ran out, at most 275 days ago
    SELECT * FROM now_windows
    UNION ALL BY NAME
    SELECT w.* REPLACE (
        'ran out' AS ends,
        greatest(least(ran_out_at, window_end), window_end - INTERVAL 275 DAY) AS window_end,
        epoch_us(greatest(least(ran_out_at, window_end), window_end - INTERVAL 275 DAY)) AS end_us
    )
    FROM now_windows AS w
    JOIN ran_out USING (seller_id, marketplace_id, seller_sku)
    WHERE epoch_us(ran_out_at) > since_us
      AND (
          since_us > end_us - 3 * 86400000000
          OR sku_no IN (SELECT sku_no FROM stock JOIN skus USING (seller_id, marketplace_id, seller_sku)
                        WHERE fulfillable_quantity = 0)
          OR sku_no IN (SELECT a.sku_no FROM absent AS a JOIN now_windows AS n USING (sku_no)
                        WHERE a.to_us > n.end_us - 7 * 86400000000)
      )
),
sold AS MATERIALIZED (
    SELECT sku_no, 'now' AS ends, days_ago, units
    FROM recent
    JOIN skus USING (seller_id, marketplace_id, seller_sku)
    UNION ALL
    SELECT
        w.sku_no, w.ends,
        ((w.end_us - l.placed_us - 1) // 86400000000)::INTEGER AS days_ago,
        sum(l.quantity_ordered)::BIGINT AS units
    FROM lines AS l
    JOIN (SELECT * FROM windows WHERE ends = 'ran out') AS w USING (seller_id, marketplace_id, seller_sku)
    WHERE l.placed_us < w.end_us AND l.placed_us >= w.end_us - 90 * 86400000000
    GROUP BY ALL
),
absent_days AS (  -- days without stock for more than half the time
    SELECT sku_no, ends, days_ago
    FROM (
        SELECT
            *,
            unnest(range((end_us - to_us) // 86400000000, (end_us - from_us - 1) // 86400000000 + 1))::INTEGER
                AS days_ago
        FROM (
            SELECT
                w.sku_no, w.ends, w.end_us,
                greatest(a.from_us, w.end_us - 90 * 86400000000, w.since_us) AS from_us,
                least(a.to_us, w.end_us) AS to_us
            FROM absent AS a
            JOIN windows AS w USING (sku_no)
        )
        WHERE from_us < to_us
    )
    GROUP BY sku_no, ends, days_ago, end_us
    HAVING sum(
        least(to_us, end_us - days_ago * 86400000000) - greatest(from_us, end_us - (days_ago + 1) * 86400000000)
    ) > 43200000000
),
out_of_stock AS (
    SELECT
        sku_no, ends,
        count(*) FILTER (days_ago < 7) AS out_7d,
        count(*) FILTER (days_ago < 30) AS out_30d,
        count(*) AS out_90d
    FROM absent_days
    ANTI JOIN sold USING (sku_no, ends, days_ago)
    GROUP BY ALL
),
counted AS (
    SELECT
        w.seller_id, w.marketplace_id, w.seller_sku, w.ends, w.window_end,
        (w.end_us - w.since_us + 86399999999) // 86400000000 AS known_days,
        coalesce(s.units_7d, 0) AS units_7d,
        coalesce(s.units_30d, 0) AS units_30d,
        coalesce(s.units_90d, 0) AS units_90d,
        greatest(0, least(7, known_days) - coalesce(o.out_7d, 0)) AS days_7d,
        greatest(0, least(30, known_days) - coalesce(o.out_30d, 0)) AS days_30d,
        greatest(0, least(90, known_days) - coalesce(o.out_90d, 0)) AS days_90d
    FROM windows AS w
    LEFT JOIN (
        SELECT
            sku_no, ends,
            sum(units) FILTER (days_ago < 7)::BIGINT AS units_7d,
            sum(units) FILTER (days_ago < 30)::BIGINT AS units_30d,
            sum(units)::BIGINT AS units_90d
        FROM sold
        GROUP BY ALL
    ) AS s USING (sku_no, ends)
    LEFT JOIN out_of_stock AS o USING (sku_no, ends)
),
velocities AS (  -- a window counts if orders are known that far back, and the SKU was in stock for 3 days of it
    SELECT
        *,
        CASE WHEN days_7d >= 3 THEN units_7d / days_7d END AS velocity_7d,
        CASE WHEN days_30d >= 3 AND known_days >= 30 THEN units_30d / days_30d END AS velocity_30d,
        CASE WHEN days_90d >= 3 AND known_days >= 90 THEN units_90d / days_90d END AS velocity_90d,
        coalesce(velocity_7d, velocity_30d, velocity_90d) IS NOT NULL AS has_window,
        CASE WHEN velocity_7d IS NULL THEN 0 ELSE 5 END AS w7,
        CASE WHEN velocity_30d IS NULL THEN 0 ELSE 3 END AS w30,
        CASE WHEN velocity_90d IS NULL THEN 0 ELSE 2 END AS w90,
        CASE WHEN velocity_7d IS NULL THEN 1 ELSE days_7d END AS d7,
        CASE WHEN velocity_30d IS NULL THEN 1 ELSE days_30d END AS d30,
        CASE WHEN velocity_90d IS NULL THEN 1 ELSE days_90d END AS d90,
        -- one fraction of whole numbers, rounded half up: the weighted sum of three divisions would slip at a half
        CASE WHEN has_window
             THEN w7 * units_7d * d30 * d90 + w30 * units_30d * d7 * d90 + w90 * units_90d * d7 * d30
             ELSE units_90d END AS units_by,
        CASE WHEN has_window THEN (w7 + w30 + w90) * d7 * d30 * d90
             ELSE greatest(days_90d, least(3, known_days)) END AS days_by,
        ((20000 * units_by::HUGEINT + days_by) // (2 * days_by))::BIGINT AS v4  -- ten-thousandths of a unit a day
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
arrivals AS (  -- of open shipments that are not wholly received: the next to where these units lie, else to anywhere
    SELECT
        p.seller_id, p.marketplace_id, p.seller_sku,
        coalesce(
            min(expected_on) FILTER (h.pool_marketplace_id = p.pool_marketplace_id), min(expected_on)
        ) AS next_arrival_date
    FROM (
        SELECT
            p.*,
            s.marketplace_id AS bound_for,
            CASE
                WHEN s.shipment_status IN ('DELIVERED', 'CHECKED_IN', 'RECEIVING') THEN p.today
                ELSE greatest(p.today, coalesce(s.need_by_date, s.first_seen_at::DATE + p.lead_time_days))
            END AS expected_on
        FROM planned AS p
        JOIN mart.inbound_shipment_items AS i USING (seller_id, seller_sku)
        JOIN mart.inbound_shipments AS s USING (seller_id, shipment_id)
        WHERE s.shipment_status NOT IN ('CLOSED', 'CANCELLED', 'DELETED')
          AND i.quantity_expected > coalesce(i.quantity_received, 0)
          AND p.inbound_quantity > 0
    ) AS p
    LEFT JOIN planned AS h
        ON h.seller_id = p.seller_id AND h.marketplace_id = p.bound_for AND h.seller_sku = p.seller_sku
    GROUP BY ALL
),
advised AS (
    SELECT
        *,
        -- no date lies after the year 9999, which is as far as most programs can read dates
        CASE WHEN pool4 > 0 THEN least(fulfillable_quantity * 10000 // pool4, 2900000) END::INTEGER AS whole_days,
        CASE WHEN pool4 > 0 THEN round(fulfillable_quantity * 10000 / pool4, 1) END AS days_of_cover,
        today + whole_days AS stockout_date,
        next_arrival_date - stockout_date AS gap_days,
        is_pool_duplicate OR pool4 IS NULL OR fulfillable_quantity IS NULL AS is_silent,
        CASE WHEN NOT is_silent
             THEN (pool4 * (lead_time_days + safety_stock_days) + 9999) // 10000 END AS reorder_point,
        CASE WHEN NOT is_silent AND pool4 > 0
             THEN today + least(greatest(0, (supply_quantity - reorder_point) * 10000 // pool4), 2900000)::INTEGER
             END AS reorder_date,
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
                            THEN v.units_7d || CASE WHEN v.units_7d = 1 THEN ' unit in ' ELSE ' units in ' END
                                || v.days_7d || ' in-stock days of 7 (weight 0.5)' END,
                       CASE WHEN v.velocity_30d IS NOT NULL
                            THEN v.units_30d || ' in ' || v.days_30d || ' of 30 (0.3)' END,
                       CASE WHEN v.velocity_90d IS NOT NULL
                            THEN v.units_90d || ' in ' || v.days_90d || ' of 90 (0.2)' END
                   ) ELSE v.units_90d || CASE WHEN v.units_90d = 1 THEN ' unit in ' ELSE ' units in ' END || v.days_90d
                       || ' in-stock days of ' || least(90, v.known_days)
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
        CASE WHEN epoch_us(observed_since) > epoch_us(v.window_end) - 90 * 86400000000 AND v4 > 0
             THEN 'Stock is known since ' || strftime(observed_since AT TIME ZONE 'UTC', '%Y-%m-%d')
                || '; days before it count as in stock.' END
    ) AS explanation
FROM advised
