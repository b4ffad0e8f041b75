"""When two answers are taken for the same content, for different content, and for neither."""

from __future__ import annotations

import hashlib

import pytest

from functions.checks.comparison import compared, forbids_storing, observed, was_hit
from functions.checks.exchange import Answer, Digest

MARCH, MAY = "Sun, 01 Mar 2020 00:00:00 GMT", "Fri, 01 May 2020 00:00:00 GMT"


def answer(body: bytes | None = None, *, whole: bool = True, **headers: str) -> Answer:
    digest = None if body is None else Digest(hashlib.sha256(body).hexdigest(), len(body), whole)
    return Answer(status=200, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=digest)


@pytest.mark.parametrize(
    ("edge", "origin", "same"),
    [
        (answer(), answer(), None),
        (answer(etag='"1"'), answer(), None),
        (answer(etag='"1"'), answer(etag='"1"'), True),
        (answer(etag='W/"1"'), answer(etag='"1"'), True),
        (answer(etag='"1"'), answer(etag='"2"'), False),
        (answer(last_modified=MARCH), answer(last_modified=MARCH), True),
        (answer(last_modified="Sunday, 01-Mar-20 00:00:00 GMT"), answer(last_modified=MARCH), True),
        (answer(last_modified=MARCH), answer(last_modified=MAY), False),
        (answer(last_modified="soon"), answer(last_modified=MAY), False),
        (answer(content_md5="a"), answer(content_md5="b"), False),
        (answer(content_length="1"), answer(content_length="1"), None),
        (answer(content_length="1"), answer(content_length="2"), False),
        (answer(etag='"1"', last_modified=MARCH), answer(etag='"1"', last_modified=MAY), None),
        (answer(etag='"1"', content_length="1"), answer(etag='"1"', content_length="2"), None),
        (answer(b"a"), answer(b"a"), True),
        (answer(b"a", etag='"1"'), answer(b"a", etag='"2"'), True),
        (answer(b"a"), answer(b"b"), False),
        (answer(b"a", etag='"1"'), answer(b"b", etag='"1"'), None),
        (answer(b"a", whole=False), answer(b"a", whole=False), None),
        (answer(b"a", whole=False), answer(b"a"), False),
        (answer(b"a", content_encoding="gzip"), answer(b"b"), None),
        (answer(b"a", content_encoding="gzip"), answer(b"a", content_encoding="gzip"), True),
    ],
)
def test_what_both_tell_decides(edge: Answer, origin: Answer, same: bool | None) -> None:
    assert compared(edge, origin).same is same
    assert compared(origin, edge).same is same


@pytest.mark.parametrize(
    ("control", "forbids"),
    [
        ("no-store", True),
        ("public, NO-CACHE", True),
        ("private", True),
        ("max-age=0", True),
        ("s-maxage=0, max-age=60", True),
        ("max-age=60", False),
        ("max-age=06", False),
        ("must-revalidate", False),
        ('extension="no-store"', False),
        ("", False),
    ],
)
def test_only_what_keeps_from_storing_forbids_it(control: str, forbids: bool) -> None:
    assert forbids_storing(answer(cache_control=control)) is forbids


def test_a_hit_is_told_by_the_cache_or_by_an_age() -> None:
    assert was_hit(answer(x_cache="HIT TCP_REFRESH_HIT dirn:11:927701954"))
    assert was_hit(answer(age="3"))
    assert not was_hit(answer(x_cache="MISS TCP_MISS dirn:-2:-2"))
    assert not was_hit(answer(age="0"))


def test_headers_are_shown_cut_and_without_control_characters() -> None:
    shown = observed(answer(etag="x" * 10_000, x_cache="a\x1b[31m", age="soon", x_swift_cachetime="9" * 20))
    assert shown.etag == "x" * 256
    assert shown.x_cache == "a\N{REPLACEMENT CHARACTER}[31m"
    assert (shown.age, shown.cache_seconds) == (None, None)
