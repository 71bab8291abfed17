"""The httpx transport under python-amazon-sp-api: it judges every answer before the library can swallow it.

One StrictTransport belongs to one operation (or to the token endpoint) and to one thread; all of a session share one
``httpx.HTTPTransport`` with its connections. No redirect is followed, no proxy variable of the environment read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import httpx

from amazon_pipeline.errors import ConnectionFailed, MalformedAnswer
from amazon_pipeline.selling_partner.answers import Received

Reader = Callable[[Received, datetime], dict[str, Any]]

_LARGEST_ANSWER: Final = 64 * 1024 * 1024  # bytes; a page of 100 orders is well under one megabyte
_LONGEST_ANSWER: Final = 120.0  # seconds; a read timeout alone lets a server drip a byte at a time for ever
_QUIET: Final = ("httpx", "httpcore", "sp_api", "sp_api.base.client")


def quieten_loggers() -> None:
    """Set the loggers that would write tokens or URLs with page tokens to WARNING.

    ``sp_api.base.client`` is named beside its parent because the library sets its level itself.
    """
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class StrictTransport(httpx.BaseTransport):
    """Sends a request and hands its answer to ``read``, which returns the documented body or raises a typed error.

    The body is kept in ``body``, the answer's headers in ``received``; the library gets an empty object, so that
    nothing depends on its reading. ``name`` is the operation named in errors, ``token_parameter`` its page token's.
    """

    def __init__(
        self,
        wire: httpx.BaseTransport,
        read: Reader,
        *,
        name: str,
        clock: Callable[[], datetime],
        token_parameter: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wire = wire
        self._read = read
        self._name = name
        self._clock = clock
        self._token_parameter = token_parameter
        self._monotonic = monotonic
        self.received: Received | None = None
        self.body: dict[str, Any] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises ConnectionFailed when no whole answer came, else what ``read`` raises."""
        self.received = None
        self.body = {}
        # the library takes "https://" for granted and cuts one character too many off an "http://" host
        request.headers["host"] = request.url.netloc.decode("ascii")
        page_token = request.url.params.get(self._token_parameter) if self._token_parameter else None
        self.received = self._exchange(request, page_token)
        self.body = self._read(self.received, self._clock())
        return httpx.Response(200, content=b"{}", request=request)

    def close(self) -> None:
        """Nothing: the wire belongs to the session."""

    def _exchange(self, request: httpx.Request, page_token: str | None) -> Received:
        # "from None" everywhere: a protocol error's own text may quote a header, and that may be the access token
        try:
            response = self._wire.handle_request(request)
            try:
                content = self._content(response)
            finally:
                response.close()
        except httpx.ConnectTimeout:
            raise ConnectionFailed(
                "Amazon could not be reached in time; check the network", operation=self._name
            ) from None
        except httpx.TimeoutException:
            raise ConnectionFailed("Amazon did not answer in time", operation=self._name) from None
        except httpx.ConnectError as error:
            raise ConnectionFailed(
                f"Amazon could not be reached ({error}); check the network", operation=self._name
            ) from None
        except httpx.DecodingError:
            raise MalformedAnswer(
                "Amazon sent an answer whose compression is damaged", operation=self._name, status=response.status_code
            ) from None
        except httpx.TransportError as error:
            raise ConnectionFailed(
                f"the connection broke before the answer was complete ({type(error).__name__})", operation=self._name
            ) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Received(response.status_code, headers, content, page_token)

    def _content(self, response: httpx.Response) -> bytes:
        deadline = self._monotonic() + _LONGEST_ANSWER
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > _LARGEST_ANSWER or self._monotonic() > deadline:
                raise ConnectionFailed("Amazon's answer did not come to an end", operation=self._name)
        return bytes(content)
