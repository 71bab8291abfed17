"""The Shopify stores that ``SHOPIFY_STORES`` lists."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from amazon_pipeline.addresses import is_loopback

_STORES_EXAMPLE: Final = '[{"name":"UK/EU","domain":"x.myshopify.com","token":"shpat_…"}]'
_STORE_KEYS: Final = ("name", "domain", "token")


@dataclass(frozen=True)
class ShopifyStore:
    """One store of ``SHOPIFY_STORES``: what people call it, its ``*.myshopify.com`` domain, its custom app's token.

    ``endpoint`` is the base URL where it answers, ``https://<domain>`` but for a simulated store.
    """

    name: str
    domain: str
    token: SecretStr
    endpoint: str

    @property
    def source(self) -> Literal["shopify", "simulator"]:
        """Where its figures come from: a store at a loopback address is simulated."""
        return "simulator" if is_loopback(urlsplit(self.endpoint).hostname) else "shopify"


def read_stores(text: str) -> tuple[ShopifyStore, ...]:
    """The stores of ``SHOPIFY_STORES``. Raises ValueError that names the store by its place and the key, no value."""
    try:
        listed = json.loads(text)
    except ValueError:
        raise ValueError(f"must be a JSON list such as {_STORES_EXAMPLE}; it is not JSON") from None
    if not isinstance(listed, list):
        raise ValueError(f"must be a JSON list such as {_STORES_EXAMPLE}")  # noqa: TRY004  # pydantic wants ValueError
    stores = tuple(_read_store(entry, number) for number, entry in enumerate(listed, start=1))
    for key in ("name", "domain"):
        values = [getattr(store, key) for store in stores]
        for number, one in enumerate(values, start=1):
            if one in values[: number - 1]:
                raise ValueError(f"store {number} has the {key} of store {values.index(one) + 1}")
    return stores


def _read_store(entry: Any, number: int) -> ShopifyStore:
    if not isinstance(entry, dict):
        raise ValueError(f"store {number} must be an object such as {_STORES_EXAMPLE[1:-1]}")  # noqa: TRY004  # as above
    if unknown := sorted(set(entry) - {*_STORE_KEYS, "endpoint"}):
        # a key may be a token that slipped into the wrong place
        shown = ", ".join(key if re.fullmatch(r"[a-z_]{1,20}", key) else "one that is not shown" for key in unknown)
        raise ValueError(
            f"store {number} has keys that are not known: {shown}; known are name, domain, token, endpoint"
        )
    for key in (*_STORE_KEYS, *(("endpoint",) if "endpoint" in entry else ())):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            raise ValueError(f"store {number} needs {key!r} as text")
    domain, token = entry["domain"].strip().lower(), entry["token"].strip()
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*\.myshopify\.com", domain):  # it names a directory under landing/
        raise ValueError(f"store {number}: domain must be the store's own, such as x.myshopify.com")
    if not re.fullmatch(r"[!-~]+", token):
        raise ValueError(f"store {number}: token holds characters that no token has")
    if token.startswith("shpss_"):
        raise ValueError(
            f"store {number}: token is the app's API secret key (shpss_…), not its Admin API token (shpat_…)"
        )
    endpoint = entry.get("endpoint", f"https://{domain}").strip().rstrip("/")
    if "endpoint" in entry and not _is_loopback_url(endpoint):
        raise ValueError(f"store {number}: endpoint is for simulated stores, at http://127.0.0.1:PORT only")
    return ShopifyStore(entry["name"].strip(), domain, SecretStr(token), endpoint)


def _is_loopback_url(value: str) -> bool:
    try:
        url = urlsplit(value)
        return url.scheme in ("http", "https") and is_loopback(url.hostname) and url.port is not None
    except ValueError:  # not a port
        return False
