"""The cases by the name that `--only` takes, in the order of the table."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import Any

from bench.cases import cost, fairness, fleet, history, lookups, push, start, viewing, vod
from bench.cases.effort import Effort
from bench.figures import CaseResult

Case = Callable[[Effort], Coroutine[Any, Any, CaseResult]]

CASES: Mapping[str, Case] = MappingProxyType(
    {
        "idle": lookups.idle,
        "fan-out": lookups.fan_out,
        "thousand": lookups.thousand,
        "own-ids": viewing.own_ids,
        "one-id": viewing.one_id,
        "rival": viewing.beside_another_tool,
        "rude": fairness.beside_a_rude_caller,
        "streams": fairness.streams_of_the_same_ids,
        "vod": vod.many,
        "break-even": vod.break_even,
        "cached": cost.cached,
        "largest": cost.largest,
        "history": history.kept,
        "push": push.closed,
        "cold": start.cold,
        "shared-one-id": fleet.one_id,
        "shared-own-ids": fleet.own_ids,
        "shared-lopsided": fleet.lopsided,
        "shared-thousand": fleet.thousand,
        "shared-idle": fleet.idle,
    }
)
