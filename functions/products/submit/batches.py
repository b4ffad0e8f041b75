"""Puts URLs into as few vendor calls as its limits allow, and splits a call that was refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Paths = tuple[str, ...]
_SCHEME = re.compile(r"^https?://", re.IGNORECASE)


def domain_of(object_path: str) -> str:
    """The host of a URL, with or without a scheme, in lower case; with the port where there is one."""
    return _SCHEME.sub("", object_path).partition("/")[0].lower()


def by_domain(object_paths: Iterable[str]) -> dict[str, list[str]]:
    """The distinct URLs of each domain, domains and URLs in the order of their first appearance."""
    found: dict[str, list[str]] = {}
    for path in dict.fromkeys(object_paths):
        found.setdefault(domain_of(path), []).append(path)
    return found


def calls_for(object_paths: Iterable[str], paths_per_call: int, domains_per_call: int) -> list[Paths]:
    """The URLs of each call: those of one domain together, each call as full as both limits allow."""
    calls: list[Paths] = []
    call: list[str] = []
    domains = 0
    for paths in by_domain(object_paths).values():
        if domains == domains_per_call:
            calls.append(tuple(call))
            call, domains = [], 0
        domains += 1
        for path in paths:
            if len(call) == paths_per_call:
                calls.append(tuple(call))
                call, domains = [], 1
            call.append(path)
    return [*calls, tuple(call)] if call else calls


def halves(paths: Paths) -> tuple[Paths, Paths]:
    """Split at least two URLs into two calls."""
    middle = len(paths) // 2
    return paths[:middle], paths[middle:]


def halves_by_domain(paths: Paths) -> tuple[Paths, Paths] | None:
    """Split into two calls of about the same size that share no domain; None for URLs of one domain."""
    groups = list(by_domain(paths).values())
    if len(groups) == 1:
        return None
    border = min(range(1, len(groups)), key=lambda cut: abs(2 * _size(groups[:cut]) - len(paths)))
    return _flat(groups[:border]), _flat(groups[border:])


def _size(groups: Sequence[Sequence[str]]) -> int:
    return sum(map(len, groups))


def _flat(groups: Sequence[Sequence[str]]) -> Paths:
    return tuple(path for group in groups for path in group)
