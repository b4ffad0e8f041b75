"""The service: every verb that `api` and `events` can call, over all enabled products."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import msgspec

from functions.errors import Reason, RejectReason, UpstreamFault
from functions.model import Clock, in_account, split_account
from functions.products.listing.coverage import Coverage
from functions.products.lookup.cache import TaskCache
from functions.products.product import Product
from functions.products.submit.rejections import Refused, RejectionCause, Submitted
from functions.settings import Settings
from functions.tasks.callers.budget import Budgets
from functions.tasks.callers.turns import CallerTurns
from functions.tasks.history.history import History
from functions.tasks.listing.page import TaskLister
from functions.tasks.lookup.jobs import job_lookup
from functions.tasks.lookup.lookup import TaskLookup
from functions.tasks.lookup.problems import problems_of
from functions.tasks.lookup.watch import Viewer, Watches
from functions.tasks.query import EVERYTHING, ListQuery, LookupQuery, RequestedId, Scope
from functions.tasks.quota import Quotas
from functions.tasks.quota_reserve import FIGURES_SECONDS, QuotaReserve
from functions.tasks.render.match import with_matches
from functions.tasks.results import ListAnswer, LookupAnswer, NothingAnswered, QuotaAnswer
from functions.tasks.submit import Submission, SubmitAnswer, report_on, unsupported, well_formed
from functions.upstream.freeze import FreezeDetector
from functions.upstream.metrics import ActionStats

if TYPE_CHECKING:
    from functions.products.shared.fleet import RedisFleet


class TaskService:
    """Answers queries about tasks of all enabled products, and submits new ones."""

    def __init__(  # noqa: PLR0913 -- collaborators, each by name
        self,
        settings: Settings,
        products: Mapping[str, Product],
        cache: TaskCache,
        clock: Clock,
        budgets: Budgets,
        fleet: RedisFleet | None = None,
        history: History | None = None,
    ) -> None:
        """`products` in the order of the registry; without `history` only they answer."""
        self._fleet = fleet
        self._history = history
        self._settings = settings
        self._products = products
        self._cache = cache
        self._lookup = TaskLookup(settings, products, cache, clock, history)
        self._watches = Watches(self._poll)
        if fleet is not None:
            fleet.inform(self._watches)
        self._lister = TaskLister(settings, products, clock, history)
        self._quotas = Quotas(settings, products, clock)
        self._budgets = budgets
        self._job_turns = CallerTurns()
        self._reserve = QuotaReserve(self._quotas.report, settings.keep_quota, clock)
        self._freeze = FreezeDetector(clock, self.after_freeze)

    async def lookup(self, query: LookupQuery) -> LookupAnswer:
        """Every id asked, exactly once; held as long as the query says. Raises NothingAnswered, BudgetExceeded."""
        self._freeze.tick()
        caller = query.scope.caller
        async with self._budgets.lookup(caller, query.watch_key, len(query.ids), waits=query.wait > 0):
            return await (self._watches.hold(query) if query.wait else self._lookup.answer(query))

    @asynccontextmanager
    async def watch(self, query: LookupQuery) -> AsyncIterator[Viewer]:
        """A view on the watch of these ids, shared with everybody who may see the same. Raises BudgetExceeded."""
        caller = query.scope.caller
        async with (
            self._budgets.lookup(caller, query.watch_key, len(query.ids), waits=True),
            self._watches.watch(query) as viewer,
        ):
            yield viewer

    async def _poll(self, query: LookupQuery) -> LookupAnswer:
        self._freeze.tick()
        return await self._lookup.poll(query)

    async def quota(self, scope: Scope = EVERYTHING, products: tuple[str, ...] | None = None) -> QuotaAnswer:
        """What is left of the day's quotas, of those of `products` in `scope`; None: of the own account's.

        Raises NothingAnswered, BudgetExceeded.
        """
        self._freeze.tick()
        await self._charge_list(scope.caller, products or self._settings.products)
        return await self._quotas.report(scope, products)

    async def charge_check(self, scope: Scope) -> None:
        """Take one check of what an edge serves from the caller's budget. Raises BudgetExceeded."""
        await self._budgets.charge_check(scope.caller)

    async def follow_urls(self, product: str, urls: tuple[str, ...]) -> LookupAnswer:
        """The tasks of `product` that concern any of these URLs, each looked up whole; newest first per URL."""
        self._freeze.tick()
        deadline = asyncio.get_running_loop().time() + self._settings.deadline_seconds
        search = self._products[product].path_search
        found = await asyncio.gather(*(search.run(url, deadline) for url in dict.fromkeys(urls)))
        faults = [fault for each in found for fault in each.faults]
        if faults:
            raise NothingAnswered(problems_of(faults))
        coverage = Coverage(urls)
        matches = coverage.by_task(row for each in found for row in each.rows)
        ids = tuple(RequestedId(task_id, product) for task_id in matches)
        answer = await self.lookup(LookupQuery(ids=ids, products=(product,)))
        return msgspec.structs.replace(answer, report=with_matches(answer.report, matches, coverage))

    async def job(self, product: str, job_id: str, query: LookupQuery) -> LookupQuery | None:
        """The lookup of the tasks that a job made, asked for like `query`. Raises NothingAnswered, BudgetExceeded.

        None for a job that is unknown, or of which the caller may see nothing.
        """
        self._freeze.tick()
        if not query.scope.audience.allows(product):
            return None
        await self._charge_list(query.scope.caller, (product,))
        deadline = asyncio.get_running_loop().time() + self._settings.deadline_seconds
        try:
            with self._job_turns.turn_of(query.scope.caller) as turn:
                if not await turn.wait(deadline):
                    raise UpstreamFault(Reason.DEADLINE, product=product)  # noqa: TRY301 -- as the call itself raises
                job = await self._products[product].job(job_id, deadline)
        except UpstreamFault as fault:
            raise NothingAnswered(problems_of((fault,))) from fault
        return None if job is None else job_lookup(product, job, query)

    async def submit(self, submission: Submission) -> SubmitAnswer:
        """Submit what is well formed; every distinct URL is accounted for. Raises BudgetExceeded.

        Whether the caller may submit at all is decided before.
        """
        self._freeze.tick()
        started = asyncio.get_running_loop().time()
        product = self._products[submission.product]
        paths, malformed = well_formed(submission)
        account, _ = split_account(submission.product)
        caller = in_account(account, submission.scope.caller)
        await self._budgets.charge_urls(caller, len(paths))
        paths, reserved = await self._within_reserve(submission, paths)
        spec = product.spec.submit_of(submission.action, submission.object_type)
        if spec is None:
            submitted = unsupported(paths)
        else:
            submitted = await product.submit(spec, paths, started + self._settings.deadline_seconds)
        submitted = msgspec.structs.replace(submitted, refused=(*reserved, *submitted.refused))
        await self._budgets.refund_urls(caller, _surely_not_submitted(submitted))
        for each in submitted.accepted:
            self._lookup.expect(submission.scope, each.tasks)
        report = report_on(submission, submitted.accepted, (*malformed, *submitted.refused))
        seconds = asyncio.get_running_loop().time() - started
        return SubmitAnswer(report=report, accepted=submitted.accepted, seconds=seconds, calls=submitted.calls)

    async def _within_reserve(
        self, submission: Submission, paths: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[Refused, ...]]:
        """The URLs that may be submitted, and those refused because a caller with narrow rights must leave quota."""
        if not submission.scope.is_restricted or not paths:
            return paths, ()
        granted = await self._reserve.grant(submission.product, submission.action, submission.object_type, len(paths))
        if granted is None:
            return (), (Refused(paths, RejectionCause(reason=RejectReason.QUOTA_UNKNOWN, retry_after=FIGURES_SECONDS)),)
        rest = paths[granted:]
        return paths[:granted], (Refused(rest, RejectionCause(reason=RejectReason.QUOTA_RESERVED)),) if rest else ()

    async def _charge_list(self, caller: str, products: Iterable[str]) -> None:
        """What a caller may ask by the minute it may ask of each account: each has a rate of its own to spare."""
        for account in dict.fromkeys(split_account(product)[0] for product in products):
            await self._budgets.charge_list(in_account(account, caller))

    def figures(self) -> tuple[ActionStats, ...]:
        """Figures of each vendor action, as they stand."""
        return tuple(stats for product in self._products.values() for stats in product.stats())

    def after_freeze(self) -> None:
        """Drop what a freeze of the instance made worthless: pooled connections, and answers for moving tasks."""
        self._cache.drop_unfinished()
        self._lister.forget()
        for product in self._products.values():
            product.drop_connections()
        if self._fleet is not None:
            self._fleet.after_freeze()

    def end_waits(self) -> None:
        """End the waits there are; each answers with its newest report."""
        self._watches.end_waits()

    def close_waits(self) -> None:
        """End all waiting, so that callers come back elsewhere: this instance is about to end."""
        self._watches.close()

    async def settle(self) -> None:
        """Do what no answer should wait for. An instance may be frozen afterwards."""
        if self._history is not None:
            await self._history.settle()

    async def close(self) -> None:
        """Stop what belongs to the service."""
        self.close_waits()
        if self._fleet is not None:
            await self._fleet.close()  # first: it makes calls for as long as any instance wants any
        for product in self._products.values():
            product.close()
        await self.settle()

    async def list(self, query: ListQuery) -> ListAnswer:
        """One page of the tasks with a matching row, newest first. Raises what `Tasks.list` raises."""
        # The last method: below its definition `list` no longer names the builtin to a type checker.
        self._freeze.tick()
        await self._charge_list(query.scope.caller, query.products)
        return await self._lister.list(query)


def _surely_not_submitted(submitted: Submitted) -> int:
    return sum(len(each.object_paths) for each in submitted.refused if each.cause.reason.certain)
