"""Operations on buckets: what they are."""

from __future__ import annotations

from emulator.core.responses import Response
from emulator.events.oss_event import REGION
from emulator.oss.requests import OssRequest
from emulator.oss.responses import xml_date, xml_response
from emulator.oss.xml import Pair


def get_bucket_info(request: OssRequest) -> Response:
    """GetBucketInfo: versioning is named only once it has been switched on."""
    settings = request.bucket.settings
    bucket: list[Pair] = [
        ("Name", settings.name),
        ("CreationDate", xml_date(settings.created_at)),
        ("Location", f"oss-{REGION}"),
        ("Region", REGION),
        ("ExtranetEndpoint", request.headers.get("host", "")),
        ("IntranetEndpoint", request.headers.get("host", "")),
        ("StorageClass", "Standard"),
        ("DataRedundancyType", "LRS"),
        ("Versioning", settings.versioning),
        ("Owner", [("ID", settings.account), ("DisplayName", settings.account)]),
        ("AccessControlList", [("Grant", settings.acl)]),
    ]
    return xml_response("BucketInfo", [("Bucket", bucket)])


def get_bucket_versioning(request: OssRequest) -> Response:
    """GetBucketVersioning: an empty document until versioning has been switched on once."""
    return xml_response("VersioningConfiguration", [("Status", request.bucket.settings.versioning)])
