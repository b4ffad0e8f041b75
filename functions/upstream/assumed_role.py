"""The access key of a RAM role in another account: had from STS, kept while it is good, renewed before it is over.

https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-assumerole
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.logs.redaction import remember_secret
from functions.model import Clock, Moment, in_account
from functions.upstream.caller import ActionCaller
from functions.upstream.credentials import AccessKey, Credentials, credential_of
from functions.upstream.endpoint import Endpoint
from functions.upstream.operation import Operation, OperationKind
from functions.upstream.rate_limiter import RateLimiter
from functions.upstream.sdk_client import SdkClient
from functions.upstream.single_flight import SingleFlight

if TYPE_CHECKING:
    from alibabacloud_credentials.models import CredentialModel

ASSUME_ROLE = Operation(
    product="sts",
    sdk_package="alibabacloud_sts20150401",
    action="AssumeRole",
    kind=OperationKind.CREDENTIALS,
    qps=10,
)
"""STS documents 100 calls a second; one an hour for each account and instance is what is needed."""
DEFAULT_ENDPOINT = Endpoint("sts.aliyuncs.com")
REGION = "cn-hangzhou"
"""For the SDK's constructor only: the endpoint is always given."""
SESSION = "cdn-task-status"
"""How ActionTrail of the other account names who called."""
KEY_SECONDS = 3_600
"""How long a key is good: the longest that a role which assumes another one is given."""
RENEWED_SECONDS = 300
"""A key is renewed so long before it is over; while STS is away it serves on, up to `LAST_SECONDS`."""
LAST_SECONDS = 30
EARLY_WAIT_SECONDS = 1.0
"""How long a call waits for a new key while the old one is good."""
PAUSE_SECONDS = 10.0
"""How long STS is not asked again after it gave no key."""
_NOT_OF_STS = frozenset({Reason.DEADLINE, Reason.THROTTLED})
"""Without a code of the vendor these say that whoever asked had too little time left: others may have more."""
_NEW_SECONDS = 60.0
"""A key younger than this that is refused would be followed by one that is refused."""


class RoleSession(msgspec.Struct, frozen=True):
    """A role's key, and when it was asked for."""

    key: AccessKey
    asked: Moment


class AssumedRole:
    """`Credentials` of one account, shared by its products."""

    def __init__(
        self, role: str, external_id: str | None, caller: ActionCaller, client: SdkClient, clock: Clock
    ) -> None:
        """`role` is its ARN; `caller` calls AssumeRole by `client`, signed with the own key. Nothing is asked yet."""
        self._parameters: Mapping[str, Any] = {
            "RoleArn": role,
            "RoleSessionName": SESSION,
            "DurationSeconds": KEY_SECONDS,
            **({} if external_id is None else {"ExternalId": external_id}),
        }
        self._client = client
        self._caller = caller
        self._clock = clock
        self._session: RoleSession | None = None
        self._fault: tuple[Moment, UpstreamFault] | None = None
        self._renewals: SingleFlight[None] = SingleFlight(clock, 0, 1)

    async def prepare(self, deadline: float) -> None:
        """Have a key that is good for some time. Raises UpstreamFault when there is none."""
        left = self._seconds_left()
        if left > RENEWED_SECONDS:
            return
        if left <= LAST_SECONDS:
            await self._renew(deadline)
            return
        with suppress(UpstreamFault):
            await self._renew(min(deadline, asyncio.get_running_loop().time() + EARLY_WAIT_SECONDS))

    def newest(self) -> AccessKey:
        """The role's key; empty before there is one."""
        return AccessKey("", "") if self._session is None else self._session.key

    def refused(self, key: AccessKey) -> bool:
        """Whether there is another key by now, or this one is old enough to be worth replacing: it is dropped then."""
        session = self._session
        if session is None or session.key != key:
            return True
        if session.asked.age_at(self._clock.now()) < _NEW_SECONDS:
            return False
        self._session = None
        return True

    def close(self) -> None:
        """Stop the threads that ask STS."""
        self._client.close()

    def get_credential(self) -> CredentialModel:
        """`newest()` in the SDK's form. Raises NoCredentials when there is none."""
        return credential_of(self.newest())

    def _seconds_left(self) -> float:
        """By age, not by the Expiration that STS names: this machine's clock may differ from the vendor's."""
        if self._session is None:
            return 0.0
        return KEY_SECONDS - self._session.asked.age_at(self._clock.now())

    async def _renew(self, deadline: float) -> None:
        await self._renewals.run(None, lambda: self._ask(deadline))

    async def _ask(self, deadline: float) -> None:
        asked = self._clock.now()
        if self._fault is not None and self._fault[0].age_at(asked) < PAUSE_SECONDS:
            raise self._fault[1].in_product(self._caller.operation.product)
        try:
            answer = await self._caller.call(self._parameters, deadline)
            self._session = RoleSession(_key_in(answer.body, self._caller.operation.product), asked)
        except UpstreamFault as fault:
            if fault.reason not in _NOT_OF_STS or fault.vendor_code is not None:
                self._fault = (asked, fault)
            raise
        self._fault = None


def assumed_role(  # noqa: PLR0913 -- members, each by name
    account: str,
    *,
    role: str,
    external_id: str | None,
    endpoint: Endpoint,
    own: Credentials,
    clock: Clock,
) -> AssumedRole:
    """The credentials of an account; `own` are those that may assume its role."""
    operation = msgspec.structs.replace(ASSUME_ROLE, product=in_account(account, ASSUME_ROLE.product))
    client = SdkClient(operation.sdk_package, endpoint, REGION, own)
    caller = ActionCaller(operation, client, RateLimiter(operation.qps))
    return AssumedRole(role, external_id, caller, client, clock)


def _key_in(body: Any, product: str) -> AccessKey:
    """The key in STS's answer. Raises UpstreamFault(MALFORMED)."""
    found = body.get("Credentials") if isinstance(body, dict) else None
    names = ("AccessKeyId", "AccessKeySecret", "SecurityToken")
    parts = [found.get(name) for name in names] if isinstance(found, dict) else []
    texts = [part for part in parts if isinstance(part, str) and part]
    remember_secret(*texts)
    if len(texts) < len(names):
        raise UpstreamFault(Reason.MALFORMED, product=product, detail="the answer has no complete key")
    return AccessKey(*texts)
