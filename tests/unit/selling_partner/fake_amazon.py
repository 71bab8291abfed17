"""A small real HTTP server on loopback that answers, or fails to, exactly as a test tells it."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

REFRESH_TOKEN = "Atzr|refresh-S3CRET-1"
APP_ID = "amzn1.application-oa2-client.app-1"
CLIENT_SECRET = "amzn1.oa2-cs.v1.client-S3CRET-2"
TOKEN_PATH = "/some/where/token"


@dataclass(frozen=True)
class Reply:
    """What the server does with one request."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    fault: Literal["reset", "truncate", "hang", "empty", "close"] | None = None

    def content(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]
    content: str = ""


class FakeAmazon:
    """Replies in the order of ``replies`` (then the last for ever), tokens likewise from ``token_replies``."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.token_replies: list[Reply] = []
        self.requests: list[Seen] = []
        self.token_requests: list[Seen] = []
        self.released = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.amazon = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next_reply(self, seen: Seen) -> Reply:
        if seen.path == TOKEN_PATH:
            self.token_requests.append(seen)
            if not self.token_replies:
                number = len(self.token_requests)
                return Reply(body={"access_token": f"Atza|access-S3CRET-{number}", "expires_in": 3600})
            return self.token_replies.pop(0) if len(self.token_replies) > 1 else self.token_replies[0]
        self.requests.append(seen)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Server(ThreadingHTTPServer):
    amazon: FakeAmazon

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hung up: nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a kept-alive answer takes 40 ms
    server: _Server

    def log_message(self, *args: object) -> None:
        """Silent."""

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def _serve(self) -> None:
        url = urlsplit(self.path)
        form = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
        seen = Seen(
            self.command,
            url.path,
            dict(parse_qsl(url.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            dict(parse_qsl(form)),
            form,
        )
        reply = self.server.amazon.next_reply(seen)
        content = reply.content()
        if reply.fault in ("reset", "hang", "close"):
            if reply.fault == "hang":
                self.server.amazon.released.wait()
            if reply.fault == "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) + (10 if reply.fault == "truncate" else 0)))
        self.end_headers()
        self.wfile.write(content)
        if reply.fault == "truncate":
            self.close_connection = True

    do_GET = do_POST = _serve  # noqa: N815  # the names http.server calls
