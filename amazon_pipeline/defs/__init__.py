"""Dagster only, thin: each asset, schedule and sensor takes its resources and calls one plain function."""
