from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from emulator.tasks.transition import Transition
from functions.errors import Reason, StoreFault, UpstreamFault
from functions.events.change import object_id
from functions.events.object_lookup import ObjectLookup
from functions.events.store.changes import ChangeStore
from functions.tasks.query import LookupQuery, Scope
from functions.tasks.results import LookupAnswer
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, event, minutes, rule, url
from tests.support.samples import stored_sample
from tests.support.virtual_time import LoopClock, run

NAME = "oss://pics/a.jpg"
QUERY = LookupQuery(ids=(), products=("cdn", "dcdn"))
REFRESH = rule(created=["refresh"])


def lookup_over(instance: Instance) -> ObjectLookup:
    return ObjectLookup(ChangeStore(instance.store, LoopClock()), instance.service, LoopClock())


def scoped(**members: Any) -> LookupQuery:
    return msgspec.structs.replace(QUERY, scope=Scope(**members))


def test_while_it_is_under_way_the_question_is_one_for_its_tasks() -> None:
    async def main() -> tuple[Any, Any]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await asyncio.gather(*(instance.handle(event(key)) for key in ("a.jpg", "b.jpg")))
        await asyncio.sleep(10)
        question = await lookup_over(instance).find(NAME, msgspec.structs.replace(QUERY, wait=5))
        assert isinstance(question, LookupQuery)
        return question, (await instance.service.lookup(msgspec.structs.replace(question, wait=0))).report

    question, report = run(main())
    assert (len(question.ids), question.wait) == (1, 5)
    assert [row.object_path for row in report.tasks[0].objects] == [url("a.jpg")]


def test_once_it_is_over_the_document_answers_without_the_vendor() -> None:
    async def main() -> tuple[Any, int, str]:
        account = SlowAccount()
        instance = Instance(account, Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        await minutes(instance, 3)
        account.log.clear()
        await asyncio.sleep(4 * 86_400)
        answer = await lookup_over(Instance(account, instance.store.shelf, REFRESH)).find(NAME, QUERY)
        return answer, len(account.log), document_version(instance.store.shelf)

    def document_version(shelf: Shelf) -> str:
        (key,) = shelf.keys("objects/")
        version: str = msgspec.json.decode(shelf.objects[key])["report"]["version"]
        return version

    answer, calls, version = run(main())
    assert isinstance(answer, LookupAnswer)
    assert (calls, answer.retry_after) == (0, None)
    (task,) = answer.report.tasks
    assert (task.status, task.done, task.stale) == ("complete", True, False)
    assert task.checked_at.startswith("2026-11-22T03:31:00")
    assert (answer.report.summary.outcome, answer.report.version) == ("succeeded", version)


def test_a_document_of_the_version_before_answers_as_it_did() -> None:
    async def main() -> Any:
        shelf = Shelf()
        shelf.write(f"objects/{object_id('pics', 'a.jpg')}.json", stored_sample("0.1.0-closed"))
        return await lookup_over(Instance(SlowAccount(), shelf, REFRESH)).find(NAME, QUERY)

    report = run(main()).report
    written = msgspec.json.decode(stored_sample("0.1.0-closed"))["report"]
    shown = msgspec.json.decode(msgspec.json.encode(report))
    assert (shown["tasks"], shown["summary"]) == (written["tasks"], written["summary"])


def test_a_document_that_cannot_be_read_is_a_fault_of_the_store() -> None:
    async def main() -> Any:
        shelf = Shelf()
        shelf.write(f"objects/{object_id('pics', 'a.jpg')}.json", b'{"bucket": "\xff"}')
        return await lookup_over(Instance(SlowAccount(), shelf, REFRESH)).find(NAME, QUERY)

    with pytest.raises(StoreFault, match="cannot be read"):
        run(main())


def test_an_object_nobody_has_changed_is_unknown() -> None:
    async def main() -> object:
        return await lookup_over(Instance(SlowAccount(), Shelf(), REFRESH)).find(NAME, QUERY)

    assert run(main()) is None


@pytest.mark.parametrize(
    "query",
    [
        scoped(domains=frozenset({"www.example.com"})),
        scoped(domains=frozenset()),
        scoped(products=frozenset({"dcdn"})),
    ],
)
@pytest.mark.parametrize("sweeps", [0, 3])
def test_outside_the_scope_an_object_is_as_unknown_as_any_other(query: LookupQuery, sweeps: int) -> None:
    async def main() -> object:
        instance = Instance(SlowAccount(), Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        await minutes(instance, sweeps)
        return await lookup_over(instance).find(NAME, query)

    assert run(main()) is None


def test_inside_the_scope_only_what_is_in_it_is_told() -> None:
    async def main() -> Any:
        rules = (REFRESH, rule(product="dcdn", created=["refresh"], url="http://inner.example.com/{key}"))
        instance = Instance(SlowAccount(), Shelf(), *rules, products=("cdn", "dcdn"))
        await instance.handle(event("a.jpg"))
        await minutes(instance, 3)
        return await lookup_over(instance).find(NAME, scoped(domains=frozenset({"img.example.com"})))

    answer = run(main())
    assert [task.product for task in answer.report.tasks] == ["cdn"]
    assert answer.report.summary.asked == 1


@pytest.mark.parametrize("sweeps", [0, 3])
def test_what_befell_a_url_outside_the_scope_is_not_told(sweeps: int) -> None:
    """Case O4."""

    async def main() -> Any:
        account = SlowAccount()
        account.tasks.own_domains = frozenset({"img.example.com"})
        rules = (REFRESH, rule(created=["refresh"], url="http://other.example.net/{key}"))
        instance = Instance(account, Shelf(), *rules)
        await instance.handle(event("a.jpg"))
        await minutes(instance, sweeps)
        query = scoped(domains=frozenset({"img.example.com"}))
        found = await lookup_over(instance).find(NAME, query)
        return await instance.service.lookup(found) if isinstance(found, LookupQuery) else found

    report = run(main()).report
    assert (report.problems, report.summary.asked, len(report.tasks)) == ((), 1, 1)


def test_before_the_preload_is_submitted_it_is_not_done() -> None:
    async def main() -> list[Any]:
        account = SlowAccount()
        account.tasks.submit_transition = Transition(by="seconds", length=100)
        instance = Instance(account, Shelf(), rule(created=["refresh", "preload"]))
        await instance.handle(event("a.jpg"))
        await asyncio.sleep(110)
        before = await lookup_over(instance).find(NAME, QUERY)
        await minutes(instance, 4)
        return [before, await lookup_over(instance).find(NAME, QUERY)]

    before, after = run(main())
    assert (before.report.tasks[0].done, before.report.summary.done, before.retry_after) == (True, False, 10)
    assert after.report.summary.outcome == "succeeded"
    assert [task.action for task in after.report.tasks] == ["refresh", "preload"]


def test_what_was_not_submitted_is_told_as_a_problem() -> None:
    async def main() -> list[Any]:
        account = SlowAccount()
        account.emulation.limits.set_quota("cdn", "url", 10, used=9)
        instance = Instance(account, Shelf(), REFRESH, keep_quota=0.5)
        await instance.handle(event("a.jpg"))
        before = await lookup_over(instance).find(NAME, QUERY)
        await minutes(instance, 2)
        return [before, await lookup_over(instance).find(NAME, QUERY)]

    for answer in run(main()):
        assert [problem.reason for problem in answer.report.problems] == ["quota-reserved"]
        assert (answer.report.summary.outcome, answer.report.tasks) == ("missing", ())


def test_nothing_known_yet_is_an_answer_that_is_not_done() -> None:
    async def main() -> Any:
        account = SlowAccount()
        account.faults["RefreshObjectCaches"] = UpstreamFault(Reason.UNAVAILABLE, product="cdn")
        instance = Instance(account, Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        return await lookup_over(instance).find(NAME, QUERY)

    answer = run(main())
    assert (answer.report.summary.asked, answer.report.summary.done, answer.retry_after) == (0, False, 10)


def test_three_days_later_even_an_open_document_answers() -> None:
    async def main() -> Any:
        account = SlowAccount()
        account.tasks.submit_transition = Transition(by="seconds", length=1e9)
        instance = Instance(account, Shelf(), REFRESH)
        await instance.handle(event("a.jpg"))
        await minutes(instance, 1)
        await asyncio.sleep(4 * 86_400)
        return await lookup_over(instance).find(NAME, QUERY)

    answer = run(main())
    assert isinstance(answer, LookupAnswer)
    assert [task.status for task in answer.report.tasks] == ["pending"]
