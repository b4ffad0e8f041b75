"""Operations on buckets: what they are."""

from __future__ import annotations

from emulator.http1 import Reply
from emulator.notifications.event import REGION
from emulator.oss.asked import Asked, xml_date, xml_reply
from emulator.oss.xml import Pair


def get_bucket_info(asked: Asked) -> Reply:
    """GetBucketInfo: versioning is named only once it has been switched on."""
    settings = asked.bucket.settings
    bucket: list[Pair] = [
        ("Name", settings.name),
        ("CreationDate", xml_date(settings.created_at)),
        ("Location", f"oss-{REGION}"),
        ("Region", REGION),
        ("ExtranetEndpoint", asked.headers.get("host", "")),
        ("IntranetEndpoint", asked.headers.get("host", "")),
        ("StorageClass", "Standard"),
        ("DataRedundancyType", "LRS"),
        ("Versioning", settings.versioning),
        ("Owner", [("ID", settings.account), ("DisplayName", settings.account)]),
        ("AccessControlList", [("Grant", settings.acl)]),
    ]
    return xml_reply("BucketInfo", [("Bucket", bucket)])


def get_bucket_versioning(asked: Asked) -> Reply:
    """GetBucketVersioning: an empty document until versioning has been switched on once."""
    return xml_reply("VersioningConfiguration", [("Status", asked.bucket.settings.versioning)])
