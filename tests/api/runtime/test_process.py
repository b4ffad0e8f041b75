"""The web function as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests.support.eventually import GIVE_UP_SECONDS, eventually
from tests.support.free_port import free_port

BASE = {
    "PATH": os.environ["PATH"],
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI5tKey",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "LTAI5tSecret",
}


@contextmanager
def running(**environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "functions.server"],
        env={**BASE, "PORT": str(port), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


def answered(url: str) -> httpx.Response:
    answers: list[httpx.Response] = []

    def asked() -> bool:
        with suppress(httpx.TransportError):
            answers.append(httpx.get(url, trust_env=False, timeout=GIVE_UP_SECONDS))
        return bool(answers)

    eventually(asked)
    return answers[0]


def test_it_serves_from_the_environment_and_goes_in_peace_on_sigterm() -> None:
    with running() as (process, url):
        assert answered(f"{url}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{url}/v1/tasks?taskId=x&secret=s3cret", trust_env=False).status_code == 400
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=GIVE_UP_SECONDS)
    # uvicorn ends by the signal it got, once everything is closed
    assert process.returncode == -signal.SIGTERM
    assert err == ""
    lines = [json.loads(line) for line in out.splitlines()]
    assert lines[0]["message"] == "started"  # case N3
    assert (lines[0]["auth"], lines[0]["credentials"]) == ("none", "environment")
    assert lines[0]["products"] == ["cdn", "dcdn", "vod"]
    requests = [(line["path"], line["status"]) for line in lines if line["message"] == "request"]
    assert requests == [("/healthz", 200), ("/v1/tasks", 400)]
    assert not [secret for secret in ("s3cret", "LTAI5tSecret") if secret in out]


@pytest.mark.parametrize(
    "environ",
    [
        {"TASK_STATUS_PRODUCTS": "live"},
        {"PORT": "ninety"},
        {"PORT": "70000"},
        {"TASK_STATUS_AUTH": "jwt", "TASK_STATUS_JWKS": "http://id.example.com/jwks.json"},
        {"TASK_STATUS_AUTH": "jwt", "TASK_STATUS_JWT_SECRET": "short-secret"},
    ],
)
def test_a_bad_value_stops_the_start_with_one_line(environ: dict[str, str]) -> None:
    with running(**environ) as (process, _):
        out, err = process.communicate(timeout=GIVE_UP_SECONDS)
    assert (process.returncode, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith(list(environ)[-1])
    assert "Example: " in err
    assert "short-secret" not in err


def test_on_function_compute_it_listens_to_everybody_and_lets_nobody_in() -> None:
    with running(FC_FUNCTION_NAME="task-status", TASK_STATUS_DOORS="http") as (_, url):
        assert answered(f"{url}/v1/tasks?taskId=1").json()["reason"] == "auth-not-configured"
        port = int(url.rpartition(":")[2])
        assert httpx.get(f"http://127.0.0.2:{port}/healthz", trust_env=False).status_code == 200
