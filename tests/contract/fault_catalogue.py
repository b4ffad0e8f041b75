"""The faults of the matrix as data: what the vendor does, and what is right for rows, quotas and submits."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import msgspec

from functions.errors import Concern
from functions.upstream.error_codes import ERROR_CODES, ErrorCode
from functions.upstream.http_session import MAX_BODY_BYTES
from tests.support.stand_in import (
    Reply,
    body,
    close,
    drip,
    error,
    hang,
    http,
    raw,
    reset,
    reset_in_the_middle,
    text,
)

MALFORMED, UNAVAILABLE, TIMEOUT, UNKNOWN = "malformed", "unavailable", "timeout", "unknown-outcome"


class Fault(msgspec.Struct, frozen=True):
    """What the stand-in does, and the right outcome: of lookups and lists, of quotas, and of submits.

    An outcome is a reason, or a number of rows. `unsent` is that of a submit which did not come to its own call: the
    one before it met the fault. The call may take `seconds`.
    """

    reply: Reply
    rows: str | int
    quota: str
    submit: str
    unsent: str = UNAVAILABLE
    seconds: float = 100.0


def failing(
    reply: Reply, reason: str, submit: str = UNKNOWN, *, unsent: str | None = None, seconds: float = 100.0
) -> Fault:
    passing = UNAVAILABLE if reason in {MALFORMED, TIMEOUT} else reason
    return Fault(reply, rows=reason, quota=reason, submit=submit, unsent=unsent or passing, seconds=seconds)


def endless(reply: Reply) -> Fault:
    return failing(reply, TIMEOUT, seconds=5.0)


def shaped(value: Any, rows: str | int) -> Fault:
    """A successful answer of an odd shape: it has neither quotas nor ids of new tasks."""
    return Fault(body(value), rows=rows, quota=MALFORMED, submit=UNKNOWN)


TRANSPORT: Mapping[str, Fault] = {
    "hang": endless(hang),
    "head drips": endless(drip(b"HTTP/1.1 200 OK\r\nX: y\r\n")),
    "body drips": endless(drip(http(200, b"", length=10_000_000))),
    "close": failing(close, UNAVAILABLE),
    "reset": failing(reset, UNAVAILABLE),
    "reset in the middle": failing(reset_in_the_middle, UNAVAILABLE),
    "truncated": failing(raw(http(200, b'{"RequestId": "R"', length=500), then_close=True), UNAVAILABLE),
    "no HTTP": failing(raw(b"\x00\xff\xfe SSH-2.0\r\n\r\n", then_close=True), UNAVAILABLE),
    "bad chunk": failing(
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}", then_close=True), UNAVAILABLE
    ),
    "bad gzip": failing(raw(http(200, b"no gzip", "Content-Encoding: gzip")), UNAVAILABLE),
    "gzip bomb": failing(raw(http(200, gzip.compress(bytes(MAX_BODY_BYTES + 1)), "Content-Encoding: gzip")), MALFORMED),
    "204": failing(raw(b"HTTP/1.1 204 No Content\r\n\r\n"), MALFORMED),
    "redirect": failing(raw(http(302, b"", "Location: /elsewhere")), MALFORMED),
    "page with 200": failing(text("<html>"), MALFORMED),
    "page with 403": failing(text("<html>", 403), MALFORMED, UNAVAILABLE),
    "page with 408": failing(text("<html>", 408), MALFORMED),
    "page with 429": failing(text("<html>", 429), "throttled", "throttled"),
    "page with 502": failing(text("<html>", 502), UNAVAILABLE),
    "nothing with 200": failing(text(""), MALFORMED),
    "nothing with 500": failing(text("", 500), UNAVAILABLE),
    "a list with 500": failing(body([], 500), UNAVAILABLE),
    "no UTF-8": failing(raw(http(200, b'{"RequestId": "\xff"}')), MALFORMED),
}

_OF_FAMILY = {"ObjectPath": "http://a/1", "ObjectType": "file"}
_OF_ESA = {"Content": "http://a/1", "Type": "file"}
_ROW = {"TaskId": "1", **_OF_FAMILY, **_OF_ESA, "Status": "Complete", "Process": "100%"}

SHAPES: Mapping[str, Fault] = {
    "null": shaped(None, MALFORMED),
    "a list": shaped([_ROW], MALFORMED),
    "a text": shaped("Tasks", MALFORMED),
    "a number": shaped(1, MALFORMED),
    "an empty object": shaped({}, MALFORMED),
    "no Tasks": shaped({"RequestId": "R"}, 0),
    "Tasks null": shaped({"Tasks": None}, 0),
    "Tasks empty": shaped({"Tasks": {}}, 0),
    "Tasks a text": shaped({"Tasks": "none"}, MALFORMED),
    "Tasks wrapped": shaped({"Tasks": {"CDNTask": [_ROW]}}, 1),
    "Tasks one row": shaped({"Tasks": _ROW}, 1),
    "Tasks with null": shaped({"Tasks": [None, _ROW]}, 1),
    "Tasks of texts": shaped({"Tasks": ["1"]}, MALFORMED),
    "lower case": shaped({"tasks": [{name.lower(): value for name, value in _ROW.items()}]}, 1),
    "numbers for texts": shaped({"Tasks": [{**_ROW, "TaskId": 1, "Process": 100}], "TotalCount": "9" * 5_000}, 1),
    "nonsense in a row": shaped({"Tasks": [{**_ROW, "Status": [], "Process": "1" + " " * 30_000 + "x"}]}, 1),
    "surrogates": shaped({"RequestId": "\ud800", "Tasks": [{**_ROW, "Description": "\udfff\n"}]}, 1),
    "deep": failing(raw(http(200, b'{"Tasks":' + b"[" * 100_000 + b"]" * 100_000 + b"}")), MALFORMED),
    "an error with 200": failing(body({"Code": "Forbidden.RAM", "Message": "no"}), "denied", "denied"),
    "a message with 200": failing(body({"Message": "no"}), "rejected"),
}


def _documented(row: ErrorCode) -> Fault:
    # Of URLs refused together no one is known to be the bad one.
    submit = {row.submit.value, "rejected"} if row.concerns is Concern.ITEM else {row.submit.value}
    unsent = row.submit.value if row.submit.certain else None
    return failing(error(row.code.replace("*", "")), row.reason.value, "+".join(sorted(submit)), unsent=unsent)


CODES: Mapping[str, Fault] = {
    # One code of each kind; that every code is in the table is another test's claim.
    **{
        f"{row.code} ({row.concerns})": _documented(row)
        for row in {(row.reason, row.submit, row.concerns): row for row in ERROR_CODES if row.text is None}.values()
    },
    "unheard-of with 400": failing(error("NeverHeardOf"), "rejected", "rejected"),
    "unheard-of with 403": failing(error("NeverHeardOf", 403), "rejected", "rejected"),
    "unheard-of with 500": failing(error("NeverHeardOf", 500), UNAVAILABLE),
}

SITES = body({"RequestId": "R", "TotalCount": 1, "Sites": [{"SiteId": 1, "SiteName": "example.com"}]})
"""ESA's right answer to ListSites, which each of its other operations needs first."""

FAULTS: Mapping[str, Fault] = {**TRANSPORT, **SHAPES, **CODES}
