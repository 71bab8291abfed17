"""Low-stock alerts: which changes people are told of, once each."""

from amazon_pipeline.alerts.low_stock import LowStockAlert, raise_low_stock_alert

__all__ = ["LowStockAlert", "raise_low_stock_alert"]
