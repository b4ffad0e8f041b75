"""What must hold for any bytes that come from outside, as functions for a fuzzer: they raise when it does not."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import ada_url
import msgspec

from functions.api.parsing.query import to_query
from functions.api.parsing.raw import from_json, from_query_string
from functions.errors import InvalidRequest, UpstreamFault
from functions.events.parsing.envelope import read_envelope
from functions.events.parsing.events import MalformedEvent
from functions.logs.redaction import MAX_CHARACTERS, clean_text
from functions.products.reading.rows import read_tasks
from functions.products.reading.vocabulary import Vocabulary
from functions.settings import Settings
from functions.tasks.listing.page_token import PageTokens
from functions.tasks.query import ListQuery, Scope
from functions.urls import InvalidUrl, host_of, normal_url, sendable_url

CORPUS = Path(__file__).parents[1] / "samples" / "fuzz"
_HIGHEST_PROGRESS = 100
_SETTINGS = Settings()
_QUERY = ListQuery(products=("cdn", "vod"))
_TOKENS = PageTokens(_SETTINGS)


def vendor_body(data: bytes) -> None:
    """Rows are read or refused; what is read can be told as JSON."""
    try:
        body: Any = msgspec.json.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return
    try:
        read = read_tasks(body, Vocabulary(), product="cdn")
    except UpstreamFault:
        return
    assert all(row.task_id == task_id for task_id, rows in read.rows.items() for row in rows)
    assert all(0 <= (row.progress or 0) <= _HIGHEST_PROGRESS for rows in read.rows.values() for row in rows)
    msgspec.json.encode(read)


def event(data: bytes) -> None:
    """Records are read or refused; what is read can be told as JSON."""
    try:
        read = read_envelope(data)
    except MalformedEvent:
        return
    msgspec.json.encode(read)


def url(data: bytes) -> None:
    """Both spellings are final, and a browser finds the same host."""
    text = data.decode("utf-8", "replace")
    try:
        sendable, normal = sendable_url(text), normal_url(text)
    except InvalidUrl:
        return
    assert sendable_url(sendable) == sendable
    assert normal_url(sendable) == normal_url(normal) == normal
    assert sendable.isascii()
    if sendable.startswith(("http://", "https://")):
        assert ada_url.URL(sendable).hostname == host_of(text)


def page_token(data: bytes) -> None:
    """A body with the right seal gives cursors or a refusal: without a secret everybody can seal one."""
    token = urlsafe_b64encode(_TOKENS._seal(data) + data).rstrip(b"=").decode()
    try:
        cursors = _TOKENS.read(token, _QUERY)
    except InvalidRequest:
        return
    assert cursors.keys() <= set(_QUERY.products)


def parameters(data: bytes) -> None:
    """A query string or a JSON body asks something or is refused."""
    for read in (from_query_string, from_json):
        with suppress(InvalidRequest):
            to_query(read(data), _SETTINGS, Scope())


def log_text(data: bytes) -> None:
    """What goes to a log is bounded and printable."""
    cleaned = clean_text(data.decode("utf-8", "surrogateescape"))
    assert len(cleaned) <= MAX_CHARACTERS + 1
    assert "\n" not in cleaned
    assert "\x1b" not in cleaned
    cleaned.encode()


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {each.__name__: each for each in (vendor_body, event, url, page_token, parameters, log_text)}
)
