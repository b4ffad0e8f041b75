"""What is left of the day's quotas. Every value is a string, and the fields differ per product (docs/vendor.md 3)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from emulator.tasks.product import Body, Context, Operation

_PREFIXES = {
    "url": "Url",
    "directory": "Dir",
    "regex": "Regex",
    "ignore-params": "IgnoreParams",
    "preload": "Preload",
    "preload-edge": "PreloadEdge",
    "block": "Block",
}


class QuotaFields(msgspec.Struct, frozen=True):
    """The names one kind of quota goes by."""

    total: str
    remaining: str


def quota_fields(*kinds: str) -> Mapping[str, QuotaFields]:
    """The usual names, `UrlQuota` and `UrlRemain`, for each of these kinds."""
    return {
        kind: QuotaFields(f"{prefix}Quota", f"{prefix}Remain") for kind, prefix in _PREFIXES.items() if kind in kinds
    }


def quota_operation(action: str, fields: Mapping[str, QuotaFields]) -> Operation:
    """Totals and remainders of the kinds in `fields`."""
    return Operation(action, (), partial(_quota, fields=fields))


def _quota(context: Context, *, fields: Mapping[str, QuotaFields]) -> Body:
    kinds = context.limits.quotas(context.account, context.product)
    totals = {names.total: str(kinds[kind].total) for kind, names in fields.items()}
    remainders = {names.remaining: str(kinds[kind].remaining) for kind, names in fields.items()}
    return {**totals, **remainders}
