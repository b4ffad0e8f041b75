"""The status page, the JavaScript client and its types: files that hold no data of the account."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.api.negotiation import already_has

WEB = Path(__file__).parent.parent.parent / "web"
PAGE = "index.html"
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".ts": "text/plain; charset=utf-8",
    }
)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Content-Security-Policy of the page: all it runs and asks is its own, and nothing in it is made from texts."""
# Modules import each other by name: a browser that asks each time whether they are current never mixes two versions.
_ALWAYS = {"Cache-Control": "no-cache"}
_WITH_THE_PAGE = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}


class _File(msgspec.Struct, frozen=True):
    """A file as it is sent."""

    content: bytes
    version: str


def file_routes() -> list[Route]:
    """A route for each file below `web/` that is of a known kind; the page's is `/`."""
    names = (path.relative_to(WEB).as_posix() for path in sorted(WEB.rglob("*")) if path.suffix in MEDIA_TYPES)
    return [_route(name) for name in names]


def _route(name: str) -> Route:
    headers = {**_ALWAYS, **(_WITH_THE_PAGE if name == PAGE else {})}
    media_type = MEDIA_TYPES[Path(name).suffix]

    async def send(request: Request) -> Response:
        file = _read(name)
        versioned = {**headers, "ETag": f'W/"{file.version}"'}
        if already_has(", ".join(request.headers.getlist("if-none-match")), file.version):
            return Response(status_code=304, headers=versioned)
        return Response(file.content, headers=versioned, media_type=media_type)

    return Route("/" if name == PAGE else f"/{name}", send, methods=["GET"])


@cache
def _read(name: str) -> _File:
    content = (WEB / name).read_bytes()
    return _File(content, hashlib.blake2b(content, digest_size=12).hexdigest())
