"""Puts URLs into as few vendor calls as its limits allow."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
