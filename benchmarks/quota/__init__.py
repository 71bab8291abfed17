"""What a week of syncs costs of Amazon's searchOrders quota: ours, the least possible, and python-amazon-sp-api's way.

``uv run python -m benchmarks.quota``. Nothing waits in real time: client and simulated Amazon share one clock.
"""
