"""Reads a product's daily quotas out of the vendor's strings (docs/vendor.md 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from functions.errors import Reason, UpstreamFault

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "url": "url",
        "directory": "dir",
        "regex": "regex",
        "preload": "preload",
        "block": "block",
        "ignore-params": "ignoreparams",
        "preload-edge": "preloadedge",
    }
)
"""Kind to the prefix of the vendor's member names, in lower case: VOD writes `BlockQuota` and `blockRemain`."""


_COUNT = re.compile(r"([-\u2212]?)([0-9]{1,18}|[0-9]{1,3}(?:,[0-9]{3}){1,5})(?:\.0{1,18})?")
"""A whole number, with or without thousands separators and a fraction of zeros."""
_TOO_LARGE = 10**18


class QuotaFigures(msgspec.Struct, frozen=True):
    """One kind of quota: the account's `quota` a day and what is `remaining` today; None for what is not known."""

    kind: str
    quota: int | None
    remaining: int | None


def read_quotas(body: Any, *, product: str) -> tuple[QuotaFigures, ...]:
    """Every kind of quota in `body`. Raises UpstreamFault(MALFORMED) when there is none at all."""
    members = {str(name).lower(): value for name, value in body.items()} if isinstance(body, dict) else {}
    every = (
        QuotaFigures(kind, _figure(members.get(f"{prefix}quota")), _figure(members.get(f"{prefix}remain")))
        for kind, prefix in KINDS.items()
    )
    known = tuple(left for left in every if (left.quota, left.remaining) != (None, None))
    if not known:
        raise UpstreamFault(Reason.MALFORMED, product=product, detail="the body has none of the documented quotas")
    return known


def _figure(value: Any) -> int | None:
    """A count as people and programs write it: 2000, "2000", "9,999", "100.0", -3; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int):
        return value if abs(value) < _TOO_LARGE else None
    match = _COUNT.fullmatch(value.strip() if isinstance(value, str) else f"{value:f}")
    if match is None:
        return None
    count = int(match[2].replace(",", ""))
    return -count if match[1] else count
