"""The floor: a bare Starlette route that returns one file's bytes, under uvicorn with the product's options."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def main() -> None:
    """``python -m benchmarks.api.bare PORT FILE``."""
    body = Path(sys.argv[2]).read_bytes()

    async def page(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    uvicorn.run(
        Starlette(routes=[Route("/", page)]),
        port=int(sys.argv[1]),
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


if __name__ == "__main__":
    main()
