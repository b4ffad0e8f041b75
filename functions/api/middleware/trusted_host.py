"""Refuses requests for another host than this service's, where everybody is let in.

Without it any web page could have its own name resolved to 127.0.0.1 and read the answers of a service that runs there:
DNS rebinding, https://owasp.org/www-community/attacks/DNS_Rebinding .
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from functions.api.problems import RequestRefused


class TrustedHost:
    """Lets requests pass whose Host is a name of this machine's loopback interface, or one of `hosts`."""

    def __init__(self, app: ASGIApp, *, hosts: tuple[str, ...]) -> None:
        """`hosts` are lower case, without ports."""
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Raises RequestRefused (`host-not-allowed`)."""
        if scope["type"] == "http" and not self._trusted(Headers(scope=scope).get("host", "")):
            raise RequestRefused(
                "host-not-allowed",
                "Add the name in the address to TASK_STATUS_ALLOWED_HOSTS, or set TASK_STATUS_AUTH=jwt.",
            )
        await self._app(scope, receive, send)

    def _trusted(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
        except ValueError:
            return False
        return name in self._hosts or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether a host name or address can only be this machine (RFC 6761, 6.3)."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
