"""The table of error codes is the one of docs/vendor.md 5.6, and a code finds its row."""

from __future__ import annotations

import pytest

from functions.upstream.error_codes import ERROR_CODES, ErrorCode, find
from tests.support.code_table import CodeRow, code_rows


def as_documented(row: CodeRow) -> tuple[object, ...]:
    retry = None if row.retry == "no" else row.retry
    return (row.code, row.text, row.reason, row.submit, row.concerns, retry)


def as_coded(row: ErrorCode) -> tuple[object, ...]:
    return (row.code, row.text, row.reason.value, row.submit.value, row.concerns.value, row.retry)


def test_every_documented_code_has_its_row_and_every_row_is_documented() -> None:
    assert {as_coded(row) for row in ERROR_CODES} == {as_documented(row) for row in code_rows()}
    assert len(ERROR_CODES) == len(code_rows())


@pytest.mark.parametrize(
    ("code", "message", "row"),
    [
        ("InvalidTaskId", "", "InvalidTaskId"),
        ("InvalidTaskId.Malformed", "", "InvalidTaskId*"),
        ("InvalidObjectPath.Size.Malformed", "", "InvalidObjectPath.Size*"),
        ("InvalidObjectPath.Malformed", "", "InvalidObjectPath*"),
        ("InvalidDomain.Configure_failed", "", "InvalidDomain.Configure_failed"),
        ("Forbidden.AccessKeyDisabled", "", "Forbidden.AccessKeyDisabled"),
        ("Forbidden.RAM", "", "Forbidden*"),
        ("Throttling.User", "", "Throttling*"),
        ("OperationDenied", "Your account is not opened.", "OperationDenied"),
    ],
)
def test_the_most_exact_row_decides(code: str, message: str, row: str) -> None:
    found = find(code, message)
    assert found is not None
    assert (found.code, found.text) == (row, None)


def test_an_overdue_account_is_not_one_without_tasks() -> None:
    """Case V3."""
    found = find("OperationDenied", "The service is Suspended due to an overdue payment.")
    assert found is not None
    assert found.reason == "denied"


@pytest.mark.parametrize("code", ["", "SomethingNew", "throttling", "XForbidden"])
def test_an_unknown_code_has_no_row(code: str) -> None:
    assert find(code) is None
