"""The vendor's quota strings (docs/vendor.md 3)."""

from __future__ import annotations

from typing import Any

import pytest

from functions.errors import Reason, UpstreamFault
from functions.products.reading.quota import KINDS, QuotaFigures, read_quotas


def test_strings_become_figures_and_the_stray_lower_case_name_is_read() -> None:
    body = {"RequestId": "R", "UrlQuota": "2000", "UrlRemain": "1996", "BlockQuota": "300", "blockRemain": "299"}
    assert read_quotas(body, product="vod") == (QuotaFigures("url", 2000, 1996), QuotaFigures("block", 300, 299))


def test_a_product_lacks_the_kinds_that_it_does_not_name() -> None:
    names = {
        f"{prefix}{end}": "1"
        for prefix in ("Url", "Dir", "Regex", "Preload", "Block", "IgnoreParams")
        for end in ("Quota", "Remain")
    }
    assert {left.kind for left in read_quotas(names, product="dcdn")} == set(KINDS) - {"preload-edge"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0", 0),
        (" 7 ", 7),
        (7, 7),
        ("9,999", 9_999),  # case V7
        ("1,234,567", 1_234_567),
        ("100.0", 100),
        ("-3", -3),
        (100.0, 100),
        (float("nan"), None),
        ("9,99", None),
        ("1.5", None),
        ("1e3", None),
        ("9" * 10_000, None),
        ("many", None),
        ("", None),
        (None, None),
        (True, None),
        (1.5, None),
        ("٣", None),
    ],
)
def test_what_is_no_count_is_not_told(written: Any, read: int | None) -> None:
    assert read_quotas({"UrlQuota": "5", "UrlRemain": written}, product="cdn") == (QuotaFigures("url", 5, read),)


@pytest.mark.parametrize("body", [{}, {"RequestId": "R"}, {"UrlQuota": "lots"}, [], None, "UrlQuota"])
def test_a_body_without_any_quota_is_not_understood(body: Any) -> None:
    with pytest.raises(UpstreamFault) as raised:
        read_quotas(body, product="cdn")
    assert raised.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_is_read_from_its_own_members(kind: str) -> None:
    names = {
        "url": "Url",
        "directory": "Dir",
        "regex": "Regex",
        "preload": "Preload",
        "block": "Block",
        "ignore-params": "IgnoreParams",
        "preload-edge": "PreloadEdge",
    }
    body = {f"{names[kind]}Quota": "9", f"{names[kind]}Remain": "4"}
    assert read_quotas(body, product="cdn") == (QuotaFigures(kind, 9, 4),)
