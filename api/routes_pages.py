"""``/`` with its files under ``/static/``, and the setup guide."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

from api import guide
from api.errors import PageMissing
from api.html_page import html_page
from api.pages import PageResponse
from api.static_files import StaticFiles

_GUIDE = "integrations/amazon-sp-api-setup"
_CACHING = {"Cache-Control": "private, no-cache"}


def add_routes(app: FastAPI, static_dir: Path, docs_dir: Path) -> None:
    """Put the addresses on the application."""
    files = StaticFiles(static_dir)
    app.mount(StaticFiles.PREFIX, files)

    @app.get("/", include_in_schema=False)
    async def dashboard() -> Response:
        if not (static_dir / "index.html").is_file():
            raise PageMissing("The dashboard page is not part of this installation.")
        return PageResponse(await asyncio.to_thread(files.page, "index.html"))

    @app.get(f"/docs/{_GUIDE}", include_in_schema=False)
    async def setup_guide() -> Response:
        try:
            text = await asyncio.to_thread((docs_dir / f"{_GUIDE}.md").read_text, encoding="utf-8")
        except FileNotFoundError:
            raise PageMissing(
                f"The setup guide is not part of this installation. It is docs/{_GUIDE}.md of the source."
            ) from None
        return html_page(guide.title_of(text) or "Setup guide", guide.render(text), headers=_CACHING)
