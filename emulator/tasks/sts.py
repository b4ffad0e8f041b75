"""STS, as far as a function uses it: AssumeRole.

https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from emulator.core.errors import ErrorResponse, api_error
from emulator.core.roles import Roles
from emulator.tasks.limits import ProductLimits
from emulator.tasks.product import Body, Context, Operation, Parameter, Product

LIMITS = ProductLimits(qps={"AssumeRole": 100}, quotas={}, preload_queue=0)
DEFAULT_SECONDS = 3_600
THROTTLING = ErrorResponse(400, "Throttling.User", "Request was denied due to user flow control.")
_ARN = re.compile(r"acs:ram::[0-9]+:role/[A-Za-z0-9._-]+")
_SESSION = re.compile(r"[A-Za-z0-9.@_-]{2,64}")
_PARAMETERS = (
    Parameter("RoleArn", required=True),
    Parameter("RoleSessionName", required=True),
    Parameter("DurationSeconds", "Integer"),
    *map(Parameter, ("Policy", "ExternalId", "SourceIdentity")),
)


def sts_product(roles: Roles) -> Product:
    """STS over these roles. Keys go by the real clock, as signatures do."""

    def assume_role(context: Context) -> Body:
        arn, session = context.params["RoleArn"], context.params["RoleSessionName"]
        if not _ARN.fullmatch(arn):
            raise api_error(400, "InvalidParameter.RoleArn", "The parameter RoleArn is wrongly formed.")
        if not _SESSION.fullmatch(session):
            raise api_error(400, "InvalidParameter.RoleSessionName", "The parameter RoleSessionName is wrongly formed.")
        seconds = int(context.get("DurationSeconds") or DEFAULT_SECONDS)
        key = roles.assume(arn, context.account, context.get("ExternalId"), seconds, time.time())
        ends = datetime.fromtimestamp(key.expires_at or 0.0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "AssumedRoleUser": {"Arn": f"{arn}/{session}", "AssumedRoleId": f"{key.account}:{session}"},
            "Credentials": {
                "AccessKeyId": key.id,
                "AccessKeySecret": key.secret,
                "SecurityToken": key.token,
                "Expiration": ends,
            },
        }

    return Product(
        name="sts",
        title="Sts",
        version="2015-04-01",
        host="sts.aliyuncs.com",
        throttling=THROTTLING,
        limits=LIMITS,
        operations=(Operation("AssumeRole", _PARAMETERS, assume_role),),
        samples=(),
    )
