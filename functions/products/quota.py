"""What is left of a product's daily quotas, read out of the vendor's strings (facts 3)."""

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
"""Our kind to the beginning of the vendor's names, in lower case: VOD writes `BlockQuota` and `blockRemain`."""


class QuotaFigures(msgspec.Struct, frozen=True):
    """One kind of quota: what the account has a day and what remains of it today; None for what was not told."""

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
