"""The real API on a free port and a real Chromium, both at a fixed time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from pydantic import SecretStr

from amazon_pipeline.events import EventLog
from amazon_pipeline.settings import Settings
from api.app import create_app
from api.server import Server, listen
from tests.browser.seller_account import AS_OF, SellerAccount

NOW: Final = AS_OF + timedelta(minutes=3)
ARTIFACTS: Final = Path(__file__).parent / "screenshots"
_CHROMIUM: Final = Path("/usr/bin/chromium")
_ARGUMENTS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_CREDENTIALS: Final = {
    "AMAZON_REFRESH_TOKEN": SecretStr("Atzr|refresh-S3CRET"),
    "AMAZON_LWA_APP_ID": SecretStr("amzn1.application-oa2-client.app-1"),
    "AMAZON_LWA_CLIENT_SECRET": SecretStr("client-S3CRET"),
    "AMAZON_SELLER_ID": "A1TESTSELLER1",
}


class Dashboard:
    """A data directory and the API that serves it. ``url`` stays the same when the API is stopped and started again."""

    def __init__(self, data_dir: Path, *, configured: bool = True, now: datetime = NOW, **settings: Any) -> None:
        given = {"AMAZON_DATA_DIR": data_dir, **(_CREDENTIALS if configured else {}), **settings}
        self.data_dir = data_dir
        self.settings = Settings(_env_file=None, **given)
        self.now = now
        self.port = 0
        self._published = 0
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def publish(self, account: SellerAccount) -> None:
        """Make this account's data the newest published file."""
        self._published += 1
        account.publish(self.data_dir, self._published)

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Write an event to the log that /api/sse follows."""
        EventLog(self.settings.state_path).append(event, data, at=self.now)

    def start(self) -> None:
        """Listen and serve. The socket listens before this returns, so a browser may connect at once."""
        listener = listen("127.0.0.1", self.port)
        self.port = listener.getsockname()[1]
        self._server = Server(create_app(self.settings, clock=lambda: self.now))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]})
        self._thread.start()

    def stop(self) -> None:
        """End every stream and stop."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._server = self._thread = None


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Dashboard]]:
    """Starts the API with a fresh data directory, an account published in it if one is given."""
    with ExitStack() as stack:

        def start(account: SellerAccount | None = None, **options: Any) -> Dashboard:
            dashboard = Dashboard(tmp_path / "data", **options)
            if account is not None:
                dashboard.publish(account)
            dashboard.start()
            stack.callback(dashboard.stop)
            return dashboard

        yield start


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=15_000)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    if not _CHROMIUM.exists():
        pytest.fail(f"The browser tests need Chromium at {_CHROMIUM}: apt-get update && apt-get install -y chromium")
    running = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
    yield running
    running.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a page in a fresh profile at the fixed time. Fails the test if the page complains on its console."""
    complaints: list[str] = []
    with ExitStack() as stack:

        def opened(width: int = 1440, height: int = 900, *, may_complain: bool = False, **options: Any) -> Page:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                **{"locale": "en-GB", "timezone_id": "Europe/London", **options},
            )
            stack.callback(context.close)
            page = context.new_page()
            page.clock.set_fixed_time(NOW)
            page.set_default_timeout(15_000)
            if not may_complain:
                page.on("console", lambda message: _note(complaints, message.type, message.text))
                page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
    assert not complaints


def _note(complaints: list[str], kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        complaints.append(f"{kind}: {text}")


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keeps a screenshot under ``tests/browser/screenshots``, for people to look at."""

    def take(page: Page, name: str, *, full_page: bool = True) -> None:
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=full_page, animations="disabled")

    return take
