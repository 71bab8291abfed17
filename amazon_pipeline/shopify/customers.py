"""Customers are counted, and nothing else is known of them: their id is replaced before a page leaves the client.

The replacement is HMAC-SHA256 of Shopify's id under a random key of the store's own, kept beside its landed pages. So
one customer is one hash in all of a store's pages, for as long as the key is there; hashes of two stores cannot be
compared; and who has only the pages or the warehouse cannot try out the ids, which are short numbers. Who has the key
too can: it is a pseudonym, not anonymity. Without the key, customers counted before and after its loss count twice.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Any, Final

from amazon_pipeline.errors import LandingCorrupt, LandingUnavailable

KEY_FILE: Final = "customer-key"
_BYTES: Final = 32


class CustomerHash:
    """Hashes the customer ids of one store under ``key``."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hashed(self, customer_id: str) -> str:
        """64 hex digits."""
        return hmac.new(self._key, customer_id.encode(), hashlib.sha256).hexdigest()

    def without_id(self, customer: Any) -> dict[str, str] | None:
        """An order's ``customer`` as it may land; None for a guest."""
        identity = customer.get("id") if isinstance(customer, dict) else None
        return {"hash": self.hashed(identity)} if isinstance(identity, str) and identity else None


def customer_hash(store_landing: Path) -> CustomerHash:
    """The hash of the store whose pages land in ``store_landing``, with a key made when there is none yet.

    Raises LandingCorrupt when the key is damaged, LandingUnavailable when it cannot be reached.
    """
    path = store_landing / KEY_FILE
    try:
        store_landing.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise LandingUnavailable(f"The key {path} cannot be reached: {error.strerror}") from error
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise LandingCorrupt(f"The key {path} is damaged: restore it, or remove it and count customers anew")
    return CustomerHash(key)


def _make(path: Path) -> None:
    """Written aside and linked into place: of two processes that make one, the first wins, and both read it."""
    temporary = path.with_name(f".{KEY_FILE}.{os.getpid()}.{secrets.token_hex(3)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return
    finally:
        temporary.unlink()
