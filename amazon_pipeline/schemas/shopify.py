"""Shopify's tables: what lands of a store, its orders in the marts, and what is compared with Amazon."""

from __future__ import annotations

from typing import Final

from amazon_pipeline.schemas.columns import CURRENCY, OBSERVED_AT, count, money, units
from amazon_pipeline.schemas.table import Column, Table

STORE_ID: Final = Column("seller_id", "VARCHAR", "domain of the Shopify store, such as x.myshopify.com")
STORE_NAME: Final = Column("store", "VARCHAR", "the store's name in SHOPIFY_STORES")
SHOPIFY_ORDER_ID: Final = Column("order_id", "VARCHAR", "Shopify's id of the order, gid://shopify/Order/…")
CREATED_AT: Final = Column("created_at", "TIMESTAMPTZ", "when the order was placed, UTC")
IS_COUNTED: Final = Column("is_counted", "BOOLEAN", "whether figures count the order: neither canceled nor a test")
FEES_ARE_ESTIMATED: Final = Column(
    "fees_are_estimated",
    "BOOLEAN",
    "whether fees are an estimate, or a part of them, estimated_fees; NULL where there are no orders",
    nullable=True,
)
ESTIMATED_FEES: Final = money(
    "estimated_fees",
    "of the fees, those that are 2.9% of revenue because Shopify Payments does not tell them",
    minimum=None,
)
CUSTOMERS: Final = Column(
    "customers",
    "BIGINT",
    "different customers, guests without a customer left out; NULL where the token may not read customers",
    nullable=True,
    minimum=0,
)

SHOPIFY_ORDERS = Table(
    "mart",
    "shopify_orders",
    "order of a Shopify store",
    ("seller_id", "order_id"),
    (
        STORE_ID,
        SHOPIFY_ORDER_ID,
        Column("order_name", "VARCHAR", "the number people know the order by, such as #1001", nullable=True),
        CREATED_AT,
        Column("updated_at", "TIMESTAMPTZ", "when the order last changed, UTC"),
        Column("cancelled_at", "TIMESTAMPTZ", "when it was canceled, UTC; NULL if it was not", nullable=True),
        Column("is_test", "BOOLEAN", "a test order"),
        IS_COUNTED,
        Column("financial_status", "VARCHAR", "Shopify's displayFinancialStatus, unchanged", nullable=True),
        CURRENCY.but(meaning="ISO 4217 code of the amounts: the shop's own currency"),
        money("total_price", "after discounts, with tax and shipping, before refunds"),
        money("total_received", "paid, before refunds"),
        money("total_refunded", "paid back"),
        money("revenue", "total_price less total_refunded", minimum=None),
        units("quantity", "sum over the lines as ordered, gift cards left out"),
        Column("is_customer_known", "BOOLEAN", "whether the token may read who placed orders"),
        Column(
            "customer_hash",
            "VARCHAR",
            "keyed hash of the customer's id, the same for one customer of the store; NULL for a guest or if not known",
            nullable=True,
        ),
        Column("source_name", "VARCHAR", "where the order came from, such as web or pos", nullable=True),
        Column("payment_gateways", "VARCHAR", "names of the payment gateways, separated by commas", nullable=True),
    ),
)

SHOPIFY_ORDER_LINES = Table(
    "mart",
    "shopify_order_lines",
    "line of a Shopify order",
    ("seller_id", "order_id", "line_id"),
    (
        STORE_ID,
        SHOPIFY_ORDER_ID,
        Column("line_id", "VARCHAR", "Shopify's id of the line"),
        Column("sku", "VARCHAR", "the store's stock keeping unit; NULL where the product has none", nullable=True),
        Column("title", "VARCHAR", "product title", nullable=True),
        units("quantity", "as ordered"),
        units("current_quantity", "less what was refunded or removed"),
        Column("is_gift_card", "BOOLEAN", "a gift card, which is no product"),
        money("line_total", "after discounts, before tax and shipping"),
        CURRENCY.but(nullable=True),
        CREATED_AT,
        IS_COUNTED,
    ),
)

SHOPIFY_FEES = Table(
    "mart",
    "shopify_fees",
    "entry of a store's Shopify Payments balance",
    ("seller_id", "entry_id"),
    (
        STORE_ID,
        Column("entry_id", "VARCHAR", "Shopify's id of the balance transaction"),
        Column("entry_type", "VARCHAR", "Shopify's type, such as CHARGE or REFUND, unchanged"),
        Column("booked_at", "TIMESTAMPTZ", "transactionDate, UTC"),
        Column("is_test", "BOOLEAN", "a test transaction"),
        SHOPIFY_ORDER_ID.but(meaning="order it belongs to; NULL if to none", nullable=True),
        money("amount", "booked, negative for a refund", minimum=None),
        money("fee", "what Shopify kept", minimum=None),
        CURRENCY,
    ),
)

SHOPIFY_DAILY = Table(
    "mart",
    "shopify_daily",
    "day in the store's own time zone, store and currency",
    ("seller_id", "currency", "day"),
    (
        STORE_ID,
        STORE_NAME,
        CURRENCY,
        Column("day", "DATE", "day the orders were placed, in the store's time zone"),
        count("orders", "orders placed and not canceled, test orders left out"),
        count("units", "units ordered"),
        money("revenue", "what was paid less what was refunded since, tax and shipping included", minimum=None),
        money("net_revenue", "revenue less fees", minimum=None),
        CUSTOMERS,
        money("average_order_value", "revenue by orders", minimum=None),
        money("fees", "transaction fees of these orders", minimum=None),
        FEES_ARE_ESTIMATED,
        ESTIMATED_FEES,
    ),
)

PRODUCT_DEMAND = Table(
    "mart",
    "product_demand",
    "product and channel of a seller or store",
    ("product_sku", "channel", "seller_id"),
    (
        Column("product_sku", "VARCHAR", "the product: its SKU, or what sku_map.csv calls it"),
        Column("channel", "VARCHAR", "Amazon or Shopify", values=("Amazon", "Shopify")),
        STORE_ID.but(meaning="Amazon's merchant token of the seller; of a Shopify store its domain"),
        Column("store", "VARCHAR", "the store's name; ALL for Amazon: all its marketplaces together"),
        Column("skus", "VARCHAR", "the SKUs it is sold under there, separated by commas"),
        Column("known_until", "TIMESTAMPTZ", "the windows end here: up to when the channel's orders are known, UTC"),
        count("units_7d", "units ordered in the last 7 days"),
        count("units_30d", "units ordered in the last 30 days"),
        count("units_90d", "units ordered in the last 90 days"),
    ),
    note="Canceled and test orders are left out, and so are Amazon's Multi-Channel orders: what they ship was sold, "
    "and is counted, where the customer ordered. The sum over a product's rows is its demand.",
)

STAGED_SHOPIFY_ORDERS_LANDED: Final = (
    Column("batch_id", "VARCHAR", "landing batch the row came from"),
    Column("page", "INTEGER", "page of that batch", minimum=1),
)

STAGED_SHOPIFY_ORDERS = Table(
    "staging",
    "shopify_orders",
    "Shopify order and landed page, valid and not yet in mart.shopify_orders",
    ("seller_id", "order_id", "batch_id", "page"),
    (*SHOPIFY_ORDERS.columns, *STAGED_SHOPIFY_ORDERS_LANDED),
)

STAGED_SHOPIFY_ORDER_LINES = Table(
    "staging",
    "shopify_order_lines",
    "line of a Shopify order and landed page, valid and not yet in mart.shopify_order_lines",
    ("seller_id", "order_id", "line_id", "batch_id", "page"),
    (*SHOPIFY_ORDER_LINES.columns, *STAGED_SHOPIFY_ORDERS_LANDED),
)

STAGED_SHOPIFY_FEES = Table(
    "staging",
    "shopify_fees",
    "balance entry and landed page, valid and not yet in mart.shopify_fees",
    ("seller_id", "entry_id", "batch_id", "page"),
    (*SHOPIFY_FEES.columns, *STAGED_SHOPIFY_ORDERS_LANDED),
)

STAGED_SHOPIFY_SHOPS = Table(
    "staging",
    "shopify_shops",
    "Shopify store, as last answered",
    ("seller_id",),
    (
        STORE_ID,
        CURRENCY.but(meaning="ISO 4217 code of the shop's own currency"),
        Column("time_zone", "VARCHAR", "IANA time zone the store's days follow"),
        OBSERVED_AT.but(meaning="when Shopify said so, UTC"),
    ),
)

SHOPIFY_STORE_NAMES = Table(
    "staging",
    "shopify_store_names",
    "configured Shopify store",
    ("seller_id",),
    (STORE_ID, STORE_NAME),
)

SKU_MAP = Table(
    "staging",
    "sku_map",
    "line of sku_map.csv",
    ("seller_id", "seller_sku"),
    (
        STORE_ID.but(meaning="merchant token or store domain; NULL for all of them", nullable=True),
        Column("seller_sku", "VARCHAR", "SKU as the channel has it"),
        Column("product_sku", "VARCHAR", "the product it is"),
    ),
    note="Written by the user; SKUs that are not in it are products of their own name.",
)
