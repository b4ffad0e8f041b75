"""Sharing, batching, keeping and giving up, in virtual time over a real caller."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.errors import Concern, Reason, UpstreamFault
from functions.products.cdn import CDN
from functions.products.lookup.by_id import BatchedLookup
from functions.products.lookup.cache import TaskCache
from functions.products.lookup.loader import LookupResult, TaskLoader
from functions.products.reading.rows import ParsedRows, read_tasks
from functions.upstream.batcher import Batcher
from functions.upstream.fair_queue import Lane
from functions.upstream.sdk_client import RawAnswer
from tests.support.scripted_client import Script, ScriptedClient, answer, caller_over, knows_all, refuses, row
from tests.support.virtual_time import LoopClock, run


def read_cdn_rows(body: object) -> ParsedRows:
    return read_tasks(body, CDN.words, product="cdn")


class Bench:
    """One product's loader over a scripted client."""

    def __init__(
        self, script: Script = knows_all, *, rate: float = 30, fresh: float = 1.0, latency: float = 0.05
    ) -> None:
        self.client = ScriptedClient(script, latency)
        self.caller = caller_over(self.client, rate)
        self.clock = LoopClock()
        self.cache = TaskCache(self.clock, fresh)
        self.loader = TaskLoader(self.caller, 10, BatchedLookup(self.caller, read_cdn_rows), self.cache, self.clock)
        assert isinstance(self.loader.batcher, Batcher)
        self.batcher = self.loader.batcher

    async def ask(self, *task_ids: str, seconds: float = 10.0) -> dict[str, LookupResult]:
        deadline = asyncio.get_running_loop().time() + seconds
        with self.loader.load(task_ids, deadline) as ask:
            await ask.settled(deadline)
            return ask.results()


def ids(count: int) -> list[str]:
    return [str(number) for number in range(1, count + 1)]


def moving(parameters: Mapping[str, Any]) -> RawAnswer:
    return answer(*(row(task_id, "Refreshing", Process="10%") for task_id in parameters["TaskId"].split(",")))


def test_twenty_five_ids_of_an_idle_service_travel_in_three_calls_without_delay() -> None:
    bench = Bench()

    async def main() -> None:
        findings = await bench.ask(*ids(25))
        assert all(finding.snapshot for finding in findings.values())

    run(main())
    assert [len(call["TaskId"].split(",")) for call in bench.client.calls] == [10, 10, 5]
    assert bench.client.sent_at == [0, 0, 0]


def test_lookups_of_one_task_running_are_one_call() -> None:
    bench = Bench()

    async def main() -> None:
        findings = await asyncio.gather(*(bench.ask("7") for _ in range(100)))
        assert all(found["7"].snapshot for found in findings)

    run(main())
    assert len(bench.client.calls) == 1
    assert bench.caller.metrics.shared == 99


def test_ids_of_different_requests_share_a_call_while_another_is_running() -> None:
    bench = Bench()

    async def later(task_id: str, after: float) -> None:
        await asyncio.sleep(after)
        assert (await bench.ask(task_id))[task_id].snapshot

    async def main() -> None:
        await asyncio.gather(bench.ask("1"), *(later(str(n), 0.01 + n / 1000) for n in range(2, 9)))

    run(main())
    assert len(bench.client.calls) == 2


def test_a_done_task_is_never_asked_again_and_a_moving_one_after_its_second() -> None:
    done, running = Bench(), Bench(moving)

    async def main() -> None:
        for bench in (done, running):
            for _ in range(3):
                await bench.ask("1")
            await asyncio.sleep(1.0)
            await bench.ask("1")

    run(main())
    assert len(done.client.calls) == 1
    assert len(running.client.calls) == 2


def test_a_young_complete_task_is_final_only_after_two_equal_looks_five_seconds_apart() -> None:
    def young(parameters: Mapping[str, Any]) -> RawAnswer:
        return answer(row(parameters["TaskId"], CreationTime="2026-11-22T03:30:00Z"))  # when virtual time begins

    bench = Bench(young)

    async def main() -> list[bool]:
        looks = []
        for pause in (0, 2, 4):
            await asyncio.sleep(pause)
            snapshot = (await bench.ask("1"))["1"].snapshot
            assert snapshot
            looks.append(snapshot.done)
        return looks

    assert run(main()) == [False, False, True]


def test_a_task_that_has_just_become_complete_is_final_only_when_it_stayed_so_for_five_seconds() -> None:
    bench = Bench(moving)

    async def looks(*pauses: float) -> list[bool]:
        done = []
        for pause in pauses:
            await asyncio.sleep(pause)
            snapshot = (await bench.ask("1"))["1"].snapshot
            assert snapshot
            done.append(snapshot.done)
        return done

    async def main() -> list[bool]:
        assert await looks(0, 30) == [False, False]
        bench.client.script = lambda parameters: answer(row(parameters["TaskId"], CreationTime="2026-11-22T03:30:00Z"))
        return await looks(2, 2, 4)

    assert run(main()) == [False, False, True]


def test_an_unknown_id_is_asked_again_while_it_may_appear_and_once_a_minute_after() -> None:
    bench = Bench(lambda _: answer())

    async def main() -> tuple[int, int]:
        for _ in range(60):
            await bench.ask("1")
            await asyncio.sleep(1)
        young = len(bench.client.calls)
        for _ in range(59):
            await bench.ask("1")
            await asyncio.sleep(1)
        return young, len(bench.client.calls) - young

    young, old = run(main())
    assert young >= 50
    assert old <= 2


def test_a_batch_refused_for_one_bad_id_is_split_until_the_bad_one_stands_alone() -> None:
    def hates_five(parameters: Mapping[str, Any]) -> RawAnswer:
        if "5" in parameters["TaskId"].split(","):
            raise UpstreamFault(
                Reason.REJECTED, product="cdn", vendor_code="InvalidTaskId.Malformed", concerns=Concern.ITEM
            )
        return knows_all(parameters)

    bench = Bench(hates_five)

    async def main() -> None:
        findings = await bench.ask(*ids(10))
        assert [task_id for task_id, finding in findings.items() if finding.snapshot is None] == ["5"]

    run(main())


def test_throttled_calls_are_repeated_until_they_pass() -> None:
    refused = iter([True, True, True])

    def busy(parameters: Mapping[str, Any]) -> RawAnswer:
        if next(refused, False):
            raise UpstreamFault(Reason.THROTTLED, product="cdn", retry_after=0.2)
        return knows_all(parameters)

    bench = Bench(busy)

    async def main() -> None:
        assert (await bench.ask("1"))["1"].snapshot

    run(main())
    assert len(bench.client.calls) == 4


@pytest.mark.parametrize("reason", [Reason.DENIED, Reason.BAD_CREDENTIALS, Reason.REJECTED, Reason.MALFORMED])
def test_a_refusal_that_another_attempt_cannot_mend_is_not_repeated(reason: Reason) -> None:
    bench = Bench(refuses(reason))

    async def main() -> None:
        fault = (await bench.ask("1"))["1"].fault
        assert fault
        assert fault.reason is reason

    run(main())
    assert len(bench.client.calls) == 1


def test_a_product_that_fails_keeps_a_found_task_for_a_minute_with_its_age() -> None:
    failing = False

    def script(parameters: Mapping[str, Any]) -> RawAnswer:
        if failing:
            raise UpstreamFault(Reason.DENIED, product="cdn")
        return moving(parameters)

    bench = Bench(script)

    async def main() -> list[bool]:
        nonlocal failing
        await bench.ask("1")
        failing = True
        kept = []
        for pause in (30, 29, 2):
            await asyncio.sleep(pause)
            finding = (await bench.ask("1"))["1"]
            assert finding.fault
            kept.append(finding.snapshot is not None)
        return kept

    assert run(main()) == [True, True, False]


def test_an_id_never_seen_is_told_throttled_at_once_when_no_call_can_come_in_time() -> None:
    bench = Bench(rate=1)

    async def main() -> float:
        findings = await bench.ask(*ids(60), seconds=3)
        throttled = [finding for finding in findings.values() if finding.fault]
        assert all(finding.fault and finding.fault.reason is Reason.THROTTLED for finding in throttled)
        assert all(finding.fault and (finding.fault.retry_after or 0) >= 3 for finding in throttled)
        assert len(throttled) == 30
        started = asyncio.get_running_loop().time()
        other = asyncio.create_task(bench.ask(*ids(60), seconds=30))
        await asyncio.sleep(0)
        refused = (await bench.ask("99", seconds=1))["99"]
        waited = asyncio.get_running_loop().time() - started
        assert refused.fault
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        return waited

    assert run(main()) == 0


def test_the_last_known_answer_is_given_with_its_age_rather_than_after_a_long_wait() -> None:
    bench = Bench(moving, rate=1)

    async def main() -> LookupResult:
        await bench.ask("1")
        crowd = asyncio.create_task(bench.ask(*ids(100)[1:], seconds=60))
        await asyncio.sleep(1.2)
        finding = (await bench.ask("1"))["1"]
        crowd.cancel()
        await asyncio.gather(crowd, return_exceptions=True)
        return finding

    finding = run(main())
    assert finding.snapshot
    assert finding.fault
    assert finding.fault.reason is Reason.THROTTLED


def test_what_nobody_waits_for_any_more_is_dropped_before_it_costs_a_call() -> None:
    bench = Bench(rate=1, latency=0.2)

    async def main() -> None:
        crowd = [asyncio.create_task(bench.ask(*(str(n * 100 + k) for k in range(10)))) for n in range(1, 6)]
        await asyncio.sleep(0.1)
        for task in crowd[1:]:
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        await asyncio.sleep(10)
        assert (await bench.ask("7"))["7"].snapshot

    run(main())
    assert len(bench.client.calls) == 2


def test_a_call_whose_last_waiter_left_is_cut_and_the_next_asker_gets_a_new_one() -> None:
    bench = Bench(latency=0.5)

    async def main() -> LookupResult:
        first = asyncio.create_task(bench.ask("1"))
        await asyncio.sleep(0.1)
        first.cancel()
        await asyncio.sleep(0)
        return (await bench.ask("1"))["1"]

    assert run(main()).snapshot
    assert bench.client.abandoned == 1
    assert len(bench.client.calls) == 2


def test_a_call_given_up_before_its_first_step_gives_its_token_back() -> None:
    bench = Bench(rate=1)

    async def main() -> LookupResult:
        with bench.loader.load(["1"], 10.0):
            await asyncio.sleep(0)  # the batch has departed, its task has not begun
            assert bench.batcher._running
        found = (await bench.ask("2"))["2"]
        assert asyncio.get_running_loop().time() < 1, "the token was free at once"
        return found

    assert run(main()).snapshot
    assert [call["TaskId"] for call in bench.client.calls] == ["2"]
    assert not bench.batcher._running


def test_a_waiter_with_a_short_deadline_does_not_take_the_answer_from_the_patient_one() -> None:
    bench = Bench(latency=2.0)

    async def main() -> tuple[LookupResult, LookupResult]:
        hasty, patient = await asyncio.gather(bench.ask("1", seconds=0.5), bench.ask("1", seconds=9))
        return hasty["1"], patient["1"]

    hasty, patient = run(main())
    assert hasty.fault
    assert hasty.fault.reason is Reason.TIMEOUT
    assert patient.snapshot


@settings(max_examples=50, deadline=None)
@given(
    requests=st.lists(
        st.tuples(
            st.lists(st.integers(1, 30), min_size=1, max_size=25, unique=True), st.floats(0, 2), st.floats(0.05, 4)
        ),
        min_size=1,
        max_size=12,
    ),
    faults=st.lists(st.sampled_from([None, None, *Reason]), max_size=30),
    rate=st.integers(1, 30),
    cancelled=st.sets(st.integers(0, 11)),
)
def test_every_id_of_every_request_is_answered_exactly_once_whatever_happens(
    requests: list[tuple[list[int], float, float]], faults: list[Reason | None], rate: int, cancelled: set[int]
) -> None:
    trouble = iter(faults)

    def script(parameters: Mapping[str, Any]) -> RawAnswer:
        reason = next(trouble, None)
        if reason is not None:
            raise UpstreamFault(reason, product="cdn")
        return moving(parameters)

    bench = Bench(script, rate=rate)

    async def one(wanted: Collection[int], start: float, seconds: float) -> dict[str, LookupResult]:
        await asyncio.sleep(start)
        return await bench.ask(*map(str, wanted), seconds=seconds)

    async def main() -> None:
        tasks = [asyncio.create_task(one(*request)) for request in requests]
        await asyncio.sleep(0.5)
        for number in cancelled:
            if number < len(tasks):
                tasks[number].cancel()
        for request, outcome in zip(requests, await asyncio.gather(*tasks, return_exceptions=True), strict=True):
            if isinstance(outcome, asyncio.CancelledError):
                continue
            assert isinstance(outcome, dict), outcome
            assert set(outcome) == set(map(str, request[0]))
            assert all(finding.snapshot or finding.fault for finding in outcome.values())
        await asyncio.sleep(20)
        assert not bench.batcher._queue
        assert not bench.loader.batcher.calls_for(0, lane=Lane.NEW, caller="anonymous")

    run(main())


def test_an_id_that_no_call_was_free_for_ran_out_of_time_and_no_call_of_it_did() -> None:
    bench = Bench(latency=5.0, rate=1)

    async def main() -> LookupResult:
        with bench.loader.load(["1"], 10.0):
            await asyncio.sleep(0.1)
            with bench.loader.load(["2"], 10.0) as ask:
                await ask.settled(0.5)
                return ask.results()["2"]

    result = run(main())
    assert result.fault is not None
    assert (result.fault.reason, result.batch) == (Reason.DEADLINE, None)


def test_ids_answered_from_the_cache_are_counted_as_such() -> None:
    bench = Bench()

    async def main() -> None:
        await bench.ask("1", "2")
        await bench.ask("1", "2", "3")

    run(main())
    assert bench.caller.metrics.hits == 2
