"""A page is one answer, serialised and compressed once; the cache keeps the pages of one published file."""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.security_headers import secured, secured_data

PageKey: TypeAlias = tuple[str, bytes]
"""Path and query string, as they came."""

_WORTH_COMPRESSING: Final = 512
_LEVEL: Final = 3
"""An eighth larger than at the usual 6, in less than half the time; the time counts for a page not in the cache."""
_MAX_PAGES: Final = 2_000
_MAX_BYTES: Final = 64 * 1024 * 1024
_DATA: Final = "application/json"
_FIXED_HEADERS: Final = [
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"Accept-Encoding, Cookie, Authorization"),
]


class Page:
    """One answer as bytes. ``good_until``: from then on the body's ``stale`` would be wrong; None for ever."""

    __slots__ = ("_gzip", "_not_modified", "_plain", "_tag", "good_until", "size")

    def __init__(
        self,
        body: bytes,
        *,
        etag: str,
        good_until: datetime | None,
        content_type: str = _DATA,
        level: int = _LEVEL,
    ) -> None:
        self.good_until = good_until
        self._tag = etag.removeprefix("W/").encode()
        not_modified = [(b"etag", etag.encode()), *_FIXED_HEADERS]
        headers = [(b"content-type", content_type.encode()), *not_modified]
        ours = secured_data if content_type == _DATA else secured
        self._not_modified = ours(not_modified)
        self._plain = (body, ours([*headers, (b"content-length", str(len(body)).encode())]))
        self._gzip = self._plain
        if len(body) >= _WORTH_COMPRESSING:
            packed = gzip.compress(body, level, mtime=0)
            length = (b"content-length", str(len(packed)).encode())
            self._gzip = (packed, ours([*headers, (b"content-encoding", b"gzip"), length]))
        self.size = len(body) + len(self._gzip[0])

    async def send(self, headers: Mapping[bytes, bytes], send: Send) -> None:
        """Answer a request that has these headers: 304, gzip or plain."""
        if (asked := headers.get(b"if-none-match")) and self._matches(asked):
            await send({"type": "http.response.start", "status": 304, "headers": self._not_modified})
            await send({"type": "http.response.body", "body": b""})
            return
        body, answer_headers = self._gzip if _takes_gzip(headers.get(b"accept-encoding", b"")) else self._plain
        await send({"type": "http.response.start", "status": 200, "headers": answer_headers})
        await send({"type": "http.response.body", "body": body})

    def _matches(self, if_none_match: bytes) -> bool:
        tags = [tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")]
        return self._tag in tags or b"*" in tags


class PageResponse(Response):
    """A page as what a path operation returns."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await self._page.send(dict(scope["headers"]), send)


class PageCache:
    """The newest pages of one published file, bounded in number and bytes; a page asked for twice is made once."""

    def __init__(self, *, max_pages: int = _MAX_PAGES, max_bytes: int = _MAX_BYTES) -> None:
        self._pages: OrderedDict[PageKey, Page] = OrderedDict()
        self._making: dict[PageKey, asyncio.Task[Page]] = {}
        self._max_pages = max_pages
        self._max_bytes = max_bytes
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, key: PageKey, now: datetime) -> Page | None:
        """The page, if it is kept and still true at ``now``."""
        page = self._pages.get(key)
        if page is None or (page.good_until is not None and now > page.good_until):
            return None
        self._pages.move_to_end(key)
        return page

    async def get_or_make(self, key: PageKey, now: datetime, make: Callable[[], Awaitable[Page]]) -> Page:
        """The kept page, or the one ``make`` makes; whoever asks meanwhile waits for the same one."""
        if page := self.get(key, now):
            return page
        task = self._making.get(key)
        if task is None:
            task = asyncio.create_task(self._make(key, make))
            self._making[key] = task
            task.add_done_callback(lambda done: self._made(key, done))
        # shielded: that one client leaves must not spoil the answer of the others
        return await asyncio.shield(task)

    def _made(self, key: PageKey, task: asyncio.Task[Page]) -> None:
        del self._making[key]
        if not task.cancelled():
            task.exception()  # seen: if every client has left, nobody else will look at it

    async def _make(self, key: PageKey, make: Callable[[], Awaitable[Page]]) -> Page:
        page = await make()
        if before := self._pages.pop(key, None):
            self._bytes -= before.size
        self._pages[key] = page
        self._bytes += page.size
        while self._pages and (len(self._pages) > self._max_pages or self._bytes > self._max_bytes):
            _, oldest = self._pages.popitem(last=False)
            self._bytes -= oldest.size
        return page


@lru_cache(maxsize=64)
def _takes_gzip(accept_encoding: bytes) -> bool:
    for part in accept_encoding.lower().split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False
