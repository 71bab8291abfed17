"""Login with Amazon: one access token per session, kept exactly as long as Amazon says it lives.

The library's own cache is a module-level one keyed by the refresh token alone, with a fixed life of 3200 s, that is not
cleared when Amazon calls a token expired; it is not used. Its token client is, for the request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from amazon_pipeline.errors import LoginRefused
from amazon_pipeline.selling_partner.transport import StrictTransport

_USUAL_LIFE: Final = (
    3600.0  # seconds, https://developer-docs.amazon.com/sp-api/docs/connecting-to-the-selling-partner-api
)
_LONGEST_MARGIN: Final = 60.0  # seconds before its end at which a token is renewed


@dataclass(frozen=True)
class AccessToken:
    """What the library wants back from a token client."""

    access_token: str = field(repr=False)


class Login:
    """Stands in for the library's token client: ``get_auth`` gives a valid access token, from memory while it lives.

    ``request`` performs the library's token request on ``transport``. After Amazon refused the credentials once, the
    same LoginRefused is raised at once, without another call.
    """

    def __init__(
        self, request: Callable[[], object], transport: StrictTransport, clock: Callable[[], datetime]
    ) -> None:
        self._request = request
        self._transport = transport
        self._clock = clock
        self._token: AccessToken | None = None
        self._renew_at: datetime | None = None
        self._refused: LoginRefused | None = None

    def get_auth(self) -> AccessToken:
        """Raises LoginRefused, or a TransientError when the token endpoint could not be reached or failed."""
        if self._refused is not None:
            raise self._refused
        if self._token is None or self._renew_at is None or self._clock() >= self._renew_at:
            self._token = self._fetch()
        return self._token

    def forget(self) -> None:
        """Amazon calls the token expired: fetch a new one at the next use."""
        self._token = None

    def _fetch(self) -> AccessToken:
        try:
            self._request()
        except LoginRefused as refused:
            self._refused = refused
            raise
        body = self._transport.body
        life = _seconds(body.get("expires_in"))
        self._renew_at = self._clock() + timedelta(seconds=life - min(_LONGEST_MARGIN, life / 10))
        return AccessToken(body["access_token"])


def _seconds(expires_in: Any) -> float:
    try:
        life = float(expires_in)
    except (TypeError, ValueError):
        return _USUAL_LIFE
    return min(max(life, 1.0), 86400.0) if life > 0 else _USUAL_LIFE
