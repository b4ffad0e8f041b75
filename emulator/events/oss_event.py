"""What happened to an object, and the bytes in which a native OSS trigger says so (docs/function-compute.md 5)."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

REGION = "cn-hangzhou"
OWNER = "123456789"
"""The account id that events carry; those of the vendor's samples are masked."""


class ObjectEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One change. `name` is without "oss:" (`ObjectCreated:PutObject`), `at` in epoch seconds, sizes in bytes."""

    name: str
    bucket: str
    key: str
    at: float
    etag: str
    size: int
    delta_size: int
    account: str
    request_id: str

    def encoded(self, rule_id: str) -> bytes:
        """The native envelope for one rule: `{"events": [...]}` with this one event, the key as it is."""
        record = {
            "eventName": self.name,
            "eventSource": "acs:oss",
            "eventTime": _whole_second(self.at),
            "eventVersion": "1.0",
            "oss": {
                "bucket": {
                    "arn": f"acs:oss:{REGION}:{OWNER}:{self.bucket}",
                    "name": self.bucket,
                    "ownerIdentity": OWNER,
                },
                "object": {"deltaSize": self.delta_size, "eTag": self.etag, "key": self.key, "size": self.size},
                "ossSchemaVersion": "1.0",
                "ruleId": rule_id,
            },
            "region": REGION,
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"requestId": self.request_id},
            "userIdentity": {"principalId": OWNER},
        }
        return msgspec.json.encode({"events": [record]})


def _whole_second(epoch: float) -> str:
    # OSS writes milliseconds and never has any (docs/function-compute.md 5.1).
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def rule_id_for(*parts: object) -> str:
    """An id as OSS gives its rules: 40 hex digits, the same for the same rule."""
    return hashlib.sha1(repr(parts).encode(), usedforsecurity=False).hexdigest()
