"""One line for each request, without anything that could be secret: no query, no header but the client's address.

Lines are gathered for a moment and written together, which costs a tenth of a logging call for each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import quote

LOGGER_NAME: Final = "api.access"

_LONGEST_PATH: Final = 200
_GATHER_SECONDS: Final = 0.25
_MOST_LINES: Final = 1_000
_SECOND: Final = timedelta(seconds=1)


class AccessLog:
    """``TIME METHOD PATH STATUS MILLISECONDSms BYTESB CLIENT``, in UTC, to the logger ``api.access`` at INFO."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._logger = logging.getLogger(LOGGER_NAME)
        self._lines: list[str] = []
        self._second = self._next_second = datetime.min.replace(tzinfo=UTC)
        self._time = ""

    def note(self, method: str, path: str, status: int, *, seconds: float, size: int, client: str) -> None:
        """Write the line of a finished request soon; at once if it failed, for the process may be about to."""
        now = self._clock()
        if not self._second <= now < self._next_second:
            self._second = now.replace(microsecond=0)
            self._next_second = self._second + _SECOND
            self._time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{self._time} {_plain(method)} {_plain(path)} {status} {seconds * 1000:.1f}ms {size}B {client or '-'}"
        self._lines.append(line)
        if status >= 500 or len(self._lines) >= _MOST_LINES:
            self.flush()
        elif len(self._lines) == 1:
            asyncio.get_running_loop().call_later(_GATHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Write the lines that wait."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._logger.info("\n".join(lines))


@lru_cache(maxsize=256)
def _plain(text: str) -> str:
    """The text as one word: a line break or a space in it must not pass for a line or a field of ours."""
    text = text[:_LONGEST_PATH]
    return text if text.isascii() and text.isprintable() and " " not in text else quote(text, safe="/:@")
