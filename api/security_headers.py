"""The headers that every answer carries: a strict policy for content, and nothing for a foreign page to use."""

from __future__ import annotations

from typing import Final

from starlette.types import Message, Send

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
POLICY_HEADER: Final = (b"content-security-policy", _POLICY.encode())
SECURITY_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]


def secured(send: Send) -> Send:
    """``send`` with the headers added; a page that has a policy of its own keeps it."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", [])
            own_policy = any(name == b"content-security-policy" for name, _ in given)
            message["headers"] = [*given, *SECURITY_HEADERS, *([] if own_policy else [POLICY_HEADER])]
        await send(message)

    return with_headers
