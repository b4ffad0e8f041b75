"""The account's sites: which of them a host belongs to, and so which SiteId an operation wants."""

from __future__ import annotations

from typing import Any

import msgspec

from functions.errors import Reason, UpstreamFault
from functions.model import Clock
from functions.upstream.caller import ActionCaller
from functions.upstream.single_flight import SingleFlight

_FRESH_SECONDS = 60.0
_PAGE_SIZE = 500
_MAX_PAGES = 100


class Site(msgspec.Struct, frozen=True):
    """A site; `name` is a domain, and all that is below it belongs to the site."""

    site_id: int
    name: str

    def has(self, host: str) -> bool:
        """Whether the host is the site's domain or below it."""
        return host == self.name or host.endswith(f".{self.name}")


class Sites:
    """All sites of the account, asked for once a minute at most."""

    def __init__(self, caller: ActionCaller, clock: Clock) -> None:
        """`caller` calls ListSites."""
        self._caller = caller
        self._shared: SingleFlight[tuple[Site, ...]] = SingleFlight(clock, _FRESH_SECONDS, 1)

    async def all(self, deadline: float) -> tuple[Site, ...]:
        """Every site. Raises UpstreamFault."""
        return await self._shared.run("all", lambda: self._ask(deadline))

    async def _ask(self, deadline: float) -> tuple[Site, ...]:
        sites: list[Site] = []
        for number in range(1, _MAX_PAGES + 1):
            answer = await self._caller.call({"PageNumber": number, "PageSize": _PAGE_SIZE}, deadline)
            page = _read_sites(answer.body, self._caller.operation.product)
            sites += page
            if len(page) < _PAGE_SIZE:
                break
        return tuple(sites)


def site_of(host: str | None, sites: tuple[Site, ...]) -> Site | None:
    """The site of a host; where a subdomain is a site of its own, that one. None: the account has no such site."""
    fitting = [site for site in sites if host is not None and site.has(host)]
    return max(fitting, key=lambda site: len(site.name), default=None)


def _read_sites(body: Any, product: str) -> list[Site]:
    try:
        return [Site(int(each["SiteId"]), each["SiteName"].lower()) for each in body["Sites"]]
    except (TypeError, KeyError, ValueError, AttributeError):
        raise UpstreamFault(Reason.MALFORMED, product=product, detail="Sites is not understood") from None
