"""What may pass by itself is tried again, and a submission has its effect once."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emulator.testing import Emulator, Refuse, Row, Transition
from tests.support.command import ManualClock, command, environment, inside
from tests.support.events_process import server_process
from tests.support.free_port import free_port
from tests.support.gateway import Deed, Gateway
from tests.support.real_service import KEY, environment_of

URL = "https://www.example.com/a.jpg"
REFRESH = "RefreshObjectCaches"
PROBLEM = (("Content-Type", "application/problem+json"),)


@pytest.fixture
def task(account: Emulator) -> str:
    return "cdn:" + account.tasks.add("cdn", ["http://example.com/a.jpg"])


@contextmanager
def waiting(*arguments: str, env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], Iterator[str]]]:
    """The command under way, and the lines of its log."""
    words = [sys.executable, "-m", "cdn_task_status_cli", *arguments]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield process, iter(process.stderr)
        finally:
            process.kill()


def test_a_wait_goes_on_through_a_restart_of_the_service(account: Emulator) -> None:
    moving = account.tasks.add("cdn", ["http://e.com/a"], transition=Transition(by="seconds", length=1e9, pending=0.0))
    port = free_port()
    with server_process(port, {**KEY, **environment_of(account, auth="none")}) as server:
        env = environment(f"http://127.0.0.1:{port}")
        with waiting("wait", moving, "--product", "cdn", env=env) as (process, log):
            assert next(log).startswith(f"cdn:{moving}  refresh  file  running")
            server.kill()
            assert any("trying again: " in line for line in log)
            account.tasks.set_transition("cdn", moving, Transition())
            server.start()
            process.communicate()
            assert process.returncode == 0


@pytest.mark.parametrize(
    "deed",
    [
        Deed("lose"),
        Deed("cut"),
        Deed("answer", 502),
        Deed("answer", 503, (("Retry-After", "7"),)),
        Deed("answer", 504),
        Deed("answer", 429, (*PROBLEM, ("Retry-After", "7")), b'{"reason": "too-many-requests"}'),
    ],
)
def test_what_may_pass_is_asked_again_no_sooner_than_told(
    deed: Deed, task: str, gateway: Gateway, via: dict[str, str]
) -> None:
    gateway.deeds.extend((deed, deed))
    clock = ManualClock()
    ended = inside("wait", task, env=via, clock=clock)
    assert ended.exit == 0
    assert len(gateway.requests) == 3
    assert ended.err.count("trying again") == 1
    least = 7 if ("Retry-After", "7") in deed.headers else 0.3
    assert all(seconds >= least for seconds in clock.slept)


@pytest.mark.parametrize(
    ("deed", "exit_code"),
    [
        (Deed("answer", 404), 4),
        (Deed("answer", 302, (("Location", "https://elsewhere.example.com/"),)), 4),
        (Deed("answer", 200, (("Content-Type", "text/html"),), b"<html>a portal</html>"), 4),
        (Deed("answer", 200, (), b'{"tasks": "none"}'), 4),
        (Deed("answer", 403, PROBLEM, b'{"reason": "forbidden", "title": "The token does not allow this"}'), 4),
        (Deed("answer", 503, PROBLEM, b'{"reason": "auth-not-configured", "title": "Nobody can be let in yet"}'), 4),
        (Deed("answer", 413, PROBLEM, b'{"reason": "body-too-large", "title": "The body is too large"}'), 2),
    ],
)
def test_what_does_not_pass_ends_it_at_once(
    deed: Deed, exit_code: int, task: str, gateway: Gateway, via: dict[str, str]
) -> None:
    gateway.deeds.append(deed)
    ended = inside("wait", task, env=via)
    assert (ended.exit, ended.out, len(gateway.requests)) == (exit_code, "", 1)
    assert ended.err.count("\n") == 1


def test_products_that_refuse_for_good_cannot_be_asked(account: Emulator, env: dict[str, str]) -> None:
    account.faults.add("cdn", Refuse(code="Forbidden.RAM", status=403))
    ended = inside("wait", "cdn:1", env=env)
    assert ended.exit == 4
    assert "cdn: denied" in ended.err


def test_a_service_that_is_never_there_cannot_be_asked() -> None:
    clock = ManualClock()
    ended = inside("wait", "1", "--timeout", "10m", env=environment(f"http://127.0.0.1:{free_port()}"), clock=clock)
    assert ended.exit == 4
    assert "Connection refused" in ended.err
    assert sum(clock.slept) == pytest.approx(600)


def test_a_host_that_does_not_exist_is_no_matter_of_time() -> None:
    ended = inside("quota", env=environment("http://does-not-exist.invalid"))
    assert (ended.exit, ended.err) == (4, "cdn-task-status: no such host: http://does-not-exist.invalid\n")


def test_a_mute_service_does_not_outlast_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        ended = command("quota", "--timeout", "1", env=environment(f"http://127.0.0.1:{mute.getsockname()[1]}"))
    assert ended.exit == 4
    assert "no answer in time" in ended.err


@pytest.mark.parametrize("deed", [Deed("lose"), Deed("cut"), Deed("answer", 502), Deed("answer", 504)])
def test_an_answer_that_is_lost_does_not_submit_twice(
    deed: Deed, account: Emulator, gateway: Gateway, via: dict[str, str]
) -> None:
    gateway.deeds.append(deed)
    ended = inside("submit", "refresh", URL, env=via)
    assert ended.exit == 0
    assert account.calls.count(REFRESH) == 1
    first, second = gateway.requests
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]


def test_two_submissions_are_two(account: Emulator, env: dict[str, str]) -> None:
    assert inside("submit", "refresh", URL, env=env).exit == inside("submit", "refresh", URL, env=env).exit == 0
    assert account.calls.count(REFRESH) == 2


def test_the_callers_own_key_makes_them_one(account: Emulator, env: dict[str, str]) -> None:
    outs = {inside("submit", "refresh", URL, "--idempotency-key", "build-7", env=env).out for _ in range(2)}
    assert len(outs) == account.calls.count(REFRESH) == 1


@pytest.mark.parametrize("gone", [Deed("answer", 503), Deed("answer", 401, PROBLEM, b'{"reason": "token-expired"}')])
def test_a_lost_answer_of_a_service_that_is_gone_since_is_no_reason_to_submit_again(
    gone: Deed, account: Emulator, gateway: Gateway, via: dict[str, str]
) -> None:
    gateway.deeds.extend((Deed("lose"), gone))
    ended = inside("submit", "refresh", "--wait", URL, "--json", env=via)
    assert ended.exit == 4
    assert json.loads(ended.out)["rejected"] == [{"objectPaths": [URL], "reason": "unknown-outcome"}]
    assert "nobody knows whether they were submitted" in ended.err
    assert account.calls.count(REFRESH) == 1
    assert len(gateway.requests) == 2


def test_a_submission_is_not_repeated_when_its_key_may_be_forgotten(gateway: Gateway, via: dict[str, str]) -> None:
    gateway.deeds.extend([Deed("answer", 504, (("Retry-After", "70"),))] * 100)
    clock = ManualClock()
    ended = inside("submit", "refresh", URL, "--timeout", "1h", env=via, clock=clock)
    assert ended.exit == 4
    assert sum(clock.slept) == 280


def test_what_failed_is_seen_although_another_part_was_not_accepted(account: Emulator, env: dict[str, str]) -> None:
    account.tasks.own_domains = frozenset({"www.example.com"})
    ended = inside("submit", "refresh", "--wait", URL, "https://not-ours.example.org/a", "--json", env=env)
    assert ended.exit == 1
    document = json.loads(ended.out)
    assert document["summary"]["outcome"] == "succeeded"
    assert document["rejected"][0]["objectPaths"] == ["https://not-ours.example.org/a"]


def test_a_product_that_stumbles_while_waiting_is_told_once_and_survived(
    account: Emulator, env: dict[str, str]
) -> None:
    task = account.tasks.add("cdn", [Row("http://example.com/a.jpg")])
    account.faults.add("cdn", Refuse(code="ServiceUnavailable", status=503), times=2)
    assert inside("wait", f"cdn:{task}", env=env).exit == 0
