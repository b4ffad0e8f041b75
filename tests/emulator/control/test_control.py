"""The control API, the call log, and the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from emulator.__main__ import main
from emulator.core.call_log import KEPT, Call, CallLog
from emulator.testing import Emulator
from tests.emulator.wire import SignedRequest

ASK = SignedRequest(params={"TaskId": "24840"})


@pytest.fixture
def control(emu: Emulator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{emu.url}/_emulator/", trust_env=False) as client:
        yield client


def test_it_says_that_it_is_well(control: httpx.Client) -> None:
    assert control.get("health").json() == {"status": "ok"}


def test_tasks_are_made_changed_shown_and_removed(control: httpx.Client) -> None:
    transition = {"by": "reads", "length": 5}
    new = {
        "product": "dcdn",
        "rows": ["http://a.example.com/1", {"objectPath": "http://a.example.com/2"}],
        "transition": transition,
    }
    task_id = control.post("tasks", json=new).json()["taskId"]
    change = {"objectPath": "http://a.example.com/2", "status": "Failed", "rows": ["http://a.example.com/3"]}
    assert control.patch(f"tasks/dcdn/{task_id}", json=change).status_code == 204
    task = control.get(f"tasks/dcdn/{task_id}").json()
    assert [row["status"] for row in task["rows"]] == ["Pending", "Failed", "Pending"]
    assert task_id in {shown["taskId"] for shown in control.get("tasks", params={"product": "dcdn"}).json()}
    assert control.delete(f"tasks/dcdn/{task_id}").status_code == 204
    assert control.get(f"tasks/dcdn/{task_id}").status_code == 404


def test_a_transition_can_be_changed_on_the_way(control: httpx.Client) -> None:
    assert control.patch("tasks/cdn/31000001", json={"transition": {"by": "immediate"}}).status_code == 204
    rows = control.get("tasks/cdn/31000001").json()["rows"]
    assert {row["status"] for row in rows} == {"Complete"}


def test_faults_are_switched_on_and_off(control: httpx.Client, emu: Emulator) -> None:
    refuse = {"kind": "refuse", "code": "OperationDenied", "status": 403}
    control.post("faults", json={"action": "cdn", "fault": refuse, "times": 2})
    assert ASK.send(emu).code == "OperationDenied"
    (shown,) = control.get("faults").json()
    assert (shown["action"], shown["times"], shown["fault"]["kind"]) == ("cdn", 1, "refuse")
    control.delete("faults", params={"action": "cdn"})
    assert ASK.send(emu).status == 200


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "slow", "delay": 1},
        {"kind": "throttle", "retry_after_ms": 5},
        {"kind": "answer", "body": {"Tasks": None}},
        {"kind": "text", "content": ""},
        {"kind": "truncate", "keep": 0.1},
        {"kind": "reset", "when": "mid-answer"},
        {"kind": "drip", "part": "head"},
        {"kind": "huge"},
        {"kind": "redirect"},
        {"kind": "hang"},
    ],
)
def test_every_fault_can_be_told_over_http(control: httpx.Client, fault: dict[str, Any]) -> None:
    assert control.post("faults", json={"fault": fault}).status_code == 204
    shown = control.get("faults").json()[0]["fault"]
    assert shown | fault == shown


def test_latency_and_limits_are_set_and_taken_back(control: httpx.Client, emu: Emulator) -> None:
    control.post("latency", json={"action": "vod", "base": 0.5, "jitter": 0.1})
    assert control.get("latency").json()["vod"] == {"base": 0.5, "jitter": 0.1}
    control.delete("latency")
    assert "vod" not in control.get("latency").json()
    control.post("limits", json={"action": "DescribeRefreshTasks", "qps": 1})
    control.post("limits", json={"product": "cdn", "kind": "url", "total": 9, "used": 4})
    assert control.get("limits").json()["DescribeRefreshTasks"] == 1
    assert emu.limits.quotas("emulator", "cdn")["url"].remaining == 5
    control.post("limits", json={"lift": True})
    assert set(control.get("limits").json().values()) == {None}
    control.post("limits", json={"restore": True})
    assert control.get("limits").json()["DescribeRefreshTasks"] == 5


def test_how_tasks_move_can_be_set(control: httpx.Client, emu: Emulator) -> None:
    changes = {"pullTriggered": True, "ownDomains": ["a.example.com"], "submitTransition": {"by": "immediate"}}
    assert control.patch("settings", json=changes).status_code == 204
    assert emu.tasks.own_domains == frozenset({"a.example.com"})
    shown = control.get("settings").json()
    assert (shown["pullTriggered"], shown["endTimeInclusive"]) == (True, False)


def test_keys_come_expire_and_go(control: httpx.Client, emu: Emulator) -> None:
    control.post("keys", json={"id": "k", "secret": "s", "token": "t"})
    ask = SignedRequest(params={"TaskId": "1"}, key_id="k", secret="s", headers={"x-acs-security-token": "t"})
    assert ask.send(emu).status == 200
    control.post("keys/k/expire")
    assert ask.send(emu).code == "InvalidSecurityToken.Expired"
    control.delete("keys/k")
    assert ask.send(emu).status == 404


def test_the_call_log_is_read_and_cleared(control: httpx.Client, emu: Emulator) -> None:
    ASK.send(emu)
    SignedRequest(action="DescribeVodRefreshTasks", product="vod", params={"TaskId": "x"}).send(emu)
    shown = control.get("calls").json()
    assert [(call["action"], call["status"], call["code"]) for call in shown] == [
        ("DescribeRefreshTaskById", 200, ""),
        ("DescribeVodRefreshTasks", 400, "InvalidTaskId.Malformed"),
    ]
    assert shown[0]["params"] == {"TaskId": "24840"}
    assert shown[0]["account"] == shown[0]["accessKeyId"] == "emulator"
    assert len(control.get("calls", params={"action": "vod"}).json()) == 1
    control.delete("calls")
    assert emu.calls.all() == ()


def test_reset_is_back_to_the_start(control: httpx.Client, emu: Emulator) -> None:
    control.post("faults", json={"fault": {"kind": "hang"}})
    control.delete("tasks/cdn/24840")
    control.post("limits", json={"lift": True})
    control.post("reset")
    assert ASK.send(emu).status == 200
    assert emu.calls.count() == 1
    assert emu.limits.qps("DescribeRefreshTaskById") == 30


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("DELETE", "tasks/cdn/5", None, 404),
        ("PATCH", "tasks/cdn/24840", {"unknown": 1}, 400),
        ("POST", "tasks", {"product": "scdn", "rows": []}, 404),
        ("POST", "tasks", {"product": "cdn", "rows": [], "taskId": "24840"}, 400),
        ("POST", "faults", {"fault": {"kind": "unheard-of"}}, 400),
        ("POST", "limits", {}, 400),
        ("POST", "limits", {"product": "vod", "kind": "regex", "total": 1}, 404),
        ("POST", "limits", {"action": "DescribeRefreshTask", "qps": 1}, 404),
    ],
)
def test_a_wrong_command_is_told_so(
    control: httpx.Client, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    answer = control.request(method, path, json=body)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_the_busiest_second_is_found_wherever_it_lies() -> None:
    log = CallLog()
    for number, at in enumerate((0.0, 0.6, 0.9, 1.0, 1.5, 1.61)):
        log.append(_call(number, at))
    assert log.busiest_second("cdn") == 4
    assert log.busiest_second("vod") == 0


def test_an_endless_log_forgets_its_oldest_calls() -> None:
    log = CallLog()
    for number in range(3):
        log.append(_call(number, 0.0))
    assert log.count() == 3 < KEPT
    assert log.next_number() < log.next_number()


def _call(number: int, at: float) -> Call:
    return Call(
        number=number,
        at=at,
        product="cdn",
        action="DescribeRefreshTasks",
        params={},
        access_key_id="",
        account="",
        status=200,
        code="",
        request_id="",
        connection=1,
    )


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "emulator", "--port", "0", "--key", "k:s:t", "--latency", "0.01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split(" on ")[1].split(" ")[0]
        health = httpx.get(f"{url}/_emulator/health", trust_env=False)
        process.terminate()
        assert process.wait(5) == 0
    assert health.status_code == 200


def test_the_command_says_when_its_port_is_taken(emu: Emulator, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", str(emu.port)]) == 1
    assert f"cannot listen on 127.0.0.1:{emu.port}" in capsys.readouterr().err
