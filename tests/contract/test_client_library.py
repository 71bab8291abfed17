"""What the client takes for granted about python-amazon-sp-api, whose private parts it sets."""

from __future__ import annotations

import inspect
import json
from importlib.metadata import version

import httpx
import pytest
from sp_api import api
from sp_api.auth import AccessTokenClient, Credentials
from sp_api.base import Client, Marketplaces
from sp_api.base._transport_httpx import HttpxTransport

from amazon_pipeline.marketplaces import ENDPOINTS, MARKETPLACES
from amazon_pipeline.selling_partner.library import _CLIENTS, build_call
from amazon_pipeline.selling_partner.operations import OPERATIONS

CREDENTIALS = {"refresh_token": "Atzr|x", "lwa_app_id": "app", "lwa_client_secret": "secret"}
EXAMPLES = {
    "orderId": "902-1",
    "shipmentId": "FBA1",
    "interval": "a--b",
    "granularity": "Day",
    "MarketplaceId": "M",
    "granularityType": "Marketplace",
}
EXAMPLES |= {"granularityId": "M", "reportId": "50001", "reportDocumentId": "amzn1.spdoc.1.x"}
IN_PATHS = ("orderId", "shipmentId", "reportId", "reportDocumentId")


def test_the_library_is_the_version_whose_traps_are_known():
    assert version("python-amazon-sp-api") == "2.1.35"


def test_the_client_sets_every_attribute_that_the_librarys_constructor_sets():
    theirs = Client(credentials=CREDENTIALS, marketplace=Marketplaces.US)
    ours = built(OPERATIONS["searchOrders"], httpx.Client(transport=httpx.MockTransport(lambda _: None)))
    assert set(vars(theirs)) - set(vars(ours)) == set()
    theirs.close()


def test_the_token_client_needs_nothing_more_than_what_is_set():
    theirs = AccessTokenClient(credentials=Client(credentials=CREDENTIALS).credentials)
    assert set(vars(theirs)) == {"cred", "proxies", "verify", "_transport"}
    assert list(inspect.signature(Credentials).parameters) == ["refresh_token", "credentials"]
    assert list(inspect.signature(AccessTokenClient._request).parameters) == ["self", "url", "data", "headers"]
    assert "client" in inspect.signature(HttpxTransport).parameters


def test_the_library_knows_our_marketplaces_by_the_same_ids_and_endpoints():
    theirs = {each.marketplace_id: (each.region, each.endpoint) for each in Marketplaces}
    assert theirs == {each.marketplace_id: (each.region, ENDPOINTS[each.region]) for each in MARKETPLACES.values()}


class AnyLogin:
    def get_auth(self):
        return type("Token", (), {"access_token": "a"})


def built(operation, http):
    call = build_call(operation, endpoint="https://example.test", region="eu-west-1", login=AnyLogin(), http=http)
    return inspect.getclosurevars(call).nonlocals["method"].__self__


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.name)
def test_the_library_asks_for_amazons_path_with_our_parameters_and_no_other(operation):
    seen = []

    def answer(request):
        seen.append(request)
        return httpx.Response(200, json={})

    params = EXAMPLES | {"marketplaceIds": "M,N"}
    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        call = build_call(operation, endpoint="https://example.test", region="eu-west-1", login=AnyLogin(), http=http)
        named = {name: value for name, value in params.items() if name not in IN_PATHS}
        in_path = [name for name in IN_PATHS if f"{{{name}}}" in operation.path]
        call(named | {name: params[name] for name in in_path})
    (request,) = seen
    assert request.method == operation.method
    assert request.url.path == operation.path.format(**EXAMPLES)
    if operation.name in ("getMarketplaceParticipations", "getReport", "getReportDocument"):
        assert dict(request.url.params) == {}, "it takes no parameter, and none is passed"
    elif operation.method == "POST":
        assert dict(request.url.params) == {}
        assert json.loads(request.content) == named | {"marketplaceIds": ["M", "N"]}
    else:
        assert dict(request.url.params) == named
    assert request.headers["x-amz-access-token"] == "a"


def test_every_operation_has_a_method_of_the_library():
    assert set(_CLIENTS) == set(OPERATIONS)
    assert all(callable(getattr(getattr(api, name), method)) for name, method in _CLIENTS.values())
