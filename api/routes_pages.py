"""``/`` with its files under ``/static/``, and the setup guide."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api import guide
from api.errors import PageMissing
from api.html_page import html_page

_GUIDE = "integrations/amazon-sp-api-setup"
_CACHING = {"Cache-Control": "private, no-cache"}


class _Files(StaticFiles):
    """Static files that a browser asks about each time, so that an upgrade shows at once."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_CACHING)
        return response


def add_routes(app: FastAPI, static_dir: Path, docs_dir: Path) -> None:
    """Put the addresses on the application."""
    app.mount("/static", _Files(directory=static_dir, check_dir=False))

    @app.get("/", include_in_schema=False)
    async def dashboard() -> Response:
        page = static_dir / "index.html"
        if not page.is_file():
            raise PageMissing("The dashboard page is not part of this installation.")
        return FileResponse(page, headers=_CACHING)

    @app.get(f"/docs/{_GUIDE}", include_in_schema=False)
    async def setup_guide() -> Response:
        try:
            text = await asyncio.to_thread((docs_dir / f"{_GUIDE}.md").read_text, encoding="utf-8")
        except FileNotFoundError:
            raise PageMissing(
                f"The setup guide is not part of this installation. It is docs/{_GUIDE}.md of the source."
            ) from None
        return html_page(guide.title_of(text) or "Setup guide", guide.render(text), headers=_CACHING)
