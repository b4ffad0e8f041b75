"""What the answers of OSS's operations have in common: documents, dates, keys, the headers of an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import quote

from emulator.core.errors import NO_HEADERS
from emulator.core.responses import Response
from emulator.oss.models import StoredObject
from emulator.oss.xml import XML_TYPE, Pair, document


def xml_response(root: str, pairs: Iterable[Pair], headers: Mapping[str, str] = NO_HEADERS) -> Response:
    """200 with a document."""
    return Response(200, document(root, pairs), XML_TYPE, headers)


def http_date(epoch: float) -> str:
    """As headers carry it."""
    return formatdate(epoch, usegmt=True)


def xml_date(epoch: float) -> str:
    """As documents carry it, `2012-02-24T08:42:32.000Z`."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def encode_key(key: str, encoding: str | None) -> str:
    """A key as a document carries it: percent-encoded where the client asked for that."""
    return quote(key) if encoding == "url" else key


def version_header(version: str | None) -> Mapping[str, str]:
    """The header that names a version, where there are versions."""
    return {"x-oss-version-id": version} if version else {}


def write_headers(stored: StoredObject) -> Mapping[str, str]:
    """The headers of an answer to whatever has written an object."""
    return {"etag": stored.quoted_etag, "x-oss-hash-crc64ecma": str(stored.crc64), **version_header(stored.version)}
