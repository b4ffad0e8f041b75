"""The vendor's words, each with its meaning (docs/vendor.md 4)."""

from __future__ import annotations

import pytest

from functions.model import Status
from functions.products.reading.vocabulary import Vocabulary, action_of


@pytest.mark.parametrize(
    ("object_type", "action"),
    [
        *((word, "refresh") for word in ("file", "directory", "regex", "exquery", "ignoreparams")),
        *((word, "refresh") for word in ("cachetag", "hostname", "purgeall")),
        ("preload", "preload"),
        ("block", "block"),
        ("unblock", "unblock"),
        ("never-heard-of", "unknown"),
    ],
)
def test_what_a_task_does_follows_from_its_type(object_type: str, action: str) -> None:
    assert action_of(object_type) == action


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Complete", Status.COMPLETE),
        ("Refreshing", Status.RUNNING),
        ("Preloading", Status.RUNNING),
        ("Pending", Status.PENDING),
        ("PreloadPending", Status.PENDING),
        ("Failed", Status.FAILED),
        ("Timeout", Status.TIMEOUT),
        ("Canceled", Status.CANCELED),
        (" CANCELLED ", Status.CANCELED),
        ("Paused", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_each_status_word_has_one_meaning_and_an_unknown_one_is_unknown(word: str, status: Status) -> None:
    assert Vocabulary().status(word) is status


@pytest.mark.parametrize(("word", "read"), [("Path", "directory"), ("File", "file"), ("Odd", "odd"), (" ", "unknown")])
def test_types_are_normalized_and_unknown_ones_kept(word: str, read: str) -> None:
    assert Vocabulary().object_type(word) == read


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("Internal Error", "internal-error"),
        ("Origin Timeout", "origin-timeout"),
        ("Origin Return StatusCode 5XX", "origin-5xx"),
        ("origin return statuscode 502", "origin-5xx"),
        ("Origin Return StatusCode 404", "other"),
        (None, "other"),
    ],
)
def test_a_description_is_one_of_few_reasons(description: str | None, reason: str) -> None:
    assert Vocabulary().failure(description) == reason
