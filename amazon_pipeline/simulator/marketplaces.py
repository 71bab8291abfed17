"""The two North American stores the simulated seller sells in.

Ids: https://developer-docs.amazon.com/sp-api/docs/marketplace-ids. The table is the simulator's own on purpose: a wrong
id in the client's table must not be repeated here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Store:
    """One marketplace as the seller's account shows it."""

    marketplace_id: str
    name: str
    country_code: str
    currency: str
    language: str
    domain: str
    share: float = 0.0
    """Its part of the seller's orders, before the parts are made to add up to one."""
    tax_rate: Decimal = Decimal(0)
    """Of the goods after discount."""
    price_factor: Decimal = Decimal(1)
    """Prices here over prices in the United States."""
    order_prefixes: tuple[str, ...] = ()
    """First group of an order id, as buyers of that store know them."""
    fulfillment_centers: tuple[str, ...] = ()


US = "ATVPDKIKX0DER"
CA = "A2EUQ1WTGCTBG2"

STORES: dict[str, Store] = {
    US: Store(
        US, "Amazon.com", "US", "USD", "en_US", "www.amazon.com", 0.72, Decimal("0.0825"), Decimal(1),
        ("111", "112", "113", "114"), ("ONT8", "LGB8", "MDW2", "TEB9", "FTW1", "PHX7", "ABE8"),
    ),
    CA: Store(
        CA, "Amazon.ca", "CA", "CAD", "en_CA", "www.amazon.ca", 0.28, Decimal("0.13"), Decimal("1.36"),
        ("701", "702"), ("YYZ4", "YVR4", "YOW1"),
    ),
}  # fmt: skip

NON_AMAZON_MARKETPLACE = "A2ZV50J4W1RKNI"
"""The id behind Multi-Channel orders: naming it in a search is answered with 403 (amzn/selling-partner-api-sdk#764)."""

MEXICO = Store("A1AM78C64UM0Y8", "Amazon.com.mx", "MX", "MXN", "es_MX", "www.amazon.com.mx")
"""Listed in the account's participations, but the seller does not sell there."""
NON_AMAZON = Store(NON_AMAZON_MARKETPLACE, "Non-Amazon", "US", "USD", "en_US", "sim1.stores.amazon.com")
