"""One line of JSON for every event, whatever its members hold."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from functions.logs import JsonLines, log_event

KEY_ID = "LTAI5tFooBarBaz12345678"


def repr_of_type(value: object) -> str:
    return type(value).__name__


def line_of(caplog: pytest.LogCaptureFixture, **members: Any) -> dict[str, Any]:
    with caplog.at_level(logging.INFO):
        log_event("something", **members)
    line: dict[str, Any] = json.loads(JsonLines().format(caplog.records[-1]))
    return line


def test_members_become_members_of_the_line(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(caplog, product="cdn", seconds=0.5, ids=("1", "2"), counts={"rejected": 3}, nothing=None)
    assert (line["message"], line["level"]) == ("something", "INFO")
    assert line | {"product": "cdn", "seconds": 0.5, "ids": ["1", "2"], "counts": {"rejected": 3}} == line
    assert line["nothing"] is None


@pytest.mark.parametrize(
    "value",
    ["\ud800", "a\nb", 10**5_000, float("nan"), object(), b"bytes", {1: object()}, [[[[[["deep"]]]]]], {"\ud800": 1}],
    ids=repr_of_type,
)
def test_no_value_breaks_the_line(caplog: pytest.LogCaptureFixture, value: Any) -> None:
    assert "value" in line_of(caplog, value=value)


def test_no_caller_can_log_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(caplog, text=KEY_ID, deep=[{"a": f"x {KEY_ID}"}], **{KEY_ID: 1})
    assert KEY_ID not in json.dumps(line)


def test_a_line_is_bounded(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(caplog, many=list(range(100_000)), long="word " * 100_000)
    assert len(json.dumps(line)) < 10_000


def test_of_an_exception_its_type_and_places_are_written_and_not_its_text(caplog: pytest.LogCaptureFixture) -> None:
    line = line_of(caplog, exception=ValueError("Signature=secret"))
    assert line["exception"] == ["builtins.ValueError"]
    assert "secret" not in json.dumps(line)
