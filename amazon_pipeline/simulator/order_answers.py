"""An order as the Orders API shows it: the basics, and the data sets that were asked for, nothing more.

Shape and data sets: model orders_2026-01-01, ``Order`` and the parameter ``includedData``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from amazon_pipeline.simulator.clock import DAY, iso
from amazon_pipeline.simulator.orders import ZERO, Line, OrderState, pretend_buyer
from amazon_pipeline.simulator.world import World

Json = dict[str, Any]

DATA_SETS = (
    "BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX",
    "PAYMENT", "FULFILLMENT_ORDERS",
)  # fmt: skip


def order_answer(world: World, state: OrderState, included: set[str]) -> Json:
    """The order with its items; of the data sets only those in ``included``."""
    order = state.order
    body: Json = {
        "orderId": order.order_id,
        "createdTime": iso(order.plan.created),
        "lastUpdatedTime": iso(state.changed),
        "programs": list(order.programs),
        "salesChannel": _channel(state),
        "orderItems": [_item(state, number, line, included) for number, line in enumerate(order.lines)],
    }
    if order.seller_order_id:
        body["orderAliases"] = [{"aliasId": order.seller_order_id, "aliasType": "SELLER_ORDER_ID"}]
    if order.replacement:
        original = world.replaced_order_id(order)
        if original:
            body["associatedOrders"] = [{"orderId": original, "associationType": "REPLACEMENT_ORIGINAL_ID"}]
    if "FULFILLMENT" in included:
        body["fulfillment"] = _fulfillment(state)
    if "PROCEEDS" in included and state.has_proceeds:
        body["proceeds"] = _proceeds(state)
    if "PACKAGES" in included and not order.plan.by_amazon and state.quantity_shipped:
        body["packages"] = [_package(state)]
    body.update(_personal(state, included))
    return body


def _channel(state: OrderState) -> Json:
    if state.order.multi_channel:
        return {"channelName": "NON_AMAZON"}
    store = state.order.store
    return {"channelName": "AMAZON", "marketplaceId": store.marketplace_id, "marketplaceName": store.name}


def _money(amount: Decimal, state: OrderState) -> Json:
    return {"amount": str(amount), "currencyCode": state.currency}


def _fulfillment(state: OrderState) -> Json:
    created = state.plan.created
    return {
        "fulfillmentStatus": state.status,
        "fulfilledBy": state.fulfilled_by,
        "fulfillmentServiceLevel": state.order.service_level,
        "shipByWindow": {"earliestDateTime": iso(created), "latestDateTime": iso(created + 2 * DAY)},
        "deliverByWindow": {"earliestDateTime": iso(created + 2 * DAY), "latestDateTime": iso(created + 6 * DAY)},
    }


def _proceeds(state: OrderState) -> Json:
    totals: dict[str, Decimal] = {}
    for line in state.order.lines:
        for kind, amount in _parts(line):
            totals[kind] = totals.get(kind, ZERO) + amount
    return {
        "grandTotal": _money(state.grand_total or ZERO, state),
        "breakdowns": [{"type": kind, "subtotal": _money(amount, state)} for kind, amount in totals.items()],
    }


def _parts(line: Line) -> list[tuple[str, Decimal]]:
    """The line's breakdowns: ITEM always, the others where there is something."""
    parts = [("ITEM", line.item), ("SHIPPING", line.shipping), ("GIFT_WRAP", line.gift_wrap), ("TAX", line.tax)]
    parts.append(("DISCOUNT", line.discount))
    return [(kind, amount) for kind, amount in parts if amount or kind == "ITEM"]


def _item(state: OrderState, number: int, line: Line, included: set[str]) -> Json:
    product: Json = {
        "asin": line.pool.asin,
        "title": line.pool.title,
        "sellerSku": line.pool.seller_sku,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    body: Json = {"orderItemId": line.order_item_id, "quantityOrdered": line.quantity, "product": product}
    cancelled = state.status == "CANCELLED"
    if "PROCEEDS" in included and state.has_proceeds:
        product["price"] = {"unitPrice": _money(line.unit_price, state)}
        if state.order.business:
            product["price"]["priceDesignation"] = "BUSINESS_PRICE"
        body["proceeds"] = _item_proceeds(state, line)
    if "PROMOTION" in included and line.discount:
        body["promotion"] = {"breakdowns": [{"promotionId": "Northmill 10% Coupon (simulated)"}]}
    if "CANCELLATION" in included and cancelled:
        body["cancellation"] = {"cancellationExecution": {"cancelledBy": "BUYER", "cancelReason": "Changed mind"}}
    if "FULFILLMENT" in included:
        shipped = state.shipped(number)
        left = 0 if cancelled else line.quantity - shipped
        body["fulfillment"] = {"quantityFulfilled": shipped, "quantityUnfulfilled": left}
    if "TAX" in included and line.tax:
        body["tax"] = {"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services"}]}
    return body


def _item_proceeds(state: OrderState, line: Line) -> Json:
    breakdowns = []
    for kind, amount in _parts(line):
        part: Json = {"type": kind, "subtotal": _money(amount, state)}
        if kind in ("TAX", "DISCOUNT"):
            part["detailedBreakdowns"] = [{"subtype": "ITEM", "value": _money(amount, state)}]
        breakdowns.append(part)
    return {"proceedsTotal": _money(line.total, state), "breakdowns": breakdowns}


def _package(state: OrderState) -> Json:
    plan = state.plan
    delivered = plan.changes[-1][0] <= state.instant
    shipped_at = plan.shipped[0]
    return {
        "packageReferenceId": "1",
        "createdTime": iso(shipped_at),
        "packageStatus": {"status": "DELIVERED" if delivered else "SHIPPED"},
        "carrier": "UPS",
        "shipTime": iso(shipped_at),
        "shippingService": "UPS Ground",
        "trackingNumber": f"1ZSIMULATED{plan.day}{plan.sequence:05d}",
        "packageItems": [
            {"orderItemId": line.order_item_id, "quantity": state.shipped(number)}
            for number, line in enumerate(state.order.lines)
            if state.shipped(number)
        ],
    }


def _personal(state: OrderState, included: set[str]) -> Json:
    """Buyer, recipient, payment and tax registration: make-believe people, and only for those who ask."""
    order = state.order
    name = pretend_buyer(order)
    body: Json = {}
    if "BUYER" in included:
        body["buyer"] = {"buyerName": name}
        if not order.plan.by_amazon:
            body["buyer"]["buyerEmail"] = f"{order.order_id}@marketplace.amazon.example"
        if order.business:
            body["buyer"] |= {"buyerCompanyName": "Simulated Company LLC", "buyerPurchaseOrderNumber": "PO-SIMULATED"}
    if "RECIPIENT" in included:
        address = {
            "name": name,
            "addressLine1": "1 Simulated Street",
            "city": "Nowhere",
            "stateOrRegion": "ZZ",
            "postalCode": "00000",
            "countryCode": order.store.country_code,
            "phone": "+1 555-0100",
            "addressType": "RESIDENTIAL",
        }
        body["recipient"] = {"deliveryAddress": address}
    if "PAYMENT" in included and state.grand_total is not None:
        amount = _money(state.grand_total, state)
        body["payment"] = {"paymentExecutions": [{"paymentMethod": "CreditCard", "paymentAmount": amount}]}
    if "TAX" in included and order.business:
        body["tax"] = {"taxRegistrations": [{"entityType": "BUYER", "legalName": "Simulated Company LLC"}]}
    return body
