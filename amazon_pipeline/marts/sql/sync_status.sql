-- One row per stream: how its last fetch ended, and up to when its data is known.
DELETE FROM mart.sync_status;

INSERT INTO mart.sync_status BY NAME
SELECT * FROM staging.stream_status;
