"""What is stored of a change, by this version and by the one before."""

from __future__ import annotations

import msgspec
import pytest

from functions.events.change import ActionKind, ChangeRecord, decode_record
from tests.support.change_records import FAILED_CHANGE
from tests.support.samples import stored_sample


def test_what_is_stored_is_read_again() -> None:
    assert decode_record(msgspec.json.encode(FAILED_CHANGE)) == FAILED_CHANGE


@pytest.mark.parametrize("name", ["0.1.0-pending", "0.1.0-closed"])
def test_what_the_version_before_stored_is_read(name: str) -> None:
    record = decode_record(stored_sample(name))
    assert [action.kind for action in record.actions] == [ActionKind.REFRESH, ActionKind.PRELOAD]
    assert record.actions[0].task_ids == ("40000000001",)
    assert (record.outcome, record.change_id) == (
        "succeeded" if name.endswith("closed") else None,
        "2026-11-22T03:30:00.000Z-abe6ec922ef3222d",
    )


def test_the_stored_names_are_those_of_the_contract() -> None:
    members = msgspec.to_builtins(FAILED_CHANGE)
    assert set(members["actions"][0]) == {"product", "action", "objectPath", "taskIds", "status"}
    assert {"change", "changedAt", "claimedBy", "closedAt", "outcome"} <= set(members)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"errands": 1}', b'{"bucket": "\xff"}'])
def test_what_is_no_record_is_one_error(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode_record(body)


def test_an_unknown_member_of_a_later_version_is_no_fault() -> None:
    body = msgspec.json.encode({**msgspec.to_builtins(FAILED_CHANGE), "tomorrow": 1})
    assert isinstance(decode_record(body), ChangeRecord)
