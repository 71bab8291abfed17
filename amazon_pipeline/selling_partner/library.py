"""The only module that touches python-amazon-sp-api (pinned): it builds the library's clients on our transport.

The library's constructors are not run. They read ``SP_API_DEFAULT_MARKETPLACE`` (which overrides the marketplace that
is passed), search the environment and configuration files for credentials, and open connections with a 5 s timeout.
Their result is a handful of attributes, set here; ``tests/contract/test_client_library.py`` holds the set to theirs.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from amazon_pipeline.marketplaces import MARKETPLACES, Region
from amazon_pipeline.selling_partner.login import Login
from amazon_pipeline.selling_partner.operations import Operation
from amazon_pipeline.selling_partner.transport import StrictTransport
from amazon_pipeline.settings import Credentials

USER_AGENT: Final = "amazon-pipeline (Language=Python)"

_EVERYTHING: Final = "sp_api.api"  # imports the rest, which otherwise comes piecemeal, at first use
_READ_AT_IMPORT: Final = ("SP_API_DEFAULT_MARKETPLACE", "AWS_ENV", "SP_API_AUTH_CACHE_SIZE", "SP_API_AUTH_CACHE_TTL")
_CLIENTS: Final = {  # operation -> class and method of the library
    "searchOrders": ("OrdersV20260101", "search_orders"),
    "getOrder": ("OrdersV20260101", "get_order"),
    "getInventorySummaries": ("Inventories", "get_inventory_summary_marketplace"),
    "getShipments": ("FulfillmentInboundV0", "get_shipments"),
    "getShipmentItemsByShipmentId": ("FulfillmentInboundV0", "shipment_items_by_shipment"),
    "getShipmentItems": ("FulfillmentInboundV0", "shipment_items"),
    "getMarketplaceParticipations": ("Sellers", "get_marketplace_participation"),
    "getOrderMetrics": ("Sales", "get_order_metrics"),
    "createReport": ("Reports", "create_report"),
    "getReports": ("Reports", "get_reports"),
    "getReport": ("Reports", "get_report"),
    "getReportDocument": ("Reports", "get_report_document"),
}
_PATH_PARAMETERS: Final = {
    "getOrder": "orderId",
    "getShipmentItemsByShipmentId": "shipmentId",
    "getReport": "reportId",
    "getReportDocument": "reportDocumentId",
}
_WITHOUT_MARKETPLACE: Final = ("getReport", "getReports")
"""The library's methods add four marketplace parameters that do not exist: asked without them."""


def build_call(
    operation: Operation, *, endpoint: str, region: Region, login: Login, http: httpx.Client
) -> Callable[[dict[str, str]], object]:
    """A function that performs ``operation`` through the library with Amazon's own parameter names, path ones included.

    ``endpoint`` is the SP-API's base URL. What the function returns means nothing: the transport keeps the answer.
    """
    class_name, method_name = _CLIENTS[operation.name]
    library = _module("sp_api.api")
    client_class = getattr(library, class_name)
    client: Any = client_class.__new__(client_class)
    client.credentials = None  # only the token request needs them
    client.endpoint = endpoint
    client.marketplace_id = next(row.marketplace_id for row in MARKETPLACES.values() if row.region == region)
    client.region = region
    client.restricted_data_token = None
    client._auth = login  # noqa: SLF001  # the library has no public way to bring one's own, hence the pinned version
    client.proxies = None
    client.timeout = None
    client.version = operation.version
    client.verify = True
    client._transport = _transport(http)  # noqa: SLF001  # as above
    client.user_agent = USER_AGENT
    method = getattr(client, method_name)

    def call(params: dict[str, str]) -> object:
        named: dict[str, Any] = dict(params)
        path_parameter = _PATH_PARAMETERS.get(operation.name)
        arguments: tuple[str, ...] = (named.pop(path_parameter),) if path_parameter else ()
        if operation.name in _WITHOUT_MARKETPLACE:
            path = operation.path.format(reportId=quote(arguments[0], safe="")) if arguments else operation.path
            asked = {"method": "GET"} if arguments else {"method": "GET", **named}
            return client._request(path, params=asked, add_marketplace=False)  # noqa: SLF001  # as above
        if operation.name == "createReport":  # its parameters are a JSON body, in which this one is a list
            named["marketplaceIds"] = named["marketplaceIds"].split(",")
        if operation.name == "getOrderMetrics":  # the library joins and renders these two itself
            named["interval"] = tuple(named["interval"].split("--"))
            named["granularity"] = _module("sp_api.base").Granularity(named["granularity"])
        answer: object = method(*arguments, **named)
        return answer

    return call


def build_login(
    credentials: Credentials, *, lwa_endpoint: str, transport: StrictTransport, http: httpx.Client, clock: Any
) -> Login:
    """The session's Login, whose request the library's token client makes at ``lwa_endpoint``, a full URL."""
    library = _module("sp_api.auth")
    client: Any = library.AccessTokenClient.__new__(library.AccessTokenClient)
    url = urlsplit(lwa_endpoint)
    client.scheme, client.host = f"{url.scheme}://", url.netloc
    client.path = url.path + (f"?{url.query}" if url.query else "")
    client.user_agent = USER_AGENT
    client._transport = _transport(http)  # noqa: SLF001  # as above

    def request() -> object:
        # taken out of SecretStr only for the moment of the request
        client.cred = library.Credentials(None, _Unwrapped(credentials))
        try:
            result: object = client._request(client.scheme + client.host + client.path, client.data, client.headers)  # noqa: SLF001
        finally:
            client.cred = None
        return result

    return Login(request, transport, clock)


class _Unwrapped:
    """The credentials under the names that the library reads."""

    def __init__(self, credentials: Credentials) -> None:
        self.lwa_app_id = credentials.lwa_app_id.get_secret_value()
        self.lwa_client_secret = credentials.lwa_client_secret.get_secret_value()
        self.refresh_token = credentials.refresh_token.get_secret_value()


def _transport(http: httpx.Client) -> Any:
    return _module("sp_api.base._transport_httpx").HttpxTransport(client=http)


def _module(name: str) -> Any:
    """A module of the library, imported on first use (it costs 0.7 s) and deaf to the environment.

    At import it reads variables that make it fail or change its endpoints; they are hidden for that moment.
    """
    if _EVERYTHING in sys.modules:  # and still through import_module: another thread may be half-way through the import
        return importlib.import_module(name)
    hidden = {variable: os.environ.pop(variable) for variable in _READ_AT_IMPORT if variable in os.environ}
    try:
        importlib.import_module(_EVERYTHING)
        return importlib.import_module(name)
    finally:
        os.environ.update(hidden)
