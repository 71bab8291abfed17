"""What of an answer may be kept.

An allow-list, not a deny-list: a key that is not named here is dropped before a page is written, so a field Amazon adds
tomorrow, or answers though we never asked for it, cannot bring a buyer's name, address, e-mail, telephone or gift
message onto our disk. Amazon's Data Protection Policy limits what may be kept and for how long:
https://developer-docs.amazon.com/sp-api/docs/data-protection-policy.
"""

from __future__ import annotations

import re
from typing import Any, Final

CODE: Final = "code"
"""A scalar of Amazon's own making: id, code, number, time."""
TEXT: Final = "text"
"""A scalar somebody typed: kept, with e-mail addresses blotted out."""

_MONEY = {"amount": CODE, "currencyCode": CODE}
_WINDOW = {"earliestDateTime": CODE, "latestDateTime": CODE}
_ORDER_ITEM = {
    "orderItemId": CODE,
    "quantityOrdered": CODE,
    "programs": [CODE],
    "associatedOrderItems": [{"orderId": CODE, "orderItemId": CODE, "associationType": CODE}],
    "product": {
        "asin": CODE,
        "title": TEXT,
        "sellerSku": CODE,
        "condition": {"conditionType": CODE, "conditionSubtype": CODE},
        "price": {"unitPrice": _MONEY, "priceDesignation": CODE},
    },
    "proceeds": {
        "proceedsTotal": _MONEY,
        "breakdowns": [
            {"type": CODE, "subtotal": _MONEY, "detailedBreakdowns": [{"subtype": CODE, "value": _MONEY}]},
        ],
    },
    "promotion": {"breakdowns": [{"promotionId": CODE}]},
    "cancellation": {"cancellationRequest": {"requester": CODE}, "cancellationExecution": {"cancelledBy": CODE}},
    "fulfillment": {"quantityFulfilled": CODE, "quantityUnfulfilled": CODE},
}
_ORDER = {
    "orderId": CODE,
    "createdTime": CODE,
    "lastUpdatedTime": CODE,
    "programs": [CODE],
    "associatedOrders": [{"orderId": CODE, "associationType": CODE}],
    "salesChannel": {"channelName": CODE, "marketplaceId": CODE, "marketplaceName": CODE},
    "proceeds": {
        "grandTotal": _MONEY,
        "breakdowns": [{"type": CODE, "status": CODE, "subtotal": _MONEY}],
    },
    "fulfillment": {
        "fulfillmentStatus": CODE,
        "fulfilledBy": CODE,
        "fulfillmentServiceLevel": CODE,
        "shipByWindow": _WINDOW,
        "deliverByWindow": _WINDOW,
    },
    "orderItems": [_ORDER_ITEM],
}
_INVENTORY_SUMMARY = {
    "asin": CODE,
    "fnSku": CODE,
    "sellerSku": CODE,
    "condition": CODE,
    "productName": TEXT,
    "lastUpdatedTime": CODE,
    "totalQuantity": CODE,
    "inventoryDetails": {
        "fulfillableQuantity": CODE,
        "inboundWorkingQuantity": CODE,
        "inboundShippedQuantity": CODE,
        "inboundReceivingQuantity": CODE,
        "reservedQuantity": {
            "totalReservedQuantity": CODE,
            "pendingCustomerOrderQuantity": CODE,
            "pendingTransshipmentQuantity": CODE,
            "fcProcessingQuantity": CODE,
        },
        "researchingQuantity": {
            "totalResearchingQuantity": CODE,
            "researchingQuantityBreakdown": [{"name": CODE, "quantity": CODE}],
        },
        "unfulfillableQuantity": {
            "totalUnfulfillableQuantity": CODE,
            "customerDamagedQuantity": CODE,
            "warehouseDamagedQuantity": CODE,
            "distributorDamagedQuantity": CODE,
            "carrierDamagedQuantity": CODE,
            "defectiveQuantity": CODE,
            "expiredQuantity": CODE,
        },
    },
}
_SHIPMENT = {
    "ShipmentId": CODE,
    "ShipmentName": TEXT,
    "DestinationFulfillmentCenterId": CODE,
    "ShipmentStatus": CODE,
    "LabelPrepType": CODE,
    "AreCasesRequired": CODE,
    "ConfirmedNeedByDate": CODE,
    "BoxContentsSource": CODE,
}
_SHIPMENT_ITEMS = {
    "payload": {
        "ItemData": [
            {
                "ShipmentId": CODE,
                "SellerSKU": CODE,
                "FulfillmentNetworkSKU": CODE,
                "QuantityShipped": CODE,
                "QuantityReceived": CODE,
                "QuantityInCase": CODE,
                "ReleaseDate": CODE,
            }
        ]
    }
}

ORDER_REPORT_LINE: Final = {
    "amazon-order-id": CODE,
    "purchase-date": CODE,
    "last-updated-date": CODE,
    "order-status": CODE,
    "fulfillment-channel": CODE,
    "sales-channel": CODE,
    "product-name": TEXT,
    "sku": CODE,
    "asin": CODE,
    "item-status": CODE,
    "quantity": CODE,
    "currency": CODE,
    "item-price": CODE,
    "item-tax": CODE,
    "shipping-price": CODE,
    "shipping-tax": CODE,
    "gift-wrap-price": CODE,
    "gift-wrap-tax": CODE,
    "item-promotion-discount": CODE,
    "ship-promotion-discount": CODE,
    "is-business-order": CODE,
    "is-replacement-order": CODE,
    "misaligned": CODE,
}
"""The columns kept of a report of orders, none of them about where it is sent; ``misaligned`` is a note of our own."""

STOCK_REPORT_LINE: Final = {
    "sku": CODE,
    "fnsku": CODE,
    "asin": CODE,
    "product-name": TEXT,
    "condition": CODE,
    "afn-fulfillable-quantity": CODE,
    "afn-unsellable-quantity": CODE,
    "afn-reserved-quantity": CODE,
    "afn-researching-quantity": CODE,
    "afn-inbound-working-quantity": CODE,
    "afn-inbound-shipped-quantity": CODE,
    "afn-inbound-receiving-quantity": CODE,
    "afn-total-quantity": CODE,
    "misaligned": CODE,
}
"""The columns kept of Amazon's stock report; ``misaligned`` is a note of our own."""

_SHOP_MONEY = {"shopMoney": _MONEY}
_SHOPIFY_ORDERS = {
    "orders": [
        {
            "id": CODE,
            "name": CODE,
            "createdAt": CODE,
            "processedAt": CODE,
            "updatedAt": CODE,
            "cancelledAt": CODE,
            "test": CODE,
            "currencyCode": CODE,
            "displayFinancialStatus": CODE,
            "paymentGatewayNames": [CODE],
            "sourceName": TEXT,
            "customer": {"hash": CODE},  # never the id: shopify/customers.py
            "totalPriceSet": _SHOP_MONEY,
            "currentTotalPriceSet": _SHOP_MONEY,
            "totalReceivedSet": _SHOP_MONEY,
            "totalRefundedSet": _SHOP_MONEY,
            "refunds": [{"id": CODE, "createdAt": CODE, "totalRefundedSet": _SHOP_MONEY}],
            "lineItems": [
                {
                    "id": CODE,
                    "sku": CODE,
                    "title": TEXT,
                    "quantity": CODE,
                    "currentQuantity": CODE,
                    "isGiftCard": CODE,
                    "discountedTotalSet": _SHOP_MONEY,
                }
            ],
        }
    ]
}

KEPT: Final[dict[str, dict[str, Any]]] = {
    "searchOrders": {"orders": [_ORDER], "lastUpdatedBefore": CODE, "createdBefore": CODE},
    "getOrder": {"order": _ORDER},
    "getInventorySummaries": {
        "payload": {
            "granularity": {"granularityType": CODE, "granularityId": CODE},
            "inventorySummaries": [_INVENTORY_SUMMARY],
        }
    },
    "getShipments": {"payload": {"ShipmentData": [_SHIPMENT]}},
    "getShipmentItemsByShipmentId": _SHIPMENT_ITEMS,
    "getShipmentItems": _SHIPMENT_ITEMS,
    "getReportDocument": {"lines": [ORDER_REPORT_LINE], "stock_lines": [STOCK_REPORT_LINE]},
    "getOrderMetrics": {
        "payload": [
            {
                "interval": CODE,
                "unitCount": CODE,
                "orderItemCount": CODE,
                "orderCount": CODE,
                "averageUnitPrice": _MONEY,
                "totalSales": _MONEY,
            }
        ]
    },
    "ShopifyOrders": _SHOPIFY_ORDERS,
    "ShopifyOrdersHistory": _SHOPIFY_ORDERS,
    "ShopifyBalanceTransactions": {
        "balanceTransactions": [
            {
                "id": CODE,
                "type": CODE,
                "test": CODE,
                "transactionDate": CODE,
                "sourceType": CODE,
                "amount": _MONEY,
                "fee": _MONEY,
                "net": _MONEY,
                "associatedOrder": {"id": CODE},
            }
        ]
    },
    "ShopifyShop": {
        "shop": {
            "id": CODE,
            "name": TEXT,
            "myshopifyDomain": CODE,
            "currencyCode": CODE,
            "ianaTimezone": CODE,
            "plan": {"publicDisplayName": CODE, "partnerDevelopment": CODE, "shopifyPlus": CODE},
        },
        "accessScopes": [CODE],
        "apiVersion": CODE,
    },
    "getMarketplaceParticipations": {
        "payload": [
            {
                "marketplace": {
                    "id": CODE,
                    "name": CODE,
                    "countryCode": CODE,
                    "defaultCurrencyCode": CODE,
                    "defaultLanguageCode": CODE,
                    "domainName": CODE,
                },
                "participation": {"isParticipating": CODE, "hasSuspendedListings": CODE},
            }
        ]
    },
}
"""What is kept of each operation's answer. The page token is kept beside the body, not in it."""

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def without_personal_data(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """The part of an answer that may be written: the allowed keys, in their documented shapes.

    Raises KeyError for an operation nobody has said what to keep of. A value of another shape than documented becomes
    None, so that staging quarantines the row instead of guessing.
    """
    kept = _keep(KEPT[operation], body)
    return kept if isinstance(kept, dict) else {}


def _keep(shape: Any, value: Any) -> Any:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return None
        return {key: _keep(inner, value[key]) for key, inner in shape.items() if key in value}
    if isinstance(shape, list):
        return [_keep(shape[0], entry) for entry in value] if isinstance(value, list) else None
    if isinstance(value, dict | list):
        return None
    return _EMAIL.sub("[e-mail removed]", value) if shape == TEXT and isinstance(value, str) else value
