"""An action is called again where that can help, in time, and a submit never twice in doubt."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, cast

import pytest

from functions.errors import Concern, Reason, UpstreamFault
from functions.products.cdn import CDN
from functions.upstream.caller import ActionCaller
from functions.upstream.metrics import ActionStats
from functions.upstream.operation import Operation
from functions.upstream.rate_limiter import RateLimiter
from functions.upstream.sdk_client import RawAnswer, SdkClient
from tests.support.scripted_client import BY_ID, Script, ScriptedClient, caller_over
from tests.support.virtual_time import run

SUBMIT = CDN.submits[0].operation
ANSWER = RawAnswer({}, "R")


def failing(*faults: UpstreamFault) -> Script:
    """These faults one after the other, then an answer."""
    left = list(faults)

    def script(_: Mapping[str, Any]) -> RawAnswer:
        if left:
            raise left.pop(0)
        return ANSWER

    return script


def fault(reason: Reason, **more: Any) -> UpstreamFault:
    return UpstreamFault(reason, product="cdn", **more)


def call(
    *faults: UpstreamFault, operation: Operation = BY_ID, seconds: float = 10.0
) -> tuple[RawAnswer | UpstreamFault, int, float]:
    """What came of a call, in how many attempts, and the rate that is left."""
    client = ScriptedClient(failing(*faults))

    async def main() -> tuple[RawAnswer | UpstreamFault, float]:
        caller = caller_over(client, operation=operation)
        try:
            return await caller.call({}, asyncio.get_running_loop().time() + seconds), caller.limiter.rate
        except UpstreamFault as met:
            return met, caller.limiter.rate

    result, rate = run(main())
    return result, len(client.calls), rate


@pytest.mark.parametrize("reason", [Reason.THROTTLED, Reason.TIMEOUT, Reason.UNAVAILABLE])
def test_what_may_pass_is_tried_again(reason: Reason) -> None:
    assert call(fault(reason), fault(reason))[:2] == (ANSWER, 3)


@pytest.mark.parametrize("reason", [Reason.DENIED, Reason.REJECTED, Reason.MALFORMED, Reason.NOT_ACTIVATED])
def test_what_would_be_the_same_again_is_not_tried_again(reason: Reason) -> None:
    result, attempts, _ = call(fault(reason))
    assert isinstance(result, UpstreamFault)
    assert (result.reason, attempts) == (reason, 1)


def test_the_fault_told_is_that_of_the_last_attempt_and_not_of_the_waiting() -> None:
    met = [fault(Reason.UNAVAILABLE, detail=str(number)) for number in range(20)]
    result, attempts, _ = call(*met, seconds=1.0)
    assert result is met[attempts - 1]
    assert attempts > 1


def test_a_time_to_come_back_that_is_too_late_ends_it() -> None:
    assert call(fault(Reason.UNAVAILABLE, retry_after=60.0))[1] == 1


def test_a_submit_is_repeated_only_when_the_vendor_surely_did_nothing() -> None:
    assert call(fault(Reason.UNAVAILABLE), operation=SUBMIT)[1] == 1
    assert call(fault(Reason.UNAVAILABLE, without_effect=True), operation=SUBMIT)[1] == 2


def test_a_domain_s_limit_says_nothing_of_the_rate() -> None:
    whole = call()[2]
    assert call(fault(Reason.THROTTLED, concerns=Concern.ACCOUNT))[2] < whole
    assert call(fault(Reason.THROTTLED, concerns=Concern.DOMAIN, retry_after=60.0))[2] == whole


def test_without_a_permit_in_time_nothing_is_called() -> None:
    client = ScriptedClient(failing())

    async def main() -> UpstreamFault:
        caller = caller_over(client, rate=1)
        now = asyncio.get_running_loop().time()
        await caller.call({}, now + 10)
        with pytest.raises(UpstreamFault) as refused:
            await caller.call({}, now + 0.5)
        return refused.value

    refused = run(main())
    assert (refused.reason, refused.without_effect, len(client.calls)) == (Reason.THROTTLED, True, 1)


def test_every_call_fault_throttling_and_retry_is_counted_once() -> None:
    met = [fault(Reason.THROTTLED), fault(Reason.THROTTLED, concerns=Concern.DOMAIN), fault(Reason.UNAVAILABLE)]
    client = ScriptedClient(failing(*met), latency=0.25)

    async def main() -> ActionStats:
        caller = caller_over(client)
        await caller.call({}, asyncio.get_running_loop().time() + 30)
        return caller.stats()

    counted = run(main())
    assert (counted.calls, counted.faults, counted.throttles, counted.retries) == (4, 3, 1, 3)
    assert counted.latency == 0.25, "of the call that was answered"


def test_a_call_that_was_never_answered_has_no_latency() -> None:
    client = ScriptedClient(failing(fault(Reason.DENIED)))

    async def main() -> ActionStats:
        caller = caller_over(client)
        with pytest.raises(UpstreamFault):
            await caller.call({}, asyncio.get_running_loop().time() + 30)
        return caller.stats()

    assert run(main()).latency is None


def test_the_pause_before_a_retry_doubles_and_jitter_halves_it_at_most() -> None:
    met = [fault(Reason.UNAVAILABLE) for _ in range(3)]

    def pauses(jitter: float) -> list[float]:
        client = ScriptedClient(failing(*met), latency=0.0)

        async def main() -> None:
            caller = ActionCaller(BY_ID, cast("SdkClient", client), RateLimiter(30), jitter=lambda: jitter)
            await caller.call({}, asyncio.get_running_loop().time() + 30)

        run(main())
        return [round(later - earlier, 3) for earlier, later in pairwise(client.sent_at)]

    assert pauses(1.0) == [0.1, 0.2, 0.4]
    assert pauses(0.0) == [0.05, 0.1, 0.2]


def test_a_call_that_was_given_up_has_no_latency_and_is_logged_with_its_ids(caplog: pytest.LogCaptureFixture) -> None:
    client = ScriptedClient(failing(), latency=5.0)

    async def main() -> ActionStats:
        caller = caller_over(client)
        calling = asyncio.create_task(caller.call({"TaskId": "1,2"}, asyncio.get_running_loop().time() + 30))
        await asyncio.sleep(1)
        calling.cancel()
        await asyncio.wait([calling])
        return caller.stats()

    with caplog.at_level(logging.INFO):
        assert run(main()).latency is None
    (line,) = (each.members for each in caplog.records if each.msg == "vendor call" and hasattr(each, "members"))
    assert (line["taskId"], line["outcome"], line["seconds"]) == ("1,2", "abandoned", 1.0)
