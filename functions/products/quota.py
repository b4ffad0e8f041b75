"""Reads a product's daily quotas out of the vendor's strings (docs/vendor.md 3)."""

from __future__ import annotations

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
    told = tuple(left for left in every if (left.quota, left.remaining) != (None, None))
    if not told:
        raise UpstreamFault(Reason.MALFORMED, product=product, detail="the body has none of the documented quotas")
    return told


def _figure(value: Any) -> int | None:
    """`"2000"` or 2000; None for anything that is no count."""
    if isinstance(value, bool):
        return None
    text = value.strip() if isinstance(value, str) else str(value)
    return int(text) if text.isascii() and text.isdigit() else None
