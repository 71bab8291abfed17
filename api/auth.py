"""The API key: compared in constant time, as a bearer token or as the session cookie of the login form.

Ten wrong keys lock an address out for a while, so that a key cannot be guessed. A session is signed with the key and
not stored: it survives a restart and dies with a new key.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Final

from pydantic import SecretStr

from api.errors import LockedOut, Unauthorized

COOKIE: Final = "amazon_pipeline_session"
SESSION_LASTS: Final = timedelta(hours=12)
LOCKED_FOR: Final = timedelta(minutes=15)
TRIES: Final = 10
_ADDRESSES_KEPT: Final = 10_000


@dataclass
class _Failures:
    count: int
    newest: datetime


class Lockout:
    """Counts the wrong keys of each address; an IPv6 network of 64 bits counts as one address."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, address: str) -> None:
        """Raises LockedOut while the address has to wait."""
        failures = self._failures.get(_network(address))
        if failures is None or failures.count < TRIES:
            return
        left = failures.newest + LOCKED_FOR - self._clock()
        if left > timedelta(0):
            raise LockedOut(int(left.total_seconds()) + 1)

    def failed(self, address: str) -> None:
        """One more wrong key; those of long ago are forgotten."""
        now = self._clock()
        network = _network(address)
        failures = self._failures.pop(network, None)
        if failures is None or now - failures.newest > LOCKED_FOR:
            failures = _Failures(0, now)
        self._failures[network] = _Failures(failures.count + 1, now)
        if len(self._failures) > _ADDRESSES_KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """A right key: the count starts again."""
        self._failures.pop(_network(address), None)


class Guard:
    """Decides who may read."""

    def __init__(self, key: SecretStr, clock: Callable[[], datetime]) -> None:
        self._key = key.get_secret_value().encode()
        self._signing_key = hmac.digest(self._key, b"amazon-pipeline session", "sha256")
        self._clock = clock
        self._lockout = Lockout(clock)
        self._ended: dict[str, datetime] = {}

    def log_in(self, key: str, address: str) -> str:
        """A new session for the right key. Raises LockedOut or Unauthorized."""
        self._check_key(key.encode(errors="replace"), address)
        expires = int((self._clock() + SESSION_LASTS).timestamp())
        content = f"{expires}.{secrets.token_urlsafe(12)}"
        return f"{content}.{self._signature(content)}"

    def log_out(self, cookie_header: bytes) -> None:
        """End the session, also for a copy of its cookie."""
        session = _session(cookie_header)
        if session is None or not self._session_holds(session):
            return
        now = self._clock()
        self._ended = {ended: until for ended, until in self._ended.items() if until > now}
        self._ended[session] = now + SESSION_LASTS

    def admit(self, *, authorization: bytes, cookie_header: bytes, address: str) -> None:
        """Pass a request with the right key or a session. Raises LockedOut or Unauthorized."""
        scheme, _, key = authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            self._check_key(key.strip(), address)
            return
        session = _session(cookie_header)
        if session is None or not self._session_holds(session):
            raise Unauthorized

    def _check_key(self, key: bytes, address: str) -> None:
        self._lockout.check(address)
        if not hmac.compare_digest(key, self._key):
            self._lockout.failed(address)
            raise Unauthorized
        self._lockout.succeeded(address)

    def _session_holds(self, session: str) -> bool:
        content, _, signature = session.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(content).encode()):
            return False
        expires = int(content.partition(".")[0])  # ours: the signature holds
        return self._clock().timestamp() < expires and session not in self._ended

    def _signature(self, content: str) -> str:
        return hmac.new(self._signing_key, content.encode(), hashlib.sha256).hexdigest()


def _session(cookie_header: bytes) -> str | None:
    if COOKIE.encode() not in cookie_header:
        return None
    try:
        cookies = SimpleCookie(cookie_header.decode("latin-1"))
    except CookieError:
        return None
    morsel = cookies.get(COOKIE)
    return None if morsel is None else morsel.value


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((parsed, 64), strict=False))
    return str(parsed)
