"""The fan-out: plans which product is asked for which ids, asks them all at once, and puts the answers together."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from cachetools import LRUCache

from functions.errors import UpstreamFault
from functions.model import Clock, SystemClock, TaskKey, TaskSnapshot
from functions.products.lookup.cache import Freshness, TaskCache
from functions.products.lookup.loader import LookupResult
from functions.products.product import PathMatches, Product, SharedState
from functions.products.registry import SPECS
from functions.settings import Settings
from functions.tasks.listing.page import TaskLister
from functions.tasks.lookup.assemble import assemble, problems_of
from functions.tasks.lookup.fan_out import FanOut
from functions.tasks.lookup.poll_interval import (
    AFTER_FAULT_SECONDS,
    PACE_SLACK_SECONDS,
    SOON_SECONDS,
    seconds_to_next_look,
)
from functions.tasks.lookup.watch import Watch, Watches
from functions.tasks.query import EVERYTHING, ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.quota import Quotas
from functions.tasks.render.task import Renderer
from functions.tasks.results import ListAnswer, LookupAnswer, NothingAnswered, QuotaAnswer
from functions.tasks.submit import Submission, SubmitAnswer, report_on, unsupported, well_formed
from functions.upstream.credentials import CredentialSource
from functions.upstream.freeze import FreezeDetector
from functions.upstream.metrics import ActionStats

_EXPENSIVE_SHARE = 0.6
"""After this share of the deadline the expensive products are asked for what the others have not found yet."""
_MAX_OWNERS = 200_000
LookupPlan = dict[RequestedId, list[str]]


class TaskService:
    """Answers questions about tasks of all enabled products."""

    def __init__(self, settings: Settings, products: Mapping[str, Product], cache: TaskCache, clock: Clock) -> None:
        """`products` in house order."""
        self._settings = settings
        self._products = products
        self._cache = cache
        self._clock = clock
        self._owners: LRUCache[str, tuple[str, ...]] = LRUCache(_MAX_OWNERS)
        self._browser = TaskLister(settings, products, clock)
        self._quotas = Quotas(settings, products, clock)
        self._thaw = FreezeDetector(clock, self.thawed)
        self._renderer = Renderer()
        self._watches = Watches(self._look_again)

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        """Every id asked, exactly once; held as long as the query says. Raises NothingAnswered."""
        return await (self._watches.hold(query) if query.wait else self._lookup(query, None))

    def watch(self, query: LookupQuery) -> AbstractAsyncContextManager[Watch]:
        """The question's watch, shared with everybody who asks the same."""
        return self._watches.watch(query)

    async def _look_again(self, query: LookupQuery) -> LookupAnswer:
        """For those who watch: a task is asked about anew only when it is worth it (`pace`)."""
        return await self._lookup(query, self._paced)

    async def _lookup(self, query: LookupQuery, freshness: Freshness | None) -> LookupAnswer:
        self._thaw.tick()
        deadline = asyncio.get_running_loop().time() + self._settings.deadline_seconds
        with FanOut(self._products, deadline, freshness) as fan:
            plan = await self._ask_all(query, fan, deadline)
            findings = fan.findings()
            timings = fan.timings()
        self._learn(plan, findings)
        _refuse_silence(findings.values())
        report = assemble(query, findings, plan, self._clock.now(), self._renderer)
        if report.summary.done:
            return LookupAnswer(report=report, retry_after=None, timings=timings)
        wait = self._next_look(findings.values())
        return LookupAnswer(report=report, retry_after=max(1, math.ceil(wait)), next_look=wait, timings=timings)

    async def quota(self, scope: Scope = EVERYTHING) -> QuotaAnswer:
        """What is left of the day's quotas, of every product in `scope`. Raises NothingAnswered."""
        self._thaw.tick()
        return await self._quotas.report(scope)

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        """The tasks that `product` knows for exactly these URLs, each looked up whole; newest first per URL."""
        self._thaw.tick()
        deadline = asyncio.get_running_loop().time() + self._settings.deadline_seconds
        asked: Sequence[PathMatches] = await asyncio.gather(
            *(self._products[product].tasks_of_path(url, deadline) for url in dict.fromkeys(urls))
        )
        faults = [fault for found in asked for fault in found.faults]
        task_ids = dict.fromkeys(task_id for found in asked for task_id in found.task_ids)
        if faults:
            raise NothingAnswered(problems_of(faults))
        return await self.lookup(
            LookupQuery(ids=tuple(RequestedId(task_id, product) for task_id in task_ids), products=(product,))
        )

    async def submit(self, submission: Submission) -> SubmitAnswer:
        """Submit what is well formed; every distinct URL is accounted for. The doors decide who may."""
        self._thaw.tick()
        started = asyncio.get_running_loop().time()
        product = self._products[submission.product]
        paths, malformed = well_formed(submission)
        spec = product.spec.submit_of(submission.action, submission.object_type)
        if spec is None:
            done = unsupported(paths)
        else:
            done = await product.submit(spec, paths, started + self._settings.deadline_seconds)
        for each in done.accepted:
            self._expect(each.tasks)
        report = report_on(submission, done.accepted, (*malformed, *done.refused))
        seconds = asyncio.get_running_loop().time() - started
        return SubmitAnswer(report=report, accepted=done.accepted, seconds=seconds, calls=done.calls)

    def figures(self) -> tuple[ActionStats, ...]:
        """Per vendor action, as they stand."""
        return tuple(report for product in self._products.values() for report in product.stats())

    def thawed(self) -> None:
        """The instance was frozen: pooled connections are dead, and what moved has moved on unseen."""
        self._cache.drop_unfinished()
        self._browser.forget()
        for product in self._products.values():
            product.drop_connections()

    def let_go(self) -> None:
        """Let everybody who waits come back elsewhere: this instance is about to end."""
        self._watches.close()

    async def close(self) -> None:
        """Stop what belongs to the service."""
        self.let_go()
        for product in self._products.values():
            product.close()

    async def _ask_all(self, query: LookupQuery, fan: FanOut, deadline: float) -> LookupPlan:
        """Cheap products first; expensive ones at once for ids that name them, and then for what nobody knew."""
        plan: LookupPlan = {asked: self._first_choice(asked, query.products) for asked in query.ids}
        fan.ask(plan)
        later = [asked for asked in query.ids if self._second_choice(asked, query.products, plan[asked])]
        if later:
            share = self._settings.deadline_seconds * (1 - _EXPENSIVE_SHARE)
            await fan.settled(deadline - share, {product for asked in later for product in plan[asked]})
            found = fan.findings()
            second: LookupPlan = {
                asked: self._second_choice(asked, query.products, plan[asked])
                for asked in later
                if not any(_known(found[asked.key_in(product)]) for product in plan[asked])
            }
            fan.ask(second)
            for asked, products in second.items():
                plan[asked] = self._in_house_order([*plan[asked], *products])
        await fan.settled(deadline)
        return plan

    def _first_choice(self, asked: RequestedId, products: tuple[str, ...]) -> list[str]:
        if asked.product is not None:
            return [asked.product]
        owners = [product for product in self._owners.get(asked.task_id, ()) if product in products]
        cheap = [product for product in products if not self._products[product].spec.lookup.expensive]
        return owners or cheap or list(products)

    def _second_choice(self, asked: RequestedId, products: tuple[str, ...], first: list[str]) -> list[str]:
        return [] if asked.product is not None else [product for product in products if product not in first]

    def _in_house_order(self, products: Iterable[str]) -> list[str]:
        chosen = set(products)
        return [product for product in self._products if product in chosen]

    def _learn(self, plan: LookupPlan, findings: Mapping[TaskKey, LookupResult]) -> None:
        """Remember who knows a bare id, so that the others are not asked for it again."""
        for asked, products in plan.items():
            if asked.product is None:
                known = tuple(product for product in products if _known(findings[asked.key_in(product)]))
                if known:
                    self._owners[asked.task_id] = known

    def _expect(self, keys: Iterable[TaskKey]) -> None:
        """These were just made: they may not be visible yet, and whose they are is known."""
        for key in keys:
            self._cache.first_asked(key)
            owners = self._owners.get(key.task_id, ())
            self._owners[key.task_id] = tuple(self._in_house_order((*owners, key.product)))

    def _next_look(self, findings: Iterable[LookupResult]) -> float:
        """Seconds until asking again may show something new."""
        now = self._clock.now()
        looks = [
            max(seconds_to_next_look(finding.snapshot, now) - finding.snapshot.checked.age_at(now), 0.0)
            for finding in findings
            if finding.fault is None and finding.snapshot is not None and not finding.snapshot.done
        ]
        faults = [finding.fault for finding in findings if finding.fault and finding.fault.reason.retryable]
        return min([*looks, *(fault.retry_after or AFTER_FAULT_SECONDS for fault in faults)], default=SOON_SECONDS)

    def _paced(self, snapshot: TaskSnapshot) -> float:
        return seconds_to_next_look(snapshot, self._clock.now()) - PACE_SLACK_SECONDS

    async def list(self, query: ListQuery) -> ListAnswer:
        """One page of the tasks with a matching row, newest first. Raises NothingAnswered and InvalidRequest."""
        # The last method: below its definition `list` no longer names the builtin to a type checker.
        self._thaw.tick()
        return await self._browser.list(query)


def build_service(
    settings: Settings,
    credentials: CredentialSource,
    clock: Clock | None = None,
) -> TaskService:
    """The service over the real products. Nothing is connected before the first question."""
    clock = clock or SystemClock()
    cache = TaskCache(clock, settings.fresh_seconds)
    parts = SharedState(cache=cache, clock=clock)
    products = {name: Product(SPECS[name], settings, credentials, parts) for name in settings.products}
    return TaskService(settings, products, cache, clock)


def _known(finding: LookupResult) -> bool:
    return finding.snapshot is not None and finding.snapshot.found


def _refuse_silence(findings: Iterable[LookupResult]) -> None:
    """When nobody answered there is no report. A product that is not activated did answer."""
    faults: list[UpstreamFault] = []
    for finding in findings:
        if finding.snapshot is not None or finding.fault is None or finding.fault.reason.decides:
            return
        faults.append(finding.fault)
    if faults:
        raise NothingAnswered(problems_of(faults))
