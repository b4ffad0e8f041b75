"""The tags of an object: up to ten pairs, set with it or later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.oss.errors import INVALID_TAG
from emulator.oss.requests import OssRequest
from emulator.oss.responses import version_header, xml_response
from emulator.oss.xml import parsed, text_of

MAX_TAGS = 10
MAX_KEY, MAX_VALUE = 128, 256


def put_object_tagging(request: OssRequest) -> Response:
    """PutObjectTagging: all tags anew."""
    root = parsed(request.checked_body(), "Tagging")
    tags = checked_tags((text_of(tag, "Key"), text_of(tag, "Value")) for tag in root.iterfind("TagSet/Tag"))
    stored = request.buckets.set_tags(request.bucket, request.key, tags)
    return Response(200, headers=version_header(stored.version))


def get_object_tagging(request: OssRequest) -> Response:
    """GetObjectTagging."""
    stored = request.bucket.object(request.key)
    tags = [("Tag", [("Key", key), ("Value", value)]) for key, value in stored.content.tags.items()]
    return xml_response("Tagging", [("TagSet", tags)], version_header(stored.version))


def delete_object_tagging(request: OssRequest) -> Response:
    """DeleteObjectTagging."""
    stored = request.buckets.set_tags(request.bucket, request.key, {})
    return Response(204, headers=version_header(stored.version))


def header_tags(request: OssRequest) -> Mapping[str, str]:
    """The tags in `x-oss-tagging`, URL-encoded pairs. Raises ApiError InvalidTag."""
    return checked_tags(parse_qsl(request.headers.get("x-oss-tagging", ""), keep_blank_values=True))


def checked_tags(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The pairs as tags. Raises ApiError InvalidTag for too many, or keys that are empty, too long, or repeated."""
    listed = list(pairs)
    tags = dict(listed)
    lengths = all(0 < len(key) <= MAX_KEY and len(value) <= MAX_VALUE for key, value in listed)
    if len(tags) != len(listed) or len(tags) > MAX_TAGS or not lengths:
        raise ApiError(INVALID_TAG)
    return tags
