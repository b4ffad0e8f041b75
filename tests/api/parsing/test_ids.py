"""Ids as people paste them: one table holds this reader and the page's to the same reading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.api.parsing.ids import ids_in
from functions.api.parsing.parameters import PARAMETERS
from functions.api.parsing.query import to_query
from functions.api.parsing.raw import from_json, from_query_string
from functions.errors import InvalidRequest
from functions.settings import Settings
from functions.tasks.query import EVERYTHING, LookupQuery

TABLE = Path(__file__).parent.parent.parent / "web" / "ids.cases.json"
CASES: list[dict[str, Any]] = json.loads(TABLE.read_text("utf-8"))["cases"]


def read(given: str | list[str | int]) -> tuple[list[str], list[str]]:
    """The ids, and the parts that can be none, of a query string's text or a body's array."""
    text = isinstance(given, str)
    raw = (
        from_query_string(urlencode({"taskId": given}).encode())
        if text
        else from_json(json.dumps({"taskId": given}).encode())
    )
    try:
        query = to_query(raw, Settings(products=("cdn", "dcdn", "vod")), EVERYTHING)
    except InvalidRequest as refused:
        wrong = [fault.value or "" for fault in refused.faults if fault.detail == PARAMETERS["taskId"].rule]
        return [id_ for id_ in raw.texts["taskId"] if id_ not in wrong], [part for part in wrong if part]
    assert isinstance(query, LookupQuery)
    return [str(asked) for asked in query.ids], []


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_ids_are_read_as_people_paste_them(case: dict[str, Any]) -> None:  # case U4
    ids, wrong = read(case["given"])
    assert (ids, wrong) == (case["ids"], case.get("wrong", []))


@pytest.mark.parametrize("unit", [" ", "\u3000", ":", " :", ": ", "a ", ",", "[ ", '\u200b"'])
def test_reading_takes_time_in_proportion_to_the_text(unit: str) -> None:
    # As long as a body may be: a quadratic pattern would take minutes for one, past the suite's timeout.
    for _ in range(3):
        ids_in([unit * (262_144 // len(unit))])
