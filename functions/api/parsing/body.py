"""The body of a POST: JSON, in UTF-8, of bounded size."""

from __future__ import annotations

from starlette.requests import Request

from functions.api.negotiation import Representation
from functions.api.problems import RequestRefused

MAX_BODY = 262_144


async def json_body(request: Request) -> bytes:
    """The whole body of a POST. Raises RequestRefused: it is not JSON, it is too large, or the URL has a query."""
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].split(";")[0].strip(' "')
    coding = request.headers.get("content-encoding", "identity").lower()
    if media.strip() != Representation.JSON or charset not in {"", "utf-8"} or coding != "identity":
        raise RequestRefused(
            "unsupported-media-type", "Send Content-Type: application/json, in UTF-8 and not compressed."
        )
    if request.scope["query_string"]:
        raise RequestRefused("invalid-request", "Here everything stands in the body; the URL has no query.")
    body = bytearray()
    # Counted as it comes: a chunked body names no length.
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise RequestRefused("body-too-large", f"A body may have {MAX_BODY} bytes.")
    return bytes(body)
