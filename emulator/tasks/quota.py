"""What is left of the day's quotas. Every value is a string, and the fields differ per product (facts 3)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emulator.catalog import Body, Context


class QuotaFields(msgspec.Struct, frozen=True):
    """The names one kind of quota goes by."""

    total: str
    remaining: str

    @classmethod
    def named(cls, prefix: str) -> QuotaFields:
        """The usual pair: `UrlQuota`, `UrlRemain`."""
        return cls(f"{prefix}Quota", f"{prefix}Remain")


def quota(context: Context, fields: Mapping[str, QuotaFields]) -> Body:
    """Totals and remainders of the kinds in `fields`."""
    kinds = context.limits.quotas(context.account, context.product)
    totals = {names.total: str(kinds[kind].total) for kind, names in fields.items()}
    remainders = {names.remaining: str(kinds[kind].remaining) for kind, names in fields.items()}
    return {**totals, **remainders}
