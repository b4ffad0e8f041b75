"""What a caller is told of a submission that came to nothing."""

from __future__ import annotations

import pytest

from functions.errors import RejectReason
from functions.tasks.submit import NothingSubmitted, Rejection


def rejected(reason: RejectReason, urls: int) -> Rejection:
    return Rejection(object_paths=("a.com/",) * urls, reason=reason.value, vendor_code=None)


@pytest.mark.parametrize(
    ("rejections", "reason"),
    [
        (
            [(RejectReason.THROTTLED, 2), (RejectReason.INVALID_OBJECT_PATH, 3), (RejectReason.THROTTLED, 2)],
            "throttled",
        ),
        ([(RejectReason.THROTTLED, 2), (RejectReason.INVALID_OBJECT_PATH, 3)], "invalid-object-path"),
        ([(RejectReason.THROTTLED, 9), (RejectReason.UNKNOWN_OUTCOME, 1)], "unknown-outcome"),
    ],
)
def test_the_reason_told_is_an_unknown_outcome_or_that_of_most_urls(
    rejections: list[tuple[RejectReason, int]], reason: str
) -> None:
    assert NothingSubmitted(tuple(rejected(*each) for each in rejections)).reason == reason
