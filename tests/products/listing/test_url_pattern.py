"""Regular expressions of URLs, matched in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.products.listing.url_pattern import MAX_PATTERN, parse_pattern

HOST = "http://a.com/"


def matches(pattern: str, url: str) -> bool:
    parsed = parse_pattern(pattern)
    assert parsed is not None
    return parsed.matches(url)


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        ("http://www.example.com/[0-9][a-z].*.jpg", "http://www.example.com/7a/b/c.jpg"),
        (HOST + "img/[^/]*", HOST + "img/x.png"),
        (HOST + ".*", HOST),
        (rf"^{HOST}\d+\.css$", HOST + "2026.css"),
        (HOST + r"a\?v=1", HOST + "a?v=1"),
        (HOST + "colou?r", HOST + "color"),
        (HOST + "[^a-z]", HOST + "\n"),
    ],
)
def test_what_the_console_and_people_write_is_understood(pattern: str, url: str) -> None:
    assert matches(pattern, url)


@pytest.mark.parametrize(
    ("pattern", "url"),
    [
        (HOST + "img/[^/]*", HOST + "img/a/b"),
        (HOST + "img/[^/]*", "https://a.com/img/x.png"),
        (HOST + "a", HOST + "ab"),
        (HOST + "ab", HOST + "a"),
        (HOST + "[0-9]", HOST + "٣"),
    ],
)
def test_the_whole_url_must_match(pattern: str, url: str) -> None:
    assert not matches(pattern, url)


@pytest.mark.parametrize(
    "pattern", ["(a|b)", "a{2,}", "a**", "[z-a]", "[", "a\\", "\\b", "a|b", "x" * (MAX_PATTERN + 1)]
)
def test_what_is_not_understood_is_not_guessed_at(pattern: str) -> None:
    assert parse_pattern(pattern) is None


ITEMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\.", r"\d", "/"])
PATTERNS = st.lists(st.tuples(ITEMS, st.sampled_from(["", "", "*", "+", "?"])).map("".join), max_size=8).map("".join)


@given(PATTERNS, st.text("ab./7", max_size=12))
def test_it_says_what_the_standard_library_says(pattern: str, url: str) -> None:
    assert matches(pattern, url) == bool(re.fullmatch(pattern, url, re.DOTALL | re.ASCII))


def test_an_expression_that_would_keep_a_backtracking_engine_for_ever_takes_a_step_for_each_character() -> None:
    pattern = parse_pattern("a*" * 500 + "b")
    assert pattern is not None
    assert not pattern.matches("a" * 4_096)
    assert pattern.matches("a" * 4_096 + "b")
