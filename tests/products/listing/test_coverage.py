"""How rows concern a URL: case U5, and the spellings of case U1."""

from __future__ import annotations

import pytest

from functions.products.cdn import CDN
from functions.products.listing.coverage import Coverage, Match
from functions.products.listing.pages import VendorFilter

URL = "https://img.example.com/a/logo@2x.png?v=1"


@pytest.mark.parametrize(
    ("object_path", "object_type", "match"),
    [
        (URL, "file", Match.EXACT),
        ("https://IMG.example.com:443/a/logo%402x.png?v=1", "preload", Match.EXACT),
        ("https://img.example.com/a/", "directory", Match.DIRECTORY),
        ("https://img.example.com/", "directory", Match.DIRECTORY),
        ("https://img.example.com/a", "directory", Match.DIRECTORY),
        ("https://img.example.com/a/.*.png.*", "regex", Match.REGEX),
        ("https://img.example.com/a/logo%40.*", "regex", None),
        ("https://img.example.com/a/log", "directory", None),
        ("https://img.example.com/a/", "file", None),
        ("http://img.example.com/a/", "directory", None),
        ("https://example.com/a/", "directory", None),
        ("https://img.example.com/a/(logo|x).*", "regex", None),
        ("^/a/.*", "regex", None),
        ("", "directory", None),
    ],
)
def test_a_row_concerns_a_url_exactly_or_from_above_or_by_a_pattern(
    object_path: str, object_type: str, match: Match | None
) -> None:
    assert Coverage((URL,)).match(object_path, object_type) is match


def test_an_expression_asked_for_in_its_own_words_is_found() -> None:
    assert Coverage(("^/a/.*",)).match("^/a/.*", "regex") is Match.EXACT


def test_every_spelling_is_asked_for_and_the_types_that_can_cover() -> None:
    spelled = Coverage(("https://a.com/x%40y", "https://a.com/z"))
    assert spelled.lists(CDN.listing.object_types) == (
        VendorFilter(object_path="https://a.com/x%40y"),
        VendorFilter(object_path="https://a.com/x@y"),
        VendorFilter(object_path="https://a.com/z"),
        VendorFilter(object_type="directory"),
        VendorFilter(object_type="regex"),
    )
    assert spelled.lists(("file",))[3:] == ()
