"""The SDK's client and its threads."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from functions.products.cdn import CDN
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import Endpoint
from functions.upstream.sdk_client import RawAnswer, SdkClient

ENDPOINT = Endpoint("127.0.0.1:1", "HTTP")


class StuckClient(SdkClient):
    """Its call ends when it is told to, whatever happens to its socket."""

    begun, end = threading.Event(), threading.Event()

    def _call(self, *_: Any) -> RawAnswer:
        self.begun.set()
        return RawAnswer({"told to end": self.end.wait(60)}, None)


def test_closing_does_not_wait_for_a_thread_that_is_still_in_a_call() -> None:
    async def main() -> RawAnswer:
        client = StuckClient(CDN.sdk_package, ENDPOINT, CDN.region, CredentialSource({}))
        calling = asyncio.create_task(client.call(CDN.lookup.operation, {}, 1_000))
        await asyncio.to_thread(StuckClient.begun.wait)
        client.close()
        StuckClient.end.set()
        return await calling

    assert asyncio.run(main()).body == {"told to end": True}


def test_the_sdk_s_own_log_of_whole_requests_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """`DEBUG=sdk` would write signatures (docs/vendor.md 7.8)."""
    sdk_log = logging.getLogger("darabonba-core")
    monkeypatch.setattr(sdk_log, "level", logging.DEBUG)
    SdkClient(CDN.sdk_package, ENDPOINT, CDN.region, CredentialSource({}))._loaded()
    assert sdk_log.level == logging.WARNING
