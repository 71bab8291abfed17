"""The API at 100,000 SKUs and a million orders, beside a bare route, Datasette and ROAPI; and 5,000 event streams.

``uv run python -m benchmarks.api``. Servers run in processes of their own and are asked over loopback.
"""
