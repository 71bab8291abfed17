"""Real servers that take alerts: one speaks HTTP, one SMTP. Either can be down, and keeps what it took."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TOKEN = "t0ps3cret-token"
"""Stands in the path of the HTTP inbox's URL, as tokens of chat services do."""


@dataclass
class Inbox:
    """What has arrived, as (subject, text); ``is_down``: it refuses."""

    url: str = ""
    is_down: bool = False
    asked: int = 0
    messages: list[tuple[str, str]] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        """The subjects, oldest first."""
        return [title for title, _ in self.messages]


@contextmanager
def http_inbox() -> Iterator[Inbox]:
    """An inbox behind an Apprise json:// URL."""
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            inbox.asked += 1
            if not inbox.is_down:
                inbox.messages.append((body["title"], body["message"]))
            self.send_response(503 if inbox.is_down else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    inbox.url = f"json://127.0.0.1:{server.server_address[1]}/{TOKEN}"
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def smtp_inbox() -> Iterator[Inbox]:
    """An inbox behind an Apprise mailto:// URL with two readers, whose addresses a comma separates."""
    inbox = Inbox()

    class Handler:
        async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
            inbox.asked += 1
            if inbox.is_down:
                return "451 Try again later"
            mail = message_from_bytes(envelope.content or b"", policy=policy.default)
            text = mail.get_body(("plain",))
            assert text is not None
            inbox.messages.append((str(mail["subject"]), text.get_content().replace("\r\n", "\n")))
            return "250 OK"

    controller = _FreePort(Handler(), hostname="127.0.0.1", port=0)
    controller.start()
    try:
        inbox.url = f"mailto://127.0.0.1:{controller.bound_port}?mode=insecure&from=shop@example.com&to=a@example.com"
        yield inbox
    finally:
        controller.stop()


class _FreePort(Controller):
    """Listens on a port the system chooses, which aiosmtpd's own start check does not expect."""

    @property
    def bound_port(self) -> int:
        """The port chosen."""
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        self.port = self.bound_port
        super()._trigger_server()
