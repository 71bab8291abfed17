"""The document behind a report's presigned link: fetched by a client of our own, and read as text.

The library's own download opens a client that bypasses our transport and takes an error page of S3 for the document, so
it is not used. The link is a secret for the five minutes it lives: it stands in no message and no log, and no access
token is sent to it.
"""

from __future__ import annotations

import gzip
import io
import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO, Final, TextIO, cast
from urllib.parse import urlsplit

import httpx

from amazon_pipeline.addresses import is_loopback
from amazon_pipeline.errors import (
    ConnectionFailed,
    DocumentLinkExpired,
    MalformedAnswer,
    ReportRefused,
    ServiceFailure,
)

DOWNLOAD: Final = "report document"
"""The name errors give to the download, which is no operation of the SP-API."""

LARGEST_DOWNLOAD: Final = 256 * 1024 * 1024  # bytes as sent
LARGEST_DOCUMENT: Final = 1024 * 1024 * 1024  # bytes unpacked; a month of 1,000,000 lines is about 300 MB
_LONGEST_DOWNLOAD: Final = 600.0  # seconds
_CHUNK: Final = 1024 * 1024
_EXPIRED: Final = (400, 401, 403, 404)
"""How S3 answers a link that is over, or that names what is no longer there."""

_WIDER: Final = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "ms932": "cp932",
}
"""Charsets that are named where their wider sibling is meant, as browsers read them."""


@dataclass(frozen=True)
class Document:
    """A report's document as downloaded. ``charset`` is the one its Content-Type names, if any."""

    content: bytes = field(repr=False)
    is_gzip: bool
    charset: str | None

    @cached_property
    def encoding(self) -> str:
        """How to decode it: the charset that was named, or else UTF-8, or else cp1252; the first that fits.

        One that is named but does not fit the bytes is passed over. In cp1252, which is last, an undefined byte reads
        as U+FFFD. Raises MalformedAnswer for damaged compression, ReportRefused for a document that is too large.
        """
        named = (self.charset or "").strip().strip('"').lower()
        candidates = [_WIDER.get(named, named), "utf-8-sig"] if named not in ("", "utf-8", "utf8") else ["utf-8-sig"]
        return next((one for one in candidates if self._fits(one)), "cp1252")

    @contextmanager
    def text(self) -> Iterator[TextIO]:
        """The document as text, lines ending in ``\\n`` alone."""
        encoding = self.encoding
        errors = "replace" if encoding == "cp1252" else "strict"
        with self._open() as binary, io.TextIOWrapper(binary, encoding, errors, newline="\n") as text:
            yield text

    def _fits(self, encoding: str) -> bool:
        total = 0
        with self._open() as binary:
            try:
                text = io.TextIOWrapper(binary, encoding, "strict", newline="\n")
            except LookupError:
                return False  # a charset nobody knows
            try:
                while chunk := text.read(_CHUNK):
                    total += len(chunk)
                    if total > LARGEST_DOCUMENT:
                        raise ReportRefused(
                            "the report is too large to be read; ask for a shorter span", operation=DOWNLOAD
                        )
            except UnicodeError:
                return False
            except (OSError, EOFError, zlib.error):
                raise MalformedAnswer("the report's compression is damaged or cut off", operation=DOWNLOAD) from None
        return True

    def _open(self) -> IO[bytes]:
        packed = io.BytesIO(self.content)
        return cast("IO[bytes]", gzip.GzipFile(fileobj=packed)) if self.is_gzip else packed


def download_document(
    url: str,
    compression: str | None,
    *,
    connect_timeout: float = 10.0,
    read_timeout: float = 60.0,
    monotonic: Callable[[], float] = time.monotonic,
) -> Document:
    """The document at a presigned link. ``compression`` is Amazon's ``compressionAlgorithm``.

    Raises DocumentLinkExpired, ServiceFailure, ConnectionFailed or MalformedAnswer, which another link may mend, and
    ReportRefused for what none will.
    """
    if compression not in (None, "", "GZIP"):
        raise ReportRefused(
            f"the report is compressed with {compression!r}, which is not known here", operation=DOWNLOAD
        )
    place = urlsplit(url)
    if place.scheme != "https" and not (place.scheme == "http" and is_loopback(place.hostname)):
        raise MalformedAnswer("the link to the report is not one to trust: it is not https", operation=DOWNLOAD)
    timeout = httpx.Timeout(read_timeout, connect=connect_timeout)
    headers = {"user-agent": "amazon-pipeline", "accept-encoding": "identity"}
    # "from None" everywhere: the text of an error of httpx may quote the link
    try:
        with (
            httpx.Client(timeout=timeout, headers=headers, trust_env=False, follow_redirects=False) as http,
            http.stream("GET", url) as response,
        ):
            _check_status(response.status_code)
            content = _content(response, monotonic)
            coding = response.headers.get("content-encoding", "").lower()
            charset = re.search(r"charset=([^;\s]+)", response.headers.get("content-type", ""), re.IGNORECASE)
    except httpx.TimeoutException:
        raise ConnectionFailed("the download did not go on in time", operation=DOWNLOAD) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ConnectionFailed(f"the download broke off ({type(error).__name__})", operation=DOWNLOAD) from None
    is_gzip = compression == "GZIP" or coding == "gzip"
    if is_gzip and not content.startswith(b"\x1f\x8b"):
        raise MalformedAnswer("the report is not compressed as Amazon said it is", operation=DOWNLOAD)
    return Document(content, is_gzip, charset[1] if charset else None)


def _check_status(status: int) -> None:
    if status in _EXPIRED:
        raise DocumentLinkExpired("the link to the report is no longer valid", operation=DOWNLOAD, status=status)
    if status == 429 or status >= 500:
        raise ServiceFailure("Amazon's document store failed", operation=DOWNLOAD, status=status)
    if status != 200:
        raise MalformedAnswer("Amazon's document store did not send the report", operation=DOWNLOAD, status=status)


def _content(response: httpx.Response, monotonic: Callable[[], float]) -> bytes:
    deadline = monotonic() + _LONGEST_DOWNLOAD
    content = bytearray()
    for chunk in response.iter_raw(_CHUNK):
        content += chunk
        if len(content) > LARGEST_DOWNLOAD:
            raise ReportRefused("the report is too large to be read; ask for a shorter span", operation=DOWNLOAD)
        if monotonic() > deadline:
            raise ConnectionFailed("the download did not come to an end", operation=DOWNLOAD)
    return bytes(content)
