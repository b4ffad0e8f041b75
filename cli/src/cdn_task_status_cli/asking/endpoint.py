"""Where the service is."""

from __future__ import annotations

import base64
import re
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from cdn_task_status_cli.faults import UsageError

_PATH = re.compile(r"[\x21-\x7e]*")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """A proxy in between, as the environment names it; its password is in no repr."""

    host: str
    port: int
    headers: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Endpoint:
    """The service's address, taken apart; `path` is what comes before `/v1/`."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        """As people write it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}"

    def proxy(self) -> Proxy | None:
        """The one of HTTP_PROXY, HTTPS_PROXY, NO_PROXY or the system's settings. Raises UsageError."""
        address = urllib.request.getproxies().get(self.scheme)
        if not address or urllib.request.proxy_bypass(self.host):
            return None
        parts = _split(address if "://" in address else f"http://{address}")
        if parts is None or parts.scheme != "http" or not parts.hostname:
            raise UsageError(f"{self.scheme.upper()}_PROXY: it must be like http://proxy.example.com:3128")
        return Proxy(parts.hostname, parts.port or _PORTS["http"], _proxy_headers(parts))


def endpoint_of(text: str | None) -> Endpoint:
    """The endpoint written as a URL. Raises UsageError, which does not repeat what may hold a secret."""
    if not text:
        raise UsageError("where is the service? Set TASK_STATUS_URL=https://status.example.com, or give --endpoint")
    parts = _split(text.strip())
    well_formed = parts and parts.scheme in _PORTS and parts.hostname and _PATH.fullmatch(parts.path)
    if not parts or not well_formed or parts.query or parts.fragment or "@" in parts.netloc:
        raise UsageError(
            "the endpoint must be like https://status.example.com or http://127.0.0.1:9000: "
            "no user, no password, no query"
        )
    return Endpoint(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme], parts.path.rstrip("/"))


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _proxy_headers(parts: SplitResult) -> dict[str, str]:
    if parts.username is None:
        return {}
    credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}
