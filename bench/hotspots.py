"""Reads a server's profile: which part of the project, or which library, its time went to."""

from __future__ import annotations

import pstats
from collections import defaultdict
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from bench.processes import ROOT
from bench.table import grid

_FUNCTIONS = 20
_SMALLEST_SHARE = 0.01
_WAITING = "waiting for requests"
Function = tuple[str, int, str]


def describe(file: Path) -> str:
    """Shares by part, built-in functions counted where they are called; then the most expensive functions."""
    out = StringIO()
    stats = pstats.Stats(str(file), stream=out)
    shares: dict[str, float] = defaultdict(float)
    for part, seconds in _parts(stats):
        shares[part] += seconds
    shares.pop(_WAITING, None)
    total = sum(shares.values())
    rows = [
        (part, f"{100 * used / total:.0f} %")
        for part, used in sorted(shares.items(), key=lambda item: -item[1])
        if used > _SMALLEST_SHARE * total
    ]
    stats.strip_dirs().sort_stats("tottime").print_stats(_FUNCTIONS)
    return f"{grid([('part', 'share of CPU'), *rows])}\n\n{out.getvalue().strip()}"


def _parts(stats: pstats.Stats) -> Iterator[tuple[str, float]]:
    recorded: dict[Function, tuple[int, int, float, float, dict[Function, Any]]] = stats.stats  # type: ignore[attr-defined]  # not in typeshed
    for function, (_, _, own, _, callers) in recorded.items():
        if function[0] != "~" or not callers:
            yield _part(function), own
            continue
        for caller, (_, _, seconds, _) in callers.items():
            yield _WAITING if "epoll" in function[2] else _part(caller), seconds


def _part(function: Function) -> str:
    file = function[0]
    if "importlib" in file:
        return "imports"
    path = Path(file)
    if path.is_relative_to(ROOT / "functions"):
        return f"functions/{path.relative_to(ROOT / 'functions').parts[0]}"
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1]
    return next((name for name in ("asyncio", "logging") if name in path.parts), "standard library")
