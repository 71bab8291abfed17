"""The client of Shopify's Admin GraphQL API. Knows Shopify; knows nothing of Dagster, DuckDB, landing or Amazon.

What lands, under ``seller_id`` = the store's ``*.myshopify.com`` domain (``extraction/shopify_*.py`` write it; every
key below is in ``landing/personal_data.py``, and no other is kept). Amounts are text, as Shopify answers them, in the
shop's currency; times are text in ISO 8601, UTC.

Streams ``shopify_orders`` (operation ``ShopifyOrders``, a page of the increment) and ``shopify_history`` (operation
``ShopifyOrdersHistory``, a page cut from a bulk operation's file) have one and the same body::

    {"orders": [{
        "id": "gid://shopify/Order/450789469", "name": "#1001",
        "createdAt": "2026-11-22T10:00:00Z", "processedAt": "2026-11-22T10:00:00Z", "updatedAt": "2026-11-22T11:00:00Z",
        "cancelledAt": null, "test": false, "currencyCode": "GBP",
        "displayFinancialStatus": "PARTIALLY_REFUNDED",            # or null
        "paymentGatewayNames": ["shopify_payments"], "sourceName": "web",
        "customer": {"hash": "9f86d081884c7d65…"},                 # 64 hex digits; null: a guest; see below
        "totalPriceSet":        {"shopMoney": {"amount": "59.90", "currencyCode": "GBP"}},  # before returns
        "currentTotalPriceSet": {"shopMoney": {"amount": "39.95", "currencyCode": "GBP"}},  # after returns and edits
        "totalReceivedSet":     {"shopMoney": {"amount": "59.90", "currencyCode": "GBP"}},  # paid, before refunds
        "totalRefundedSet":     {"shopMoney": {"amount": "19.95", "currencyCode": "GBP"}},
        "refunds": [{"id": "gid://shopify/Refund/509562969", "createdAt": "2026-11-22T11:00:00Z",
                     "totalRefundedSet": {"shopMoney": {"amount": "19.95", "currencyCode": "GBP"}}}],
        "lineItems": [{                                            # always all of them
            "id": "gid://shopify/LineItem/466157049", "sku": "MUG-01",   # or null
            "title": "Mug", "quantity": 3, "currentQuantity": 2,   # as ordered; less what was refunded or removed
            "isGiftCard": false, "discountedTotalSet": {"shopMoney": {"amount": "59.90", "currencyCode": "GBP"}}}]}]}

Their ``params`` hold ``customers``: ``asked``, or ``denied`` where the token may not read customers. Then no order has
the key ``customer``, and how many customers there were is unknown (not zero).

Stream ``shopify_fees``, operation ``ShopifyBalanceTransactions``: what Shopify Payments booked. ``fee`` is positive for
what the store pays; ``net`` = ``amount`` - ``fee``; a refund's ``amount`` is negative::

    {"balanceTransactions": [{
        "id": "gid://shopify/ShopifyPaymentsBalanceTransaction/1", "type": "CHARGE", "test": false,
        "transactionDate": "2026-11-22T10:00:05Z", "sourceType": "CHARGE",
        "amount": {"amount": "59.90", "currencyCode": "GBP"}, "fee": {"amount": "1.94", "currencyCode": "GBP"},
        "net": {"amount": "57.96", "currencyCode": "GBP"},
        "associatedOrder": {"id": "gid://shopify/Order/450789469"}}]}   # or null

A store without Shopify Payments, or a token that may not read it, lands nothing: the stream is ``not-available``.

Stream ``shopify_shop``, operation ``ShopifyShop``, one page a day::

    {"shop": {"id": "gid://shopify/Shop/1", "name": "Mugs", "myshopifyDomain": "x.myshopify.com",
              "currencyCode": "GBP", "ianaTimezone": "Europe/London",
              "plan": {"publicDisplayName": "Basic", "partnerDevelopment": false, "shopifyPlus": false}},
     "accessScopes": ["read_customers", "read_orders"], "apiVersion": "2026-10"}   # the version that answered

An order may come several times: the newest ``updatedAt`` counts, and among equals the page received last.
"""
