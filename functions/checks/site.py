"""The hosts that may be checked, and where each one's edge and origin are: only settings say so, never a caller."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import msgspec

from functions.checks.address import Address, address_in, is_public
from functions.errors import SettingsError
from functions.settings import Settings
from functions.upstream.endpoint import Endpoint, parse_endpoint
from functions.urls import host_of

_PORTS: Mapping[str, int] = MappingProxyType({"HTTP": 80, "HTTPS": 443})
_OSS = ".aliyuncs.com"
_NOT_OF_A_NAME = frozenset(":/?#@\\")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to ask: the name or address to connect to, and as what to speak to it."""

    host: str
    port: int
    tls: bool
    server_name: str
    """Whose certificate it must show."""
    host_header: str

    @property
    def address(self) -> Address | None:
        """The address where `host` is one and no name."""
        return address_in(self.host)


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One host: its origin, and its edge where that is not what its name resolves to."""

    host: str
    origin: Target
    edge_endpoint: Endpoint | None = None

    def edge(self, scheme: str) -> Target:
        """The edge for URLs of this scheme, `http` or `https`."""
        endpoint = self.edge_endpoint or Endpoint(self.host, scheme.upper())
        return _target(endpoint, server_name=self.host, host_header=self.host)


def sites_of(settings: Settings) -> Mapping[str, Site]:
    """The sites of TASK_STATUS_CHECKS by host. Raises SettingsError."""
    edge = settings.endpoints.get("edge")
    try:
        if edge is not None:
            _refuse_private(_target(edge, server_name="", host_header=""))
        sites = [_site(entry, edge) for entry in settings.checks]
    except ValueError as fault:
        raise SettingsError(
            f"TASK_STATUS_CHECKS: it cannot be used: {fault}."
            " Example: TASK_STATUS_CHECKS=img.example.com=https://pics.oss-cn-hangzhou.aliyuncs.com"
        ) from None
    return MappingProxyType({site.host: site for site in sites})


def _site(entry: str, edge: Endpoint | None) -> Site:
    """`host=origin`, or `host=origin=name`, the name being what the origin is asked by. Raises ValueError."""
    named, _, rest = entry.partition("=")
    origin_text, _, name = rest.partition("=")
    host = _name(named)
    endpoint = parse_endpoint(origin_text)
    where = urlsplit(f"//{endpoint.host}").hostname or ""
    # What the vendor asks origins by, where nothing else is configured (docs/vendor.md 11.2).
    header = _name(name) if name else where if where.endswith(_OSS) else host
    # An address has no certificate: there it is that of the name the origin is asked by.
    origin = _target(endpoint, server_name=header if address_in(where) else where, host_header=header)
    _refuse_private(origin)
    return Site(host=host, origin=origin, edge_endpoint=edge)


def _name(text: str) -> str:
    """The name of a host, as clients send it. Raises ValueError."""
    host = host_of(text)
    if host is None or _NOT_OF_A_NAME & set(text) or address_in(host):
        raise ValueError(f"{text!r} is not the name of a host")
    return host


def _target(endpoint: Endpoint, *, server_name: str, host_header: str) -> Target:
    parts = urlsplit(f"//{endpoint.host}")
    return Target(
        host=parts.hostname or "",
        port=parts.port or _PORTS[endpoint.protocol],
        tls=endpoint.protocol == "HTTPS",
        server_name=server_name,
        host_header=host_header,
    )


def _refuse_private(target: Target) -> None:
    """Raises ValueError for an address that is neither public nor this machine's own, where an emulator may run."""
    address = target.address
    if address is not None and not (is_public(address) or address.is_loopback):
        raise ValueError(f"{address} is not a public address")
