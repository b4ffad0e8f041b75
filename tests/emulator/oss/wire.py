"""OSS requests by hand, signed by the SDK's own signer: what no client would send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import msgspec
from alibabacloud_oss_v2.credentials import Credentials
from alibabacloud_oss_v2.signer import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext

from emulator.testing import Emulator
from tests.emulator.wire import Answer, exchange


class OssRequest(msgspec.Struct, kw_only=True):
    """A request that is right until a test spoils it; `query` as it stands in the target."""

    bucket: str = "pics"
    key: str = "a"
    method: str = "GET"
    query: str = ""
    body: bytes = b""
    key_id: str = "emulator"
    secret: str = "emulator"
    token: str | None = None
    headers: dict[str, str] = {}
    at: datetime | None = None
    signed_too: frozenset[str] = frozenset()

    def signed(self, emu: Emulator) -> dict[str, str]:
        """The headers, Authorization among them."""
        target = f"{emu.url}/{self.bucket}/{quote(self.key)}" + (f"?{self.query}" if self.query else "")
        request = HttpRequest(self.method, target, headers={"host": emu.endpoint, **self.headers})
        context = SigningContext(
            product="oss",
            region="cn-hangzhou",
            bucket=self.bucket,
            key=self.key,
            request=request,
            credentials=Credentials(self.key_id, self.secret, self.token),
            signing_time=self.at or datetime.now(UTC),
            additional_headers=set(self.signed_too),
        )
        SignerV4().sign(context)
        return {name.lower(): value for name, value in request.headers.items()}

    def send(
        self, emu: Emulator, *, after_signing: Mapping[str, str | None] | None = None, target: str | None = None
    ) -> Answer:
        """Its answer; `after_signing` replaces or (None) drops headers, `target` replaces the target."""
        changed = {**self.signed(emu), "content-length": str(len(self.body)), **(after_signing or {})}
        own_target = f"/{self.bucket}/{quote(self.key)}" + (f"?{self.query}" if self.query else "")
        lines = [
            f"{self.method} {target or own_target} HTTP/1.1",
            *(f"{name}: {value}" for name, value in changed.items() if value is not None),
        ]
        return exchange(emu, ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body)


def code_in(answer: Answer) -> tuple[int, str]:
    """Status and error code of an answer in XML, "" without a code."""
    code = answer.body.partition(b"<Code>")[2].partition(b"</Code>")[0]
    return answer.status, code.decode()
