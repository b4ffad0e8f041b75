"""The account's sites: a task belongs to the site whose domain its URLs are below."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.core.clock import rfc3339
from emulator.core.errors import ApiError
from emulator.esa import errors
from emulator.tasks.product import Body, Context, Operation, Parameter

SITES: Mapping[int, str] = {7_096_621_098_000_001: "example.com", 7_096_621_098_000_002: "example.net"}
"""SiteId to domain."""
SITE_ID = Parameter("SiteId", "Integer", required=True)
MAX_PAGE_SIZE = 500


def domain_of_site(context: Context) -> str:
    """The domain of the site that a call names. Raises ApiError."""
    domain = SITES.get(int(context.params["SiteId"]))
    if domain is None:
        raise ApiError(errors.SITE_NOT_FOUND)
    return domain


def _list(context: Context) -> Body:
    number = int(context.get("PageNumber") or 1)
    size = min(int(context.get("PageSize") or MAX_PAGE_SIZE), MAX_PAGE_SIZE)
    every = [
        {"SiteId": site_id, "SiteName": domain, "Status": "active", "CreateTime": rfc3339(context.now)}
        for site_id, domain in SITES.items()
    ]
    return {
        "PageNumber": number,
        "PageSize": size,
        "TotalCount": len(every),
        "Sites": every[(number - 1) * size : number * size],
    }


LIST_SITES = Operation("ListSites", (Parameter("PageNumber", "Integer"), Parameter("PageSize", "Integer")), _list)
