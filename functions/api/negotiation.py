"""What a caller accepts: representations, compression, versions it already has (RFC 9110, 8.8.3, 12.4 and 12.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

import msgspec
from starlette.datastructures import Headers

from functions.api.problems import RequestRefused

_ENTITY_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_QUALITY = re.compile(r"q\s*=\s*([01](?:\.\d{0,3})?)", re.IGNORECASE)


class Representation(StrEnum):
    """In which form a report can be sent."""

    JSON = "application/json"
    EVENT_STREAM = "text/event-stream"


class _Choice(msgspec.Struct, frozen=True):
    """One element of an Accept header, e.g. `text/*;q=0.5`."""

    name: str
    quality: float


def representation(accept: str, offered: Iterable[Representation]) -> Representation:
    """The best of what is offered, JSON when all is equal.

    Raises RequestRefused: `streaming-unavailable` when only an event stream would do and none is offered, else
    `not-acceptable`.
    """
    choices = _choices(accept) or (_Choice("*/*", 1.0),)
    best = max(offered, key=lambda media: (_quality(media, choices), media is Representation.JSON))
    if _quality(best, choices) > 0:
        return best
    if _quality(Representation.EVENT_STREAM, choices) > 0:
        raise RequestRefused("streaming-unavailable", "An event stream is not possible here; ask for application/json.")
    raise RequestRefused("not-acceptable", "Only application/json is offered; the Accept header excludes it.")


def json_only(headers: Headers) -> None:
    """Raises RequestRefused (`not-acceptable`) for a caller that does not accept JSON."""
    representation(", ".join(headers.getlist("accept")), (Representation.JSON,))


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip is wanted; a header that does not name it does not ask for it."""
    return any(choice.name in {"gzip", "x-gzip"} and choice.quality > 0 for choice in _choices(accept_encoding))


def already_has(if_none_match: str, version: str) -> bool:
    """Whether the caller holds `version`, by weak comparison: `W/` makes no difference."""
    held = if_none_match.strip()
    return held == "*" or f'"{version}"' in _ENTITY_TAG.findall(held)


def _choices(header: str) -> tuple[_Choice, ...]:
    return tuple(_choice(part) for part in header.split(",") if part.strip())


def _choice(part: str) -> _Choice:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    found = (_QUALITY.fullmatch(parameter) for parameter in parameters)
    return _Choice(name.lower(), next((float(match[1]) for match in found if match), 1.0))


def _quality(media: str, choices: tuple[_Choice, ...]) -> float:
    """The quality of the most specific range that covers `media`, 0 when none does."""
    kind = media.partition("/")[0]
    for name in (media, f"{kind}/*", "*/*"):
        for choice in choices:
            if choice.name == name:
                return choice.quality
    return 0.0
