"""The front of the edge: it is addressed by the domains it serves."""

from __future__ import annotations

from emulator.core.http1_parser import Request
from emulator.core.responses import Response, Transmission, transmit
from emulator.edge.edges import Edges


class EdgeHandler:
    """Answers whatever names one of the domains as its host."""

    def __init__(self, edges: Edges) -> None:
        """Serves `edges`."""
        self._edges = edges

    def accepts(self, request: Request) -> bool:
        """Whether the host is one of the domains."""
        return self._edges.serves(_host(request))

    def handle(self, request: Request, connection: int) -> Transmission:
        """The object as the edge has it."""
        del connection
        if request.method not in {"GET", "HEAD"}:
            return transmit(Response(405, content_type="text/html"))
        return transmit(self._edges.answer(_host(request), request))

    def reject(self, request: Request, message: str) -> Response:
        """400 for a request whose body is malformed."""
        del request
        return Response(400, message.encode(), "text/plain")


def _host(request: Request) -> str:
    return request.headers.get("host", "").partition(":")[0].lower()
