-- One row per stream: how its last fetch ended, and up to when its data is known.
SELECT * FROM staging.stream_status
