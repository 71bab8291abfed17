"""The operations of Amazon's Selling Partner API that this product calls, as Amazon's models describe them.

Rates and bursts are the default usage plan (requests per second, bucket size):
https://github.com/amzn/selling-partner-api-models. ``tests/contract/test_client_models.py`` compares this table with
those models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Operation:
    """One operation.

    ``rows`` is the path of the documented success member in the answer, ``rows_are_many`` whether that member is a
    list (else one object); ``row_key`` the fields that identify a row; ``token_path`` where an answer carries the
    token of the next page, ``token_parameter`` the query parameter that takes it (None: the operation has none);
    ``role`` the developer role an application needs, None where any one will do; ``success`` the status of the
    documented success.
    """

    name: str
    method: str
    path: str
    version: str
    rate: float
    burst: int
    rows: tuple[str, ...]
    rows_are_many: bool = True
    row_key: tuple[str, ...] = ()
    token_path: tuple[str, ...] = ()
    token_parameter: str | None = None
    role: str | None = None
    success: int = 200


_ORDERS_ROLE: Final = "Inventory and Order Tracking"
_FULFILLMENT_ROLE: Final = "Amazon Fulfillment"

OPERATIONS: Final[dict[str, Operation]] = {
    operation.name: operation
    for operation in (
        Operation(
            "searchOrders",
            "GET",
            "/orders/2026-01-01/orders",
            "2026-01-01",
            0.0056,
            20,
            rows=("orders",),
            row_key=("orderId",),
            token_path=("pagination", "nextToken"),
            token_parameter="paginationToken",  # noqa: S106  # the name of a parameter, not a secret
            role=_ORDERS_ROLE,
        ),
        Operation(
            "getOrder",
            "GET",
            "/orders/2026-01-01/orders/{orderId}",
            "2026-01-01",
            0.5,
            30,
            rows=("order",),
            rows_are_many=False,
            row_key=("orderId",),
            role=_ORDERS_ROLE,
        ),
        Operation(
            "getInventorySummaries",
            "GET",
            "/fba/inventory/v1/summaries",
            "v1",
            2,
            2,
            rows=("payload", "inventorySummaries"),
            row_key=("sellerSku", "fnSku", "asin", "condition"),
            # beside the payload, not in it
            token_path=("pagination", "nextToken"),
            token_parameter="nextToken",  # noqa: S106  # as above
            role=_FULFILLMENT_ROLE,
        ),
        Operation(
            "getShipments",
            "GET",
            "/fba/inbound/v0/shipments",
            "v0",
            2,
            30,
            rows=("payload", "ShipmentData"),
            row_key=("ShipmentId",),
            token_path=("payload", "NextToken"),
            token_parameter="NextToken",  # noqa: S106  # as above
            role=_FULFILLMENT_ROLE,
        ),
        Operation(
            "getShipmentItemsByShipmentId",
            "GET",
            "/fba/inbound/v0/shipments/{shipmentId}/items",
            "v0",
            2,
            30,
            rows=("payload", "ItemData"),
            row_key=("ShipmentId", "SellerSKU", "FulfillmentNetworkSKU"),
            # it answers with a token and has no parameter to take it: getShipmentItems does
            token_path=("payload", "NextToken"),
            role=_FULFILLMENT_ROLE,
        ),
        Operation(
            "getShipmentItems",
            "GET",
            "/fba/inbound/v0/shipmentItems",
            "v0",
            2,
            30,
            rows=("payload", "ItemData"),
            row_key=("ShipmentId", "SellerSKU", "FulfillmentNetworkSKU"),
            token_path=("payload", "NextToken"),
            token_parameter="NextToken",  # noqa: S106  # as above
            role=_FULFILLMENT_ROLE,
        ),
        Operation(
            "getMarketplaceParticipations",
            "GET",
            "/sellers/v1/marketplaceParticipations",
            "v1",
            0.016,
            15,
            rows=("payload",),
        ),
        Operation("getOrderMetrics", "GET", "/sales/v1/orderMetrics", "v1", 0.5, 15, rows=("payload",)),
        Operation(
            "createReport",
            "POST",
            "/reports/2021-06-30/reports",
            "2021-06-30",
            0.0167,
            15,
            rows=(),  # the answer itself is the object
            rows_are_many=False,
            row_key=("reportId",),
            role=_ORDERS_ROLE,
            success=202,
        ),
        Operation(
            "getReports",
            "GET",
            "/reports/2021-06-30/reports",
            "2021-06-30",
            0.0222,
            10,
            rows=("reports",),
            row_key=("reportId",),
            token_path=("nextToken",),
            token_parameter="nextToken",  # noqa: S106  # as above
            role=_ORDERS_ROLE,
        ),
        Operation(
            "getReport",
            "GET",
            "/reports/2021-06-30/reports/{reportId}",
            "2021-06-30",
            2,
            15,
            rows=(),
            rows_are_many=False,
            row_key=("reportId", "processingStatus"),
            role=_ORDERS_ROLE,
        ),
        Operation(
            "getReportDocument",
            "GET",
            "/reports/2021-06-30/documents/{reportDocumentId}",
            "2021-06-30",
            0.0167,
            15,
            rows=(),
            rows_are_many=False,
            row_key=("reportDocumentId", "url"),
            role=_ORDERS_ROLE,
        ),
    )
}

SEARCH_ORDERS: Final = OPERATIONS["searchOrders"]
GET_ORDER: Final = OPERATIONS["getOrder"]
GET_INVENTORY_SUMMARIES: Final = OPERATIONS["getInventorySummaries"]
GET_SHIPMENTS: Final = OPERATIONS["getShipments"]
GET_SHIPMENT_ITEMS_BY_SHIPMENT_ID: Final = OPERATIONS["getShipmentItemsByShipmentId"]
GET_SHIPMENT_ITEMS: Final = OPERATIONS["getShipmentItems"]
GET_MARKETPLACE_PARTICIPATIONS: Final = OPERATIONS["getMarketplaceParticipations"]
GET_ORDER_METRICS: Final = OPERATIONS["getOrderMetrics"]
CREATE_REPORT: Final = OPERATIONS["createReport"]
GET_REPORTS: Final = OPERATIONS["getReports"]
GET_REPORT: Final = OPERATIONS["getReport"]
GET_REPORT_DOCUMENT: Final = OPERATIONS["getReportDocument"]
