"""From Amazon and Shopify to landing: what each stream asks for next, and how its batch ends.

Everything a stream needs to know to go on is on disk: the newest complete batch says where the next window starts, an
open one holds the cursor to resume.
"""

from amazon_pipeline.extraction.history import fetch_first_history, fetch_history
from amazon_pipeline.extraction.inbound import KnownShipment, close_what_was_cut_off, fetch_inbound_shipments
from amazon_pipeline.extraction.inventory import fetch_inventory
from amazon_pipeline.extraction.marketplaces import fetch_marketplaces
from amazon_pipeline.extraction.order_metrics import fetch_order_metrics
from amazon_pipeline.extraction.orders import ask_again, fetch_orders
from amazon_pipeline.extraction.recorded import as_text, from_text, slow_failure
from amazon_pipeline.extraction.shopify_fees import fetch_shopify_fees
from amazon_pipeline.extraction.shopify_history import fetch_shopify_history
from amazon_pipeline.extraction.shopify_orders import fetch_shopify_orders
from amazon_pipeline.extraction.shopify_session import ShopifyExtraction, open_shopify, shopify_extraction
from amazon_pipeline.extraction.shopify_shop import fetch_shop
from amazon_pipeline.extraction.stock_report import fetch_stock_report
from amazon_pipeline.extraction.stream import Extraction, Fetched, Outcome, run_stream

__all__ = [
    "Extraction",
    "Fetched",
    "KnownShipment",
    "Outcome",
    "ShopifyExtraction",
    "as_text",
    "ask_again",
    "close_what_was_cut_off",
    "fetch_first_history",
    "fetch_history",
    "fetch_inbound_shipments",
    "fetch_inventory",
    "fetch_marketplaces",
    "fetch_order_metrics",
    "fetch_orders",
    "fetch_shop",
    "fetch_shopify_fees",
    "fetch_shopify_history",
    "fetch_shopify_orders",
    "fetch_stock_report",
    "from_text",
    "open_shopify",
    "run_stream",
    "shopify_extraction",
    "slow_failure",
]
