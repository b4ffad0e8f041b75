"""ESA as data; its SDK is an extra (requirements-esa.txt)."""

from __future__ import annotations

from functions.products.esa.adapter import EsaAdapter
from functions.products.esa.lists import PAGE_SIZE, TYPES
from functions.products.esa.operations import (
    GET_QUOTA,
    LIST_PRELOADS,
    LIST_PURGES,
    LIST_SITES,
    NAME,
    PRELOAD,
    PURGE,
    SDK,
)
from functions.products.spec import ListSpec, LookupSpec, ProductSpec
from functions.products.submit.kinds import SubmitKind

_IDS_PER_LOOKUP = 1_000
"""The lists are read once for however many ids."""
_PATHS_PER_CALL = 100
"""No page documents how many fit in one call: an assumption on the safe side (docs/vendor.md 9)."""


def _purge(object_type: str, word: str) -> SubmitKind:
    return SubmitKind(
        operation=PURGE,
        action="refresh",
        object_type=object_type,
        reported=object_type,
        word=word,
        paths_per_call=_PATHS_PER_CALL,
    )


ESA = ProductSpec(
    name=NAME,
    sdk_package=SDK,
    endpoint="esa.cn-hangzhou.aliyuncs.com",
    region="cn-hangzhou",
    adapter=EsaAdapter,
    lookup=LookupSpec(operation=LIST_PURGES, ids_per_call=_IDS_PER_LOOKUP, expensive=True),
    listing=ListSpec(
        operation=LIST_PURGES,
        page_size=PAGE_SIZE,
        object_types=tuple(word.lower() for word in TYPES),
        statuses=("Complete", "Refreshing", "Failed"),
    ),
    submits=(
        _purge("file", "file"),
        _purge("directory", "directory"),
        _purge("ignoreparams", "ignoreParams"),
        SubmitKind(
            operation=PRELOAD,
            action="preload",
            object_type="file",
            reported="preload",
            word=None,
            paths_per_call=_PATHS_PER_CALL,
        ),
    ),
    quota=GET_QUOTA,
    more_operations=(LIST_SITES, LIST_PRELOADS),
)
