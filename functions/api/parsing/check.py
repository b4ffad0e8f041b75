"""From a body to the URL that is to be checked: of a host that the settings name and the caller's token allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from functions.api.parsing.raw import FaultList, shown
from functions.errors import InvalidRequest, ParameterFault
from functions.tasks.query import Audience
from functions.tasks.submit import MAX_URL
from functions.urls import InvalidUrl, host_of, sendable_url

_URL = "url"
SCHEMA: Mapping[str, Any] = MappingProxyType(
    {
        "title": "Check",
        "type": "object",
        "additionalProperties": False,
        "required": [_URL],
        "properties": {
            _URL: {
                "type": "string",
                "maxLength": MAX_URL,
                "description": "With its scheme, and without a port; of a host that may be checked.",
                "examples": ["https://img.example.com/logo.png"],
            }
        },
    }
)
"""The body, as JSON Schema."""


def to_checked_url(written: Mapping[str, object], hosts: Collection[str], audience: Audience) -> str:
    """The URL as clients send it.

    Raises InvalidRequest: `invalid-request`, `forbidden` for a host outside of the token's domains, and
    `host-not-checked` for one that is not among `hosts`.
    """
    faults = FaultList()
    for name in written.keys() - {_URL}:
        # Its value is not echoed: somebody may have put a token there.
        faults.add(name[:100], None, f"unknown member; known is {_URL}")
    url = _sendable(written.get(_URL), faults)
    faults.raise_any()
    if not audience.shows(url):
        _refuse(url, "forbidden", "its host is not among the token's domains")
    if host_of(url) not in hosts:
        _refuse(url, "host-not-checked", "its host is not one that may be checked here")
    return url


def _sendable(value: object, faults: FaultList) -> str:
    if not isinstance(value, str):
        faults.add(_URL, None if value is None else shown(value), "it must be a string")
        return ""
    try:
        url = sendable_url(value)
    except InvalidUrl as invalid:
        faults.add(_URL, value, str(invalid))
        return ""
    scheme, _, rest = url.partition("://")
    if scheme not in {"http", "https"}:
        faults.add(_URL, value, "it must begin with http:// or https://")
    elif ":" in rest.partition("/")[0]:
        faults.add(_URL, value, "it must have no port")
    elif len(url) > MAX_URL:
        faults.add(_URL, value, f"it has more than {MAX_URL} characters")
    return url


def _refuse(url: str, reason: str, detail: str) -> NoReturn:
    fault = ParameterFault(parameter=_URL, value=url[:100], detail=detail)
    raise InvalidRequest((fault,), reason=reason)
