"""Submitting to one product: what may have been submitted counts against the vendor's limit, what was not does not."""

from __future__ import annotations

import asyncio

import pytest

from functions.errors import Reason
from functions.products.cdn import CDN
from functions.products.submit.kinds import URLS_PER_MINUTE
from functions.products.submit.rejections import Submitted
from functions.products.submit.submitter import ProductSubmitter
from tests.support.scripted_client import ScriptedClient, caller_over, refuses
from tests.support.virtual_time import LoopClock, run

FILES = CDN.submits[0]
URLS = tuple(f"http://example.com/{number}" for number in range(URLS_PER_MINUTE))


@pytest.mark.parametrize(("without_effect", "calls"), [(False, 1), (True, 2)])
def test_only_what_was_surely_not_submitted_is_given_back_to_the_minute(without_effect: bool, calls: int) -> None:
    client = ScriptedClient(refuses(Reason.REJECTED, without_effect=without_effect))

    async def main() -> Submitted:
        action = FILES.operation.action
        submitter = ProductSubmitter({action: caller_over(client, operation=FILES.operation)}, (FILES,), LoopClock())
        deadline = asyncio.get_running_loop().time() + 30
        await submitter.submit(FILES, URLS, deadline)
        return await submitter.submit(FILES, URLS[:1], deadline)

    (refused,) = run(main()).refused
    assert refused.object_paths == URLS[:1]
    assert len(client.calls) == calls
