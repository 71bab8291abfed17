"""Alerts: which changes of the stock and the sync people are told of, on which channels, once each."""

from amazon_pipeline.alerts.channels import Channel, open_channels
from amazon_pipeline.alerts.delivery import Attempt, deliver_stock_alerts, deliver_sync_alerts
from amazon_pipeline.alerts.low_stock import LowStockAlert, raise_low_stock_alert
from amazon_pipeline.alerts.messages import trial_message
from amazon_pipeline.alerts.record import AlertBook
from amazon_pipeline.alerts.rules import stock_changes
from amazon_pipeline.alerts.stock import stock_figures, stock_status
from amazon_pipeline.alerts.sync_incidents import OVERDUE, Watch, sync_changes, sync_verdict

__all__ = [
    "OVERDUE",
    "AlertBook",
    "Attempt",
    "Channel",
    "LowStockAlert",
    "Watch",
    "deliver_stock_alerts",
    "deliver_sync_alerts",
    "open_channels",
    "raise_low_stock_alert",
    "stock_changes",
    "stock_figures",
    "stock_status",
    "sync_changes",
    "sync_verdict",
    "trial_message",
]
