"""Measurements that stand in ``benchmarks/README.md``; each is one command."""
