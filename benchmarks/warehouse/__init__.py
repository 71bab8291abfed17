"""What a sync costs a working file of 0.1, 1 and 10 million orders, beside making every mart anew.

``uv run python -m benchmarks.warehouse``. The product's own tables, merges, marts and publishing; neither Amazon nor
Dagster.
"""
