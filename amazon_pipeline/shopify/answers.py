"""Strict reading of what Shopify answered: the whole data that was asked for, or one typed error of ``errors.py``.

GraphQL says "200" to nearly everything: refusals stand as ``errors`` beside ``data``, and fields that could not be read
are null in the midst of good ones. Nothing here takes a part for the whole. No message carries a token.
Statuses: https://shopify.dev/docs/api/usage/response-codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn, TypeVar

from amazon_pipeline.errors import (
    QueryTooCostly,
    ShopifyError,
    ShopifyMalformed,
    ShopifyRejected,
    ShopifyServiceFailure,
    ShopifyThrottled,
    StoreAccessDenied,
    StoreClosed,
    StoreTokenRefused,
    StoreUnknown,
)
from amazon_pipeline.shopify.cost import ThrottleStatus, read_cost
from amazon_pipeline.shopify.documents import Operation

_Kind = TypeVar("_Kind", bound=ShopifyError)

_SECRETS: Final = re.compile(r"shp[a-z]{2,3}_\S+")
_OPAQUE: Final = re.compile(r"(?=[A-Za-z+/=_|%~-]*[0-9])[A-Za-z0-9+/=_|%~-]{32,}")  # a name of Shopify's has no digit
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_CODE: Final = re.compile(r"[A-Z_]{1,40}")


@dataclass(frozen=True)
class Received:
    """One HTTP answer, read to its end. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def request_id(self) -> str | None:
        """Shopify's id of the call, which its support asks for."""
        return self.headers.get("x-request-id")

    @property
    def version(self) -> str | None:
        """The API version that answered; another than was asked for once that one is no longer supported."""
        return self.headers.get("x-shopify-api-version")

    @property
    def answered_at(self) -> datetime | None:
        """The ``Date`` header: Shopify's clock when it answered, to the second."""
        try:
            moment = parsedate_to_datetime(self.headers["date"])
        except (KeyError, TypeError, ValueError):
            return None
        return moment if moment.tzinfo else None

    @property
    def retry_after(self) -> float | None:
        """``Retry-After`` in seconds; None when absent or unreadable."""
        try:
            wished = float(self.headers["retry-after"])
        except (KeyError, ValueError):
            return None
        return wished if 0 <= wished < float("inf") else None


@dataclass(frozen=True)
class Answer:
    """What one call brought: the whole ``data`` (fractions as Decimal) and what Shopify said of the bucket."""

    data: dict[str, Any]
    cost: ThrottleStatus | None


class Reader:
    """Reads the answers to one operation of one store."""

    def __init__(self, store: str, operation: Operation) -> None:
        self._store = store
        self._operation = operation

    def read(self, received: Received) -> Answer:
        """The answer. Raises a ShopifyError."""
        if received.status != 200:
            self._raise_status(received)
        body = parsed(received.content)
        if not isinstance(body, dict):
            self._fail(ShopifyMalformed, "Shopify sent something that is not a JSON object", received)
        if body.get("errors"):
            self._raise_errors(body["errors"], body.get("data"), received)
        data = body.get("data")
        if not isinstance(data, dict) or not data:
            self._fail(ShopifyMalformed, "Shopify sent an answer without data", received)
        return Answer(data, read_cost(body.get("extensions")))

    def _raise_status(self, received: Received) -> NoReturn:
        status = received.status
        said = _objection(received)
        if status == 429:
            raise self._throttled(received)
        if status >= 500 or status in (408, 425):
            self._fail(ShopifyServiceFailure, "Shopify's service failed; nothing is wrong on this side", received)
        if status == 401:
            self._fail(StoreTokenRefused, f"Shopify refuses the token: {_REINSTALL}", received)
        if status in (402, 423):
            what = "frozen: its owner has a bill to pay" if status == 402 else "locked by Shopify"
            self._fail(StoreClosed, f"the store is {what}, see the store's admin", received)
        if status == 403:
            raise self._denied((), said, received)
        if status == 404:
            self._fail(
                StoreUnknown,
                "Shopify knows no such store or API version: check the domain in SHOPIFY_STORES, and "
                "SHOPIFY_API_VERSION if it is set",
                received,
            )
        if status < 400:
            self._fail(
                ShopifyMalformed,
                "Shopify answered with a redirect or a status that is not documented; check the domain in "
                "SHOPIFY_STORES: it must be the store's own *.myshopify.com",
                received,
            )
        self._fail(ShopifyRejected, f"Shopify objects to the request: {said}", received)

    def _raise_errors(self, errors: Any, data: Any, received: Received) -> NoReturn:
        """Errors beside a 200. Whatever ``data`` stands beside them is a part of what was asked for, and not taken."""
        listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
        codes = {_code_of(one) for one in listed}
        said = _words(errors if isinstance(errors, str) else listed)
        if "THROTTLED" in codes:
            raise self._throttled(received)
        if "MAX_COST_EXCEEDED" in codes:
            self._fail(QueryTooCostly, f"one query asks for more points than Shopify allows: {said}", received)
        if "SHOP_INACTIVE" in codes:
            self._fail(StoreClosed, "the store is not active, see the store's admin", received)
        if "ACCESS_DENIED" in codes:
            denied = [one for one in listed if _code_of(one) == "ACCESS_DENIED"]
            if len(denied) == len(listed):  # else something more was wrong
                raise self._denied(tuple(sorted({_path_of(one) for one in denied})), said, received)
        if codes & {"INTERNAL_SERVER_ERROR", "TIMEOUT"}:
            self._fail(ShopifyServiceFailure, f"Shopify says that something broke there: {said}", received)
        if isinstance(data, dict) and any(value is not None for value in data.values()):
            self._fail(ShopifyMalformed, f"Shopify sent a part of the data, and errors beside it: {said}", received)
        self._fail(ShopifyRejected, f"Shopify objects to the query: {said}", received)

    def _throttled(self, received: Received) -> ShopifyThrottled:
        error = self._error(ShopifyThrottled, "the store's points are used up", received)
        error.retry_after = received.retry_after
        return error

    def _denied(self, fields: tuple[str, ...], said: str, received: Received) -> StoreAccessDenied:
        what = (
            f"the token may not read {' and '.join(one for one in fields if one)}" if any(fields) else "access denied"
        )
        scope = self._operation.scope
        remedy = f"give the app the scope {scope} in the store's admin and install it again" if scope else _REINSTALL
        if any("customer" in one for one in fields):
            remedy = "give the app the scope read_customers in the store's admin and install it again"
        error = self._error(StoreAccessDenied, f"{what}; {remedy} ({said})", received)
        error.fields = fields
        return error

    def _error(self, kind: type[_Kind], message: str, received: Received) -> _Kind:
        return kind(
            message,
            store=self._store,
            operation=self._operation.name,
            status=received.status,
            request_id=received.request_id,
        )

    def _fail(self, kind: type[ShopifyError], message: str, received: Received) -> NoReturn:
        raise self._error(kind, message, received)


_REINSTALL: Final = (
    "put the Admin API token of the store's custom app into SHOPIFY_STORES; if it is there, the app may be uninstalled"
)


def parsed(content: bytes) -> Any:
    """The JSON document, or None when it is none. Fractions become Decimal, never float."""
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None


def quoted(words: str) -> str:
    """Words of Shopify's that may be shown: one short line, without what could be a token, link or e-mail address."""
    for hidden in (_EMAIL, _SECRETS, _OPAQUE):
        words = hidden.sub("[redacted]", words)
    words = " ".join(words.split())
    return words if len(words) <= 300 else words[:299] + "…"


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _objection(received: Received) -> str:
    body = parsed(received.content)
    return _words(body.get("errors") if isinstance(body, dict) else None)


def _words(errors: Any) -> str:
    if isinstance(errors, str):
        return quoted(errors)
    listed = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return quoted("; ".join(str(one["message"]) for one in listed if one.get("message"))) or "no readable reason given"


def _code_of(error: dict[str, Any]) -> str:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""


def _path_of(error: dict[str, Any]) -> str:
    """Where in the answer: names only, so that the same field of many orders is one."""
    path = error.get("path")
    return ".".join(step for step in path if isinstance(step, str)) if isinstance(path, list) else ""
