"""The headers that every answer carries: a strict policy for content, and nothing for a foreign page to use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypeAlias

Header: TypeAlias = tuple[bytes, bytes]

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_POLICY_HEADER: Final = (b"content-security-policy", _POLICY.encode())
_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # not no-referrer: a form sent under it has the Origin null, and the login looks at the Origin
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]


_OF_DATA: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""Of an answer that no browser shows as a page: what is about documents says nothing of it, and the policy has what
``x-frame-options`` says."""


class SecuredHeaders(list[Header]):
    """Headers that ours are among already: what is kept and sent many times is put together once."""


def secured_data(given: Collection[Header]) -> SecuredHeaders:
    """The headers of kept data, and ours. Fewer, because the server looks at each header of each answer."""
    return SecuredHeaders([*given, *_OF_DATA])


def secured(given: Collection[Header]) -> SecuredHeaders:
    """An answer's headers and ours; a page that has a policy of its own keeps it."""
    if isinstance(given, SecuredHeaders):
        return given
    if _HEADERS[0] in given:  # kept ones, which were copied on their way
        return SecuredHeaders(given)
    own_policy = any(name == b"content-security-policy" for name, _ in given)
    return SecuredHeaders([*given, *_HEADERS, *(() if own_policy else (_POLICY_HEADER,))])
