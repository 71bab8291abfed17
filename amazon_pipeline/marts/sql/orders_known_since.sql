-- One row per seller: orders placed in [known_since, known_until) are known without a gap. A view of the build.
-- known_until is the orders watermark. The windows of the Orders API (everything changed in them) and of the reports
-- (everything placed in them) that overlap or touch are one span; known_since is where the span of the watermark begins.
SELECT seller_id, min(window_start) AS known_since, any_value(watermark) AS known_until
FROM (
    SELECT *, sum(begins_a_span::INTEGER) OVER (PARTITION BY seller_id ORDER BY window_start, window_end) AS span
    FROM (
        SELECT
            seller_id,
            window_start,
            window_end,
            coalesce(window_start > max(window_end) OVER (
                PARTITION BY seller_id ORDER BY window_start, window_end
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ), true) AS begins_a_span
        FROM staging.staged_batches
        WHERE stream IN ('orders', 'orders_history') AND status = 'complete' AND is_merged
          AND window_start IS NOT NULL AND window_end IS NOT NULL
    )
)
JOIN (
    SELECT seller_id, watermark FROM staging.stream_status WHERE stream = 'orders' AND watermark IS NOT NULL
) USING (seller_id)
GROUP BY seller_id, span
HAVING min(window_start) <= any_value(watermark) AND max(window_end) >= any_value(watermark)
