"""A media job's tasks as one report, over the emulator's VOD in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from emulator.emulation import Emulation
from emulator.tasks.product import Context
from emulator.tasks.transition import Transition
from functions.errors import Reason, UpstreamFault
from functions.tasks.query import LookupQuery, Scope, Until
from functions.tasks.report import Outcome
from functions.tasks.results import LookupAnswer, NothingAnswered
from functions.tasks.service import TaskService
from tests.support.virtual_service import OPERATIONS, Account, instance_over
from tests.support.virtual_time import run

GOOD, OTHER, BAD = "video", "elsewhere", "broken"
ASK = LookupQuery(ids=(), products=("cdn", "dcdn", "vod"))


def submit(emulation: Emulation, *media_ids: str) -> str:
    params = {"MediaIds": ",".join(media_ids), "TaskType": "Preload"}
    now = emulation.clock.now()
    context = Context("vod", "emulator", params, now, emulation.tasks, emulation.limits)
    return str(OPERATIONS["RefreshMediaPlayUrls"].run(context)["MediaRefreshJobId"])


def world() -> tuple[Account, TaskService]:
    account = Account(limits=False)
    account.tasks.submit_transition = Transition(by="seconds", length=30.0)
    media = account.emulation.media
    media.add(GOOD, ("http://vod.example.com/a.m3u8", "http://vod.example.com/a-1.ts"))
    media.add(OTHER, ("http://vod.example.net/b.m3u8",))
    media.add(BAD, ("http://vod.example.com/c.m3u8",), error_code="PreloadQueueFull")
    return account, instance_over(account)


async def answer(service: TaskService, job_id: str, query: LookupQuery = ASK) -> LookupAnswer:
    found = await service.job("vod", job_id, query)
    assert found is not None
    return await service.lookup(found)


def test_all_tasks_of_a_job_are_one_report_that_can_be_waited_for() -> None:
    async def main() -> None:
        account, service = world()
        job = submit(account.emulation, GOOD, OTHER)
        report = (await answer(service, job)).report
        assert (report.summary.asked, report.summary.found, report.summary.outcome) == (3, 3, None)
        waited = LookupQuery(ids=(), products=("vod",), wait=55)
        later = (await answer(service, job, waited)).report
        if not later.summary.done:  # young tasks settle late
            later = (await answer(service, job, waited)).report
        assert (later.summary.complete, later.summary.outcome) == (3, Outcome.SUCCEEDED)

    run(main())


def test_what_could_not_be_submitted_has_failed_and_says_which_media_and_why() -> None:
    async def main() -> None:
        account, service = world()
        job = submit(account.emulation, GOOD, BAD)
        report = (await answer(service, job)).report
        (rejected,) = report.problems
        assert (rejected.reason, rejected.vendor_code, rejected.media_ids) == (
            "queue-full",
            "PreloadQueueFull",
            (BAD,),
        )
        assert (report.summary.found, report.summary.done, report.summary.outcome) == (2, False, None)
        await asyncio.sleep(120)
        report = (await answer(service, job)).report
        assert (report.summary.complete, report.summary.outcome) == (2, Outcome.FAILED)

    run(main())


def test_a_job_without_any_task_has_failed_at_once() -> None:
    async def main() -> None:
        account, service = world()
        report = (await answer(service, submit(account.emulation, BAD))).report
        assert (report.summary.asked, report.summary.done, report.summary.outcome) == (0, True, Outcome.FAILED)

    run(main())


def test_a_wait_until_failed_ends_where_something_was_not_submitted() -> None:
    async def main() -> None:
        account, service = world()
        job = submit(account.emulation, GOOD, BAD)
        started = asyncio.get_running_loop().time()
        query = LookupQuery(ids=(), products=("vod",), wait=20, until=Until.FAILED)
        assert not (await answer(service, job, query)).report.summary.done
        assert asyncio.get_running_loop().time() - started < 1

    run(main())


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (Scope(domains=frozenset({"vod.example.com"})), 2),
        (Scope(domains=frozenset({"*.example.net"})), 1),
        (Scope(domains=frozenset({"foreign.example.org"})), None),
        (Scope(domains=frozenset()), None),
        (Scope(products=frozenset({"cdn"})), None),
    ],
)
def test_a_caller_sees_what_is_in_scope_and_a_hidden_job_is_as_unknown_as_any_other(
    scope: Scope, seen: int | None
) -> None:
    async def main() -> None:
        account, service = world()
        query = LookupQuery(ids=(), products=("cdn", "vod"), scope=scope)
        found = await service.job("vod", submit(account.emulation, GOOD, OTHER, BAD), query)
        calls = account.calls.copy()
        account.calls.clear()
        assert await service.job("vod", "nosuchjob", query) is None
        assert account.calls == calls
        if seen is None:
            assert found is None
        else:
            assert found is not None
            report = (await service.lookup(found)).report
            assert (report.summary.asked, report.summary.found, report.problems) == (seen, seen, ())

    run(main())


def test_a_job_that_cannot_be_read_is_a_fault_and_not_unknown() -> None:
    async def main() -> None:
        account, service = world()
        account.faults["GetMediaRefreshJobs"] = UpstreamFault(Reason.DENIED, product="vod")
        with pytest.raises(NothingAnswered):
            await service.job("vod", "41d465e31957", ASK)

    run(main())
