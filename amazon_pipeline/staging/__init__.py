"""Landed page to typed Polars frames: valid rows go on, invalid ones are set aside with the reason. Pure functions."""

from amazon_pipeline.staging.inbound import stage_inbound
from amazon_pipeline.staging.inventory import stage_inventory
from amazon_pipeline.staging.marketplaces import stage_marketplaces
from amazon_pipeline.staging.order_metrics import stage_order_metrics
from amazon_pipeline.staging.order_report import stage_order_report
from amazon_pipeline.staging.orders import stage_orders
from amazon_pipeline.staging.shopify import stage_shopify_fees, stage_shopify_orders, stage_shopify_shop
from amazon_pipeline.staging.stock_report import stage_stock_report
from amazon_pipeline.staging.validated import Staged

__all__ = [
    "Staged",
    "stage_inbound",
    "stage_inventory",
    "stage_marketplaces",
    "stage_order_metrics",
    "stage_order_report",
    "stage_orders",
    "stage_shopify_fees",
    "stage_shopify_orders",
    "stage_shopify_shop",
    "stage_stock_report",
]
