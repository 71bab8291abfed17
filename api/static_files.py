"""The page's files from memory, compressed once: a file is read again when it changes on the disk."""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from api.pages import Page, PageResponse

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Fixed: what ``mimetypes`` says of these differs from machine to machine."""


class StaticFiles:
    """The files of one folder, none of a folder inside it; a browser asks about each every time (304 if unchanged)."""

    PREFIX: Final = "/static"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pages: dict[str, tuple[tuple[int, int], Page]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request under PREFIX. Raises HTTPException; FileNotFoundError if the folder is not there."""
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        name = str(scope["path"]).removeprefix(f"{self.PREFIX}/")
        page = await asyncio.to_thread(self.page, name)
        await PageResponse(page)(scope, receive, send)

    def page(self, name: str) -> Page:
        """The file as an answer. Raises as above."""
        files = {path.name: path for path in self._folder.iterdir() if path.is_file()}
        path = files.get(name)  # a name of the folder, so that no path can lead out of it
        if path is None:
            raise HTTPException(404)
        status = path.stat()
        key = (status.st_mtime_ns, status.st_size)
        kept = self._pages.get(name)
        if kept is None or kept[0] != key:
            kept = (key, _read(path))
            self._pages[name] = kept
        return kept[1]


def _read(path: Path) -> Page:
    content = path.read_bytes()
    tag = hashlib.sha256(content).hexdigest()[:16]
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Page(content, etag=f'W/"{tag}"', good_until=None, content_type=guessed, level=9)
