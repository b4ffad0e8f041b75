"""The `pageToken`: where every product stands, sealed, and good for one question of one scope only.

It holds a cursor by time for each product that has tasks left; one that could not be read at all stands at the end time
of the first page. Nothing of it lives on the server, so any instance can go on from it. A token that was changed, made
for another question or scope, or written by another version is refused: `page-token-invalid`.

The seal's key is a secret of the settings where there is one: all instances have it. Without any, everybody can compute
the key. Then the seal notices damage, not malice, and that is enough, for a token grants nothing: the scope is judged
anew on every page by the caller's own rights, and all that a forged cursor can do is begin elsewhere in what the caller
may list anyway. The account's access key would be no choice: on Function Compute each instance has its own, for hours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from functions.errors import InvalidRequest, ParameterFault
from functions.settings import Settings
from functions.tasks.listing.cursor import Cursor
from functions.tasks.query import INTERNAL, ListQuery

REASON = "page-token-invalid"
_VERSION = 1
_SEAL_BYTES = 16
_DIGEST_BYTES = 12
_PURPOSE = b"cdn-task-status page token"


class Bookmark(msgspec.Struct, frozen=True, array_like=True):
    """A product without a cursor has nothing left."""

    version: int
    question: bytes
    cursors: Mapping[str, Cursor]


class PageTokens:
    """Writes tokens and reads them back."""

    def __init__(self, settings: Settings) -> None:
        """Any secret of the settings will do, as long as every instance has it."""
        secret = (settings.auth.jwt_secret or "").encode() or settings.webhook_secret or b""
        self._key = hashlib.blake2b(secret, person=_PURPOSE[:16]).digest()

    def write(self, query: ListQuery, cursors: Mapping[str, Cursor]) -> str:
        """The token for what is left of `query`."""
        body = msgspec.msgpack.encode(Bookmark(_VERSION, _digest(query), cursors))
        return base64.urlsafe_b64encode(self._seal(body) + body).rstrip(b"=").decode()

    def read(self, token: str, query: ListQuery) -> Mapping[str, Cursor]:
        """The cursors that `write` was given for the same question. Raises InvalidRequest."""
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise _refused("it is not the nextPageToken of an answer") from None
        seal, body = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(body)):
            raise _refused("it is not the nextPageToken of an answer, or it has been changed")
        bookmark = _decoded(body)
        if bookmark.question != _digest(query):
            raise _refused("it belongs to another question: a next page has the same filters and the same rights")
        if not bookmark.cursors.keys() <= set(query.products):
            raise _refused("it is not the nextPageToken of an answer")
        return bookmark.cursors

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_SEAL_BYTES]


def _decoded(body: bytes) -> Bookmark:
    try:
        bookmark = msgspec.msgpack.decode(body, type=Bookmark)
    # Of texts that are not UTF-8 msgspec raises the codec's own error.
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _refused("another version of this service wrote it; begin with the first page") from None
    if bookmark.version != _VERSION:
        raise _refused("another version of this service wrote it; begin with the first page")
    return bookmark


def _digest(query: ListQuery) -> bytes:
    """A hash of every field of the query but those that may differ from page to page."""
    asked = msgspec.structs.replace(
        query,
        object_paths=tuple(sorted(query.object_paths)),
        object_types=tuple(sorted(query.object_types)),
        statuses=tuple(sorted(query.statuses)),
        page_size=0,
        page_token=None,
        objects=0,
        scope=msgspec.structs.replace(query.scope, caller=INTERNAL),
    )
    return hashlib.blake2b(msgspec.msgpack.encode(asked, order="deterministic"), digest_size=_DIGEST_BYTES).digest()


def _refused(detail: str) -> InvalidRequest:
    return InvalidRequest((ParameterFault(parameter="pageToken", value=None, detail=detail),), reason=REASON)
