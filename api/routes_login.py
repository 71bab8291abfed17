"""``/login`` and ``/logout``: a browser trades the API key for a session cookie, for EventSource sends no headers."""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from api.auth import COOKIE, SESSION_LASTS, Guard
from api.errors import ApiError, BodyTooLarge, CrossSite, Unauthorized
from api.html_page import html_page

_MOST_FORM_BYTES: Final = 4096


def add_routes(app: FastAPI, guard: Guard | None) -> None:
    """Put the addresses on the application. Without a key there is nothing to log in to: they lead to the dashboard."""

    @app.get("/login", include_in_schema=False)
    async def login_form() -> Response:
        return _to("/") if guard is None else _form()

    @app.post("/login", include_in_schema=False)
    async def log_in(request: Request) -> Response:
        if guard is None:
            return _to("/")
        _refuse_cross_site(request)
        try:
            session = guard.log_in(await _given_key(request), request.client.host if request.client else "")
        except ApiError as error:
            return _form(error)
        response = _to("/")
        _set_cookie(response, request, session, int(SESSION_LASTS.total_seconds()))
        return response

    @app.post("/logout", include_in_schema=False)
    async def log_out(request: Request) -> Response:
        _refuse_cross_site(request)
        if guard is None:
            return _to("/")
        guard.log_out(request.headers.get("cookie", "").encode("latin-1"))
        response = _to("/login")
        _set_cookie(response, request, "", 0)
        return response


def _form(error: ApiError | None = None) -> Response:
    problem = ""
    if error is not None:
        text = "That is not the key." if isinstance(error, Unauthorized) else error.message
        problem = f'<p class="problem" role="alert">{escape(text)}</p>'
    body = (
        f"<h1>Amazon Pipeline</h1>{problem}"
        '<form method="post" action="/login"><label for="key">API key</label>'
        '<input id="key" name="key" type="password" autocomplete="current-password" required autofocus> '
        "<button>Log in</button></form><p>The key is the server's <code>AMAZON_API_KEY</code>.</p>"
    )
    headers = {"Cache-Control": "no-store", **(error.headers if error else {})}
    return html_page("Log in - Amazon Pipeline", body, status=error.status if error else 200, headers=headers)


def _to(path: str) -> Response:
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})


def _set_cookie(response: Response, request: Request, value: str, seconds: int) -> None:
    # behind a proxy that we were not told to trust, only the browser's own Origin tells that its side is https
    secure = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
    response.set_cookie(COOKIE, value, max_age=seconds, httponly=True, samesite="strict", secure=secure)


def _refuse_cross_site(request: Request) -> None:
    """Browsers say where a form comes from: by Sec-Fetch-Site, or over plain http only by Origin. Programs do not."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        refused = site not in ("same-origin", "none")
    else:
        origin = request.headers.get("origin")
        # a browser's Origin ends with its Host, whatever the scheme; the opaque origin is the word null
        refused = origin is not None and origin.lower().partition("://")[2] != request.headers["host"].lower()
    if refused:
        raise CrossSite


async def _given_key(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM_BYTES:
            raise BodyTooLarge
    fields = parse_qs(body.decode("utf-8", "replace"))
    return fields.get("key", [""])[0]
