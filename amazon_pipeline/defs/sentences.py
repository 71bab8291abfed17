"""What a person reads when streams failed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_NAMES: Final = {
    "orders": "Orders",
    "orders_history": "Order history",
    "inventory": "Inventory",
    "inbound_shipments": "Inbound shipments",
    "marketplaces": "Marketplaces",
    "order_metrics": "Amazon's own order figures",
    "stock_report": "Amazon's own stock report",
    "shopify_shop": "The store itself",
    "shopify_orders": "Shopify orders",
    "shopify_history": "Shopify's order history",
    "shopify_fees": "Shopify's transaction fees",
}


def failure_sentence(failed: Sequence[tuple[str, str, str | None]]) -> str:
    """What a manager reads when streams failed: whose (account), which (stream), why (message), what that means.

    A reason is told once, with all streams it is the reason of. That of the marketplaces goes first: the other streams
    of a new account only wait for them.
    """
    streams: dict[tuple[str, str], list[str]] = {}
    for account, stream, message in sorted(failed, key=lambda one: (one[0], one[1] != "marketplaces")):
        streams.setdefault((account, message or "the reason is not known"), []).append(_NAMES.get(stream, stream))
    what = " ".join(
        f"{f'{account}: ' if account else ''}{', '.join(names)} could not be refreshed: {message.rstrip('.')}."
        for (account, message), names in streams.items()
    )
    return f"{what} What was known before is still shown, with its age."
