"""Amazon's marketplaces: what their ids mean.

Ids, currencies and regions: https://developer-docs.amazon.com/sp-api/docs/marketplace-ids. Time zones are those of
Amazon's own business day in a marketplace (Pacific time for North America and so on); a country with several zones has
the one its Seller Central shows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Region = Literal["us-east-1", "eu-west-1", "us-west-2"]

MARKETPLACE_ID_PATTERN: Final = re.compile(r"A[A-Z0-9]{9,15}")
"""What every marketplace id has looked like so far."""

NON_AMAZON: Final = "NON_AMAZON"
"""The ``marketplace_id`` of Multi-Channel orders, to which Amazon gives none."""


@dataclass(frozen=True)
class Marketplace:
    """One Amazon store: its id, country (ISO 3166), currency (ISO 4217), IANA time zone and SP-API region.

    ``sales_channel`` is what reports call it: its domain.
    """

    marketplace_id: str
    country_code: str
    currency: str
    time_zone: str
    region: Region
    sales_channel: str


MARKETPLACES: Final[dict[str, Marketplace]] = {
    row[0]: Marketplace(*row)
    for row in (
        ("ATVPDKIKX0DER", "US", "USD", "America/Los_Angeles", "us-east-1", "Amazon.com"),
        ("A2EUQ1WTGCTBG2", "CA", "CAD", "America/Los_Angeles", "us-east-1", "Amazon.ca"),
        ("A1AM78C64UM0Y8", "MX", "MXN", "America/Los_Angeles", "us-east-1", "Amazon.com.mx"),
        ("A2Q3Y263D00KWC", "BR", "BRL", "America/Sao_Paulo", "us-east-1", "Amazon.com.br"),
        ("A1F83G8C2ARO7P", "UK", "GBP", "Europe/London", "eu-west-1", "Amazon.co.uk"),
        ("A1PA6795UKMFR9", "DE", "EUR", "Europe/Berlin", "eu-west-1", "Amazon.de"),
        ("A13V1IB3VIYZZH", "FR", "EUR", "Europe/Paris", "eu-west-1", "Amazon.fr"),
        ("APJ6JRA9NG5V4", "IT", "EUR", "Europe/Rome", "eu-west-1", "Amazon.it"),
        ("A1RKKUPIHCS9HS", "ES", "EUR", "Europe/Madrid", "eu-west-1", "Amazon.es"),
        ("A1805IZSGTT6HS", "NL", "EUR", "Europe/Amsterdam", "eu-west-1", "Amazon.nl"),
        ("AMEN7PMS3EDWL", "BE", "EUR", "Europe/Brussels", "eu-west-1", "Amazon.com.be"),
        ("A28R8C7NBKEWEA", "IE", "EUR", "Europe/Dublin", "eu-west-1", "Amazon.ie"),
        ("A2NODRKZP88ZB9", "SE", "SEK", "Europe/Stockholm", "eu-west-1", "Amazon.se"),
        ("A1C3SOZRARQ6R3", "PL", "PLN", "Europe/Warsaw", "eu-west-1", "Amazon.pl"),
        ("A33AVAJ2PDY3EV", "TR", "TRY", "Europe/Istanbul", "eu-west-1", "Amazon.com.tr"),
        ("A17E79C6D8DWNP", "SA", "SAR", "Asia/Riyadh", "eu-west-1", "Amazon.sa"),
        ("A2VIGQ35RCS4UG", "AE", "AED", "Asia/Dubai", "eu-west-1", "Amazon.ae"),
        ("ARBP9OOSHTCHU", "EG", "EGP", "Africa/Cairo", "eu-west-1", "Amazon.eg"),
        ("AE08WJ6YKNBMC", "ZA", "ZAR", "Africa/Johannesburg", "eu-west-1", "Amazon.co.za"),
        ("A21TJRUUN4KGV", "IN", "INR", "Asia/Kolkata", "eu-west-1", "Amazon.in"),
        ("A1VC38T7YXB528", "JP", "JPY", "Asia/Tokyo", "us-west-2", "Amazon.co.jp"),
        ("A39IBJ37TRP1C6", "AU", "AUD", "Australia/Sydney", "us-west-2", "Amazon.com.au"),
        ("A19VAU5U5O7RUS", "SG", "SGD", "Asia/Singapore", "us-west-2", "Amazon.sg"),
    )
}

ENDPOINTS: Final[dict[Region, str]] = {
    "us-east-1": "https://sellingpartnerapi-na.amazon.com",
    "eu-west-1": "https://sellingpartnerapi-eu.amazon.com",
    "us-west-2": "https://sellingpartnerapi-fe.amazon.com",
}
"""SP-API base URL of each region: https://developer-docs.amazon.com/sp-api/docs/sp-api-endpoints."""

LWA_ENDPOINT: Final = "https://api.amazon.com/auth/o2/token"
"""Login with Amazon's token endpoint: https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api."""
