"""Operations on buckets: their list, their making and end, what they are, their cross-origin rules."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from emulator.core.errors import ApiError
from emulator.core.responses import Response
from emulator.events.oss_event import REGION
from emulator.oss.buckets import BucketSettings
from emulator.oss.cors import CorsRule
from emulator.oss.errors import INVALID_BUCKET_NAME, MALFORMED_XML, NO_SUCH_CORS
from emulator.oss.requests import OssRequest
from emulator.oss.responses import xml_date, xml_response
from emulator.oss.xml import XML_TYPE, Pair, parsed

DEFAULT_BUCKETS, MAX_BUCKETS = 100, 1_000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_CORS_LISTS = {
    "allowed_origins": "AllowedOrigin",
    "allowed_methods": "AllowedMethod",
    "allowed_headers": "AllowedHeader",
    "expose_headers": "ExposeHeader",
}


def list_buckets(request: OssRequest) -> Response:
    """ListBuckets: those of the caller's account, by name."""
    most = request.number("max-keys", DEFAULT_BUCKETS, 1, MAX_BUCKETS)
    prefix, marker = request.query.get("prefix", ""), request.query.get("marker", "")
    own = sorted(
        (each for each in request.buckets.all() if each.account == request.account), key=lambda each: each.name
    )
    behind = [each for each in own if each.name.startswith(prefix) and each.name > marker]
    page, more = behind[:most], len(behind) > most
    return xml_response(
        "ListAllMyBucketsResult",
        [
            ("Prefix", prefix),
            ("Marker", marker),
            ("MaxKeys", most),
            ("IsTruncated", more),
            ("NextMarker", page[-1].name if more else None),
            _owner(request.account),
            ("Buckets", [("Bucket", _listed(request, each)) for each in page]),
        ],
    )


def put_bucket(request: OssRequest) -> Response:
    """PutBucket: one that the caller has already is left as it is."""
    if _NAME.fullmatch(request.bucket_name) is None:
        raise ApiError(INVALID_BUCKET_NAME)
    public = request.headers.get("x-oss-acl") == "public-read-write"
    request.buckets.create_new(BucketSettings(name=request.bucket_name, account=request.account, public_write=public))
    return Response(200, headers={"location": f"/{request.bucket_name}"})


def delete_bucket(request: OssRequest) -> Response:
    """DeleteBucket: only an empty one."""
    request.buckets.remove(request.bucket_name)
    return Response(204)


def get_bucket_info(request: OssRequest) -> Response:
    """GetBucketInfo: versioning is named only once it has been switched on."""
    settings = request.bucket.settings
    bucket: list[Pair] = [
        *_listed(request, settings),
        ("DataRedundancyType", "LRS"),
        ("Versioning", settings.versioning),
        _owner(settings.account),
        ("AccessControlList", [("Grant", settings.acl)]),
    ]
    return xml_response("BucketInfo", [("Bucket", bucket)])


def get_bucket_location(request: OssRequest) -> Response:
    """GetBucketLocation."""
    del request
    return Response(200, f"<LocationConstraint>oss-{REGION}</LocationConstraint>".encode(), XML_TYPE)


def get_bucket_acl(request: OssRequest) -> Response:
    """GetBucketAcl."""
    settings = request.bucket.settings
    grant: Pair = ("AccessControlList", [("Grant", settings.acl)])
    return xml_response("AccessControlPolicy", [_owner(settings.account), grant])


def get_bucket_versioning(request: OssRequest) -> Response:
    """GetBucketVersioning: an empty document until versioning has been switched on once."""
    return xml_response("VersioningConfiguration", [("Status", request.bucket.settings.versioning)])


def put_bucket_cors(request: OssRequest) -> Response:
    """PutBucketCors: all rules anew."""
    root = parsed(request.checked_body(), "CORSConfiguration")
    request.buckets.set_cors(request.bucket_name, tuple(_cors_rule(element) for element in root.iterfind("CORSRule")))
    return Response(200)


def get_bucket_cors(request: OssRequest) -> Response:
    """GetBucketCors."""
    rules = request.bucket.settings.cors
    if not rules:
        raise ApiError(NO_SUCH_CORS)
    return xml_response("CORSConfiguration", [("CORSRule", _cors_members(rule)) for rule in rules])


def delete_bucket_cors(request: OssRequest) -> Response:
    """DeleteBucketCors."""
    request.buckets.set_cors(request.bucket_name, ())
    return Response(204)


def _listed(request: OssRequest, settings: BucketSettings) -> list[Pair]:
    host = request.headers.get("host", "")
    return [
        ("Name", settings.name),
        ("CreationDate", xml_date(settings.created_at)),
        ("Location", f"oss-{REGION}"),
        ("Region", REGION),
        ("ExtranetEndpoint", host),
        ("IntranetEndpoint", host),
        ("StorageClass", "Standard"),
    ]


def _owner(account: str) -> Pair:
    return ("Owner", [("ID", account), ("DisplayName", account)])


def _cors_rule(element: ET.Element) -> CorsRule:
    age = element.findtext("MaxAgeSeconds")
    if age is not None and not age.isdecimal():
        raise ApiError(MALFORMED_XML)
    lists = {field: tuple(each.text or "" for each in element.iterfind(name)) for field, name in _CORS_LISTS.items()}
    return CorsRule(**lists, max_age_seconds=None if age is None else int(age))


def _cors_members(rule: CorsRule) -> list[Pair]:
    lists: list[Pair] = [(name, value) for field, name in _CORS_LISTS.items() for value in getattr(rule, field)]
    return [*lists, ("MaxAgeSeconds", rule.max_age_seconds)]
