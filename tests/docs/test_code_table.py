"""The table of error codes in docs/vendor.md 5.6 keeps its own rules; tests of the code compare the code with it."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
import pytest

from functions.errors import Reason, RejectReason
from tests.support.code_table import VENDOR, code_rows, source_keys

ROWS = code_rows()


def test_each_code_stands_once() -> None:
    assert [found for found, times in Counter((row.code, row.text) for row in ROWS).items() if times > 1] == []


def test_a_star_stands_at_the_end_only() -> None:
    assert [row.code for row in ROWS if "*" in row.code.removesuffix("*")] == []


def test_a_text_is_in_lower_case() -> None:
    assert [row.text for row in ROWS if row.text and row.text != row.text.lower()] == []


def test_reasons_are_those_of_the_contract() -> None:
    assert {row.reason for row in ROWS} <= set(Reason)
    assert {row.submit for row in ROWS} <= set(RejectReason)


def test_every_row_names_a_source_that_is_listed() -> None:
    keys = source_keys()
    unlisted = [
        (row.code, named)
        for row in ROWS
        for named in row.source.removesuffix(" (spelled so)").split(", ")
        if named not in {"I", "R public code"} and not (named[:2] in {"D ", "M ", "R "} and named[2:] in keys)
    ]
    assert unlisted == []


def test_only_what_somebody_must_change_is_not_tried_again() -> None:
    for row in ROWS:
        passing = row.reason in {Reason.THROTTLED, Reason.UNAVAILABLE} or row.submit in {"quota-exceeded", "queue-full"}
        assert (row.retry != "no") == passing, row.code


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [("| call |", "| nobody |"), ("| no |", "| soon |"), ("| any |", "| elsewhere |"), ("| - |", "| - | - |")],
)
def test_a_row_of_another_form_is_refused(cell: str, wrong: str) -> None:
    row = re.search(r"^\| `UnknownError` .*$", VENDOR.read_text("utf-8"), re.MULTILINE)
    assert row is not None
    planted = row[0].replace("| 2 |", "| no |").replace(cell, wrong, 1)
    page = VENDOR.read_text("utf-8").replace(row[0], planted)
    with pytest.raises((msgspec.ValidationError, ValueError)):
        code_rows(page)
