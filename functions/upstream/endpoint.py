"""Where an API of the vendor is called."""

from __future__ import annotations

import re

import msgspec

_ENDPOINT = re.compile(r"(?:(https?)://)?([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?/?")


class Endpoint(msgspec.Struct, frozen=True):
    """`host` or `host:port`, and the protocol: `HTTPS`, or `HTTP` for the emulator."""

    host: str
    protocol: str = "HTTPS"


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint in `host` or `http://host:port`. Raises ValueError."""
    match = _ENDPOINT.fullmatch(text)
    if not match:
        raise ValueError("it must be a host, or http://host:port")
    scheme, host, port = match.groups()
    return Endpoint(host=host + (port or ""), protocol=(scheme or "https").upper())
