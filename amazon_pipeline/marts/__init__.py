"""The marts: one SQL file a table, named like it, and the few lines that run them."""

from amazon_pipeline.marts.agreement import Agreement, orders_agreement, stock_agreement
from amazon_pipeline.marts.build import (
    DERIVED,
    Built,
    build,
    merge_inbound,
    merge_inventory,
    merge_orders,
    merge_shopify,
)
from amazon_pipeline.marts.lineage import Lineage, derived_lineage, merged_lineage
from amazon_pipeline.marts.planning import read_planning
from amazon_pipeline.marts.rebuild import bring_up_to_date
from amazon_pipeline.marts.sql_files import mart_sql, mart_sql_path
from amazon_pipeline.marts.summary import sync_summary

__all__ = [
    "DERIVED",
    "Agreement",
    "Built",
    "Lineage",
    "bring_up_to_date",
    "build",
    "derived_lineage",
    "mart_sql",
    "mart_sql_path",
    "merge_inbound",
    "merge_inventory",
    "merge_orders",
    "merge_shopify",
    "merged_lineage",
    "orders_agreement",
    "read_planning",
    "stock_agreement",
    "sync_summary",
]
