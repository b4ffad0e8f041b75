"""What the README prints for scripts, run as printed; only the demo's address is the test's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml

from cdn_task_status_cli import arguments as cli_arguments
from emulator.testing import Emulator, Row, Transition
from functions.products.registry import PRODUCTS
from tests.support.command import ROOT, command, environment
from tests.support.gateway import Deed, Gateway

SECTION = (ROOT / "README.md").read_text("utf-8").split("## From a script")[1].split("\n## ")[0]
QUICK_START, SCRIPT = re.findall(r"^```sh\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
(WORKFLOW,) = re.findall(r"^```yaml\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
DEMO = "http://127.0.0.1:9000"
URL = "https://www.example.com/a.css"
JSON = (("Content-Type", "application/json"),)
MADE = Deed("answer", 202, JSON, b'{"tasks":[{"id":"cdn:1"},{"id":"cdn:2"}],"rejected":[]}')


def script(folder: Path, *urls: str, env: dict[str, str]) -> int:
    printed = folder / "refresh.sh"
    printed.write_text(SCRIPT)
    done = subprocess.run(["sh", str(printed), *urls], env=env, capture_output=True, text=True, check=False)
    assert env.get("TASK_STATUS_TOKEN", "shown-to-nobody") not in done.stdout + done.stderr
    return done.returncode


def test_the_two_lines_install_the_command_and_refresh(account: Emulator, url: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv")
    pip = tmp_path / "venv" / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip --python "{pip.with_name("python")}" "$@"\n')
    pip.chmod(0o755)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    # What builds it comes from this environment instead of the network.
    (site / "builder.pth").write_text(sysconfig.get_path("purelib"))
    env = environment() | {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    env["PATH"] = f"{tmp_path / 'venv' / 'bin'}{os.pathsep}{env['PATH']}"
    env.pop("PYTHONPATH")
    assert DEMO in QUICK_START
    printed = QUICK_START.replace(DEMO, url)
    done = subprocess.run(["sh", "-ec", printed], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "complete  100 %" in done.stdout


def test_the_shell_script_submits_and_waits(account: Emulator, env: dict[str, str], tmp_path: Path) -> None:
    assert script(tmp_path, URL, f"{URL}?2", env=env) == 0
    assert {row.object_path for task in account.tasks.all("cdn") for row in task.rows} >= {URL, f"{URL}?2"}


def test_the_shell_script_sees_a_real_failure(account: Emulator, gateway: Gateway, tmp_path: Path) -> None:
    failed = account.tasks.add("cdn", [Row(URL, "Failed", 0, "Origin Timeout")])
    gateway.deeds.append(Deed("answer", 202, JSON, f'{{"tasks":[{{"id":"cdn:{failed}"}}],"rejected":[]}}'.encode()))
    assert script(tmp_path, URL, env=environment(gateway.url)) == 1


@pytest.mark.parametrize(
    ("deeds", "exit_code"),
    [
        ([MADE, Deed("answer", 200, JSON, b'{"summary":{"done":true,"outcome":"succeeded"}}')], 0),
        ([MADE, Deed("answer", 200, JSON, b'{"summary":{"done":true,"outcome":"failed"}}')], 1),
        ([MADE, Deed("answer", 200, JSON, b'{"summary":{"done":true,"outcome":"missing"}}')], 3),
        ([MADE, Deed("answer", 403)], 4),
        ([Deed("answer", 401)], 4),
        ([Deed("answer", 400)], 2),
        ([Deed("answer", 422)], 1),
        ([Deed("answer", 202, JSON, b'{"tasks":[{"id":"cdn:1"}],"rejected":[{"reason":"domain-not-found"}]}')], 1),
        ([Deed("answer", 202, JSON, b'{"tasks":[{"id":"cdn:1"}],"rejected":[{"reason":"unknown-outcome"}]}')], 4),
        ([Deed("answer", 503), MADE, Deed("answer", 200, JSON, b'{"summary":{"outcome":"succeeded"}}')], 0),
    ],
)
def test_the_shell_script_ends_as_the_command_does(
    deeds: list[Deed], exit_code: int, gateway: Gateway, tmp_path: Path
) -> None:
    gateway.deeds.extend(deeds)
    assert script(tmp_path, URL, env=environment(gateway.url, token="shown-to-nobody")) == exit_code
    assert {request.headers["Authorization"] for request in gateway.requests} == {"Bearer shown-to-nobody"}
    assert len({request.headers["Idempotency-Key"] for request in gateway.requests}) == 1
    assert not gateway.deeds


def test_the_shell_script_without_urls_is_wrong_usage(env: dict[str, str], tmp_path: Path) -> None:
    assert script(tmp_path, env=env) == 2


def test_the_shell_script_gives_up_in_time(account: Emulator, env: dict[str, str], tmp_path: Path) -> None:
    account.tasks.submit_transition = Transition(by="seconds", length=1e9)
    assert script(tmp_path, URL, env={**env, "TIMEOUT": "0"}) == 124


def test_the_workflow_step_gives_inputs_that_there_are() -> None:
    inputs = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["inputs"]
    (step,) = yaml.safe_load(WORKFLOW)
    required = {name for name, each in inputs.items() if each.get("required")}
    assert required <= set(step["with"]) <= set(inputs)


def test_the_commands_of_its_own_readme_exist() -> None:
    told = (ROOT / "cli" / "README.md").read_text("utf-8")
    help_text = command("--help", env=environment()).out
    for name in re.findall(r"^\| `cdn-task-status (\w+)", told, re.MULTILINE):
        assert f"    {name} " in help_text


@pytest.mark.parametrize("name", ["wait", "submit", "status", "list"])
def test_its_help_names_every_product_that_the_service_may_have(name: str) -> None:
    assert cli_arguments.PRODUCTS == PRODUCTS
    shown = " ".join(command(name, "--help", env=environment()).out.split())
    assert f"--product PRODUCT {', '.join(PRODUCTS)}: " in shown
