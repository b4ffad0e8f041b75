"""The dashboard and the alerts ask for what the service really writes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import Emulator, Refuse
from tests.support.web_function import web_over

FOLDER = Path(__file__).parent.parent.parent / "deploy" / "dashboard"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
ALERTS: list[dict[str, Any]] = json.loads((FOLDER / "alerts.json").read_text("utf-8"))
QUERIES = {
    **{chart["title"]: chart["search"]["query"] for chart in DASHBOARD["charts"]},
    **{alert["name"]: alert["configuration"]["queryList"][0]["query"] for alert in ALERTS},
}


@pytest.fixture
def members(emu: Emulator, written: io.StringIO) -> set[str]:
    """The members of all lines that a good, a bad and a refused request leave."""
    emu.faults.add("vod", Refuse(code="Forbidden.RAM", status=403))
    with web_over(emu) as web:
        for path in ("/v1/tasks?taskId=24840,vod:1", "/v1/tasks?taskId=x", "/v1/quota"):
            web.get(path)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    return {name for line in lines for name in line}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_names_only_members_that_are_written(members: set[str], name: str) -> None:
    asked = set(re.findall(r"json_extract_scalar\(message, '\$\.(\w+)'\)", QUERIES[name]))
    assert asked
    assert asked <= members


def test_a_chart_draws_only_columns_of_its_query() -> None:
    for chart in DASHBOARD["charts"]:
        columns = set(re.findall(r" as (\w+)(?=,| from)", chart["search"]["query"]))
        assert {*chart["display"]["xAxis"], *chart["display"]["yAxis"]} <= columns, chart["title"]


def test_an_alert_judges_and_tells_only_columns_of_its_query() -> None:
    for alert in ALERTS:
        columns = set(re.findall(r" as (\w+)(?=,| from)", QUERIES[alert["name"]]))
        configuration = alert["configuration"]
        condition = configuration["severityConfigurations"][0]["evalCondition"]["condition"]
        texts = " ".join(each["value"] for each in configuration["annotations"])
        assert {*re.findall(r"[a-z_]+", condition), *re.findall(r"\$\{(\w+)\}", texts)} <= columns, alert["name"]
