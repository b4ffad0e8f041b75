"""The adapter of ESA: every operation wants a SiteId, and tasks are found by reading lists."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from cachetools import LRUCache
from msgspec.structs import replace

from functions.errors import RejectReason, UpstreamFault
from functions.products.adapter import AdapterContext
from functions.products.esa.lists import PAGE_SIZE, TYPES, EsaList, Lists, tasks_in
from functions.products.esa.operations import GET_QUOTA, LIST_SITES
from functions.products.esa.rows import PRELOAD, read_rows
from functions.products.esa.sites import Site, Sites, site_of
from functions.products.listing.pages import PageCall
from functions.products.reading.quota import QuotaFigures, read_quotas
from functions.products.reading.rows import ParsedRows, Rows
from functions.products.spec import ProductSpec
from functions.products.submit.batches import Paths
from functions.products.submit.kinds import SubmitKind
from functions.products.submit.rejections import Refused, RejectionCause, Submitted, cause_of
from functions.products.submit.submitter import ProductSubmitter
from functions.upstream.rate_limiter import Permit
from functions.urls import host_of

CONTENT: Mapping[str, str] = MappingProxyType(
    {"file": "Files", "directory": "Directories", "ignoreParams": "IgnoreParams"}
)
"""The member of PurgeCaches' Content that holds the URLs, by Type."""
_QUOTAS: Mapping[str, str] = MappingProxyType({"file": "Url", "directory": "Dir", "ignoreParams": "IgnoreParams"})
"""The prefix of the members that `read_quotas` reads, by Type."""
_KNOWN_TASKS = 50_000


class EsaAdapter:
    """An `Adapter` (functions/products/adapter.py)."""

    def __init__(self, spec: ProductSpec, context: AdapterContext) -> None:
        """`context.callers` has every operation of `spec`."""
        self._spec = spec
        self._clock = context.clock
        self._callers = context.callers
        self._sites = Sites(context.callers[LIST_SITES.action], context.clock)
        self._lists = Lists(context, self._rows_in)
        self._list_of_task: LRUCache[str, EsaList] = LRUCache(_KNOWN_TASKS)

    async def lookup(
        self, task_ids: tuple[str, ...], deadline: float, permit: Permit | None
    ) -> Mapping[str, Rows | UpstreamFault]:
        """One reading of the lists for all ids, and for everybody else who asks meanwhile."""
        _give_back(permit)
        try:
            lists = await self._lists_with(task_ids, deadline)
        except UpstreamFault as fault:
            return dict.fromkeys(task_ids, fault)
        windows = await asyncio.gather(*(self._lists.window(each, deadline) for each in lists))
        found: dict[str, Rows] = {}
        for each, window in zip(lists, windows, strict=True):
            new = [task_id for task_id in task_ids if task_id in window.rows and task_id not in found]
            mine = {task_id: window.rows[task_id] for task_id in new}
            self._list_of_task.update(dict.fromkeys(mine, each))
            found.update(mine)
        absence = next((window.fault for window in windows if window.fault), ())
        return {task_id: found.get(task_id, absence) for task_id in task_ids}

    async def list_page(self, call: PageCall, deadline: float, permit: Permit | None = None) -> ParsedRows:
        """A page of all lists as one, newest first; it costs a call for each list, and for each page before it."""
        _give_back(permit)
        lists = await self._lists_for(call, deadline)
        read = await asyncio.gather(*(self._lists.pages_up_to(each, call, deadline) for each in lists))
        found: dict[str, Rows] = {}
        for pages in read:
            for task_id, of_task in tasks_in(pages).items():
                found.setdefault(task_id, of_task)
        rows = [row for each in found.values() for row in each]
        rows.sort(key=lambda row: row.created_at.timestamp() if row.created_at else 0.0, reverse=True)
        first = (call.number - 1) * PAGE_SIZE
        shown: dict[str, Rows] = {}
        for row in rows[first : first + PAGE_SIZE]:
            shown[row.task_id] = (*shown.get(row.task_id, ()), row)
        total = max(len(rows), sum(pages[0].total or 0 for pages in read))
        return ParsedRows(shown, sum(page.unreadable for pages in read for page in pages), total)

    async def submit(self, kind: SubmitKind, object_paths: tuple[str, ...], deadline: float) -> Submitted:
        """Batched calls for each site; a URL whose host is in none of them is not the account's."""
        try:
            sites = await self._sites.all(deadline)
        except UpstreamFault as fault:
            return Submitted(refused=(Refused(object_paths, cause_of(fault.in_product(self._spec.name))),))
        by_site: dict[Site | None, list[str]] = {}
        for path in dict.fromkeys(object_paths):
            by_site.setdefault(site_of(host_of(path), sites), []).append(path)
        foreign = by_site.pop(None, [])
        done = await asyncio.gather(
            *(self._submit(site, kind, tuple(paths), deadline) for site, paths in by_site.items() if site)
        )
        refused = [each for part in done for each in part.refused]
        if foreign:
            refused.append(Refused(tuple(foreign), RejectionCause(reason=RejectReason.DOMAIN_NOT_FOUND)))
        accepted = tuple(each for part in done for each in part.accepted)
        return Submitted(accepted, tuple(refused), sum(part.calls for part in done))

    async def quota(self, deadline: float) -> tuple[QuotaFigures, ...]:
        """Quotas are those of sites: of each kind, that of the site with the least left."""
        sites = await self._sites.all(deadline)
        every = await asyncio.gather(*(self._quota(each, word, deadline) for each in sites for word in _QUOTAS))
        scarcest_last = sorted(every, key=lambda each: -1 if each.remaining is None else each.remaining, reverse=True)
        return tuple({each.kind: each for each in scarcest_last}.values())

    def read_rows(self, body: object) -> ParsedRows:
        """The rows of either list; only those of purges name their type."""
        return self._rows_in(body, PRELOAD)

    def _rows_in(self, body: object, object_type: str) -> ParsedRows:
        spec, now = self._spec, self._clock.now().wall
        return read_rows(body, spec.words, product=spec.name, object_type=object_type, now=now)

    async def _lists_with(self, task_ids: Iterable[str], deadline: float) -> tuple[EsaList, ...]:
        """The lists these tasks are in; all, where one of them has never been found."""
        known = dict.fromkeys(self._list_of_task.get(task_id) for task_id in task_ids)
        if None not in known:
            return tuple(each for each in known if each is not None)
        return _lists_of(await self._sites.all(deadline), TYPES)

    async def _lists_for(self, call: PageCall, deadline: float) -> tuple[EsaList, ...]:
        sites = await self._sites.all(deadline)
        asks = call.asks
        host = asks.domain_name or (host_of(asks.object_path) if asks.object_path else None)
        if host is not None:
            site = site_of(host, sites)
            sites = () if site is None else (site,)
        return _lists_of(sites, (word for word in TYPES if asks.object_type in {None, word.lower()}))

    async def _submit(self, site: Site, kind: SubmitKind, paths: Paths, deadline: float) -> Submitted:
        parameters = partial(_submit_parameters, site.site_id)
        return await ProductSubmitter(self._callers, (kind,), self._clock, parameters).submit(kind, paths, deadline)

    async def _quota(self, site: Site, word: str, deadline: float) -> QuotaFigures:
        answer = await self._callers[GET_QUOTA.action].call({"SiteId": site.site_id, "Type": word}, deadline)
        body = answer.body if isinstance(answer.body, dict) else {}
        prefix = _QUOTAS[word]
        figures = {f"{prefix}Quota": body.get("Quota"), f"{prefix}Remain": body.get("Usage")}
        (used,) = read_quotas(figures, product=self._spec.name)  # what is used stands where the others say what is left
        if used.quota is None or used.remaining is None:
            return replace(used, remaining=None)
        return replace(used, remaining=max(0, used.quota - used.remaining))


def _give_back(permit: Permit | None) -> None:
    """A reading that others have begun takes no call, and any other takes its own."""
    if permit is not None:
        permit.unused()


def _lists_of(sites: Iterable[Site], types: Iterable[str]) -> tuple[EsaList, ...]:
    words = tuple(types)
    return tuple(EsaList(site.site_id, word) for site in sites for word in words)


def _submit_parameters(site_id: int, kind: SubmitKind, paths: Paths) -> Mapping[str, Any]:
    if kind.word is None:
        return {"SiteId": site_id, "Content": list(paths)}
    return {"SiteId": site_id, "Type": kind.word, "Content": {CONTENT[kind.word]: list(paths)}}
