"""The GitHub Action: its steps run as a runner runs them, with inputs and outputs where a runner puts them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator.testing import Emulator, Refuse, Row
from tests.support.command import ROOT, environment
from tests.support.gateway import Deed, Gateway

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
URL = "https://www.example.com/a.jpg"
EXPRESSION = re.compile(r"\$\{\{\s*(?P<source>inputs|steps\.\w+\.outputs)\.(?P<name>[\w-]+)\s*\}\}")


class Done:
    """What the runner saw."""

    def __init__(self, done: subprocess.CompletedProcess[str], outputs: Path) -> None:
        self.exit = done.returncode
        self.log = done.stdout
        steps = dict(line.split("=", 1) for line in outputs.read_text("utf-8").splitlines())
        self.outputs = {name: _evaluated(str(output["value"]), {}, steps) for name, output in ACTION["outputs"].items()}

    @property
    def report(self) -> Any:
        return json.loads(Path(self.outputs["report"]).read_text("ascii"))


def _evaluated(text: str, inputs: dict[str, str], steps: dict[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        return (inputs if found["source"] == "inputs" else steps).get(found["name"], "")

    return EXPRESSION.sub(value, text)


def act(folder: Path, **given: str) -> Done:
    """One run in a workspace of its own: `shell: bash` is what a runner makes of it."""
    inputs = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
    inputs |= {name.replace("_", "-"): value for name, value in given.items()}
    (step,) = ACTION["runs"]["steps"]
    script, outputs, workspace = folder / "step.sh", folder / "outputs", folder / "workspace"
    script.write_text(step["run"])
    outputs.touch()
    workspace.mkdir(exist_ok=True)
    env = environment() | {name: _evaluated(value, inputs, {}) for name, value in step["env"].items()}
    env |= {"GITHUB_ACTION_PATH": str(ROOT), "GITHUB_OUTPUT": str(outputs), "RUNNER_TEMP": str(folder)}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env.pop("PYTHONPATH")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=workspace,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Done(done, outputs)


def test_urls_are_submitted_and_waited_for(account: Emulator, url: str, tmp_path: Path) -> None:
    done = act(tmp_path, endpoint=url, urls=f"{URL}\n  {URL}?2  \n\n")
    assert (done.exit, done.outputs["outcome"]) == (0, "succeeded")
    made = {f"cdn:{task.task_id}" for task in account.tasks.all("cdn") if task.rows[0].object_path.startswith(URL)}
    assert set(done.outputs["task-ids"].split(",")) == made
    assert done.report["summary"]["outcome"] == "succeeded"
    assert "complete  100 %" in done.log


def test_a_prefetch_takes_another_product(account: Emulator, url: str, tmp_path: Path) -> None:
    done = act(tmp_path, endpoint=url, urls=URL, action="preload", product="dcdn")
    assert (done.exit, done.outputs["task-ids"].split(":")[0]) == (0, "dcdn")


def test_task_ids_are_waited_for(account: Emulator, url: str, tmp_path: Path) -> None:
    good, bad = (account.tasks.add("cdn", [Row("http://e.com/a", word)]) for word in ("Complete", "Failed"))
    done = act(tmp_path, endpoint=url, task_ids=f"cdn:{good}\ncdn:{bad}")
    assert (done.exit, done.outputs["outcome"]) == (1, "failed")
    assert done.outputs["task-ids"] == f"cdn:{good},cdn:{bad}"
    assert "::error title=cdn-task-status::failed\n" in done.log


@pytest.mark.parametrize("given", [{}, {"urls": URL, "task_ids": "1"}, {"urls": " \n "}])
def test_urls_and_ids_are_either_or(given: dict[str, str], url: str, tmp_path: Path) -> None:
    done = act(tmp_path, endpoint=url, **given)
    assert done.exit == 2
    assert "give either urls or task-ids" in done.log


def test_a_service_that_cannot_be_asked_is_an_error(account: Emulator, url: str, tmp_path: Path) -> None:
    account.faults.add("cdn", Refuse(code="Forbidden.RAM", status=403))
    done = act(tmp_path, endpoint=url, task_ids="cdn:1")
    assert (done.exit, done.outputs["outcome"], done.outputs["task-ids"], done.report) == (4, "error", "", {})


def test_the_token_travels_and_is_not_shown(gateway: Gateway, tmp_path: Path) -> None:
    gateway.deeds.append(Deed("answer", 403))
    done = act(tmp_path, endpoint=gateway.url, task_ids="1", token="shown-to-nobody")
    assert gateway.requests[0].headers["Authorization"] == "Bearer shown-to-nobody"
    assert "shown-to-nobody" not in done.log + str(done.outputs)


@pytest.mark.parametrize("name", [name for name in ACTION["inputs"] if name not in {"endpoint", "token"}])
def test_no_input_is_run_as_a_script_or_taken_for_an_option(name: str, url: str, tmp_path: Path) -> None:
    hostile = f"--help\n$(touch {tmp_path}/owned)`touch {tmp_path}/owned`';touch {tmp_path}/owned;\"${{{{x}}}}"
    given = {"endpoint": url, "urls": "" if name == "task-ids" else URL, name.replace("-", "_"): hostile}
    assert act(tmp_path, **given).exit == 2
    assert not (tmp_path / "owned").exists()


def test_no_expression_stands_in_the_scripts_text() -> None:
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])


def test_modules_of_the_workspace_are_not_loaded(url: str, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    for name in ("json", "ssl", "argparse", "cdn_task_status_cli"):
        (tmp_path / "workspace" / f"{name}.py").write_text("raise SystemExit('loaded from the workspace')\n")
    assert act(tmp_path, endpoint=url, urls=URL).exit == 0


def test_the_runner_obeys_nothing_that_a_vendor_wrote(account: Emulator, url: str, tmp_path: Path) -> None:
    task = account.tasks.add("cdn", [Row("http://e.com/##[error]a", "Failed", 0, "\n::error::b")])
    log = act(tmp_path, endpoint=url, task_ids=task).log.splitlines()
    (begin,) = (at for at, line in enumerate(log) if line.startswith("::stop-commands::"))
    end = log.index(f"::{log[begin].removeprefix('::stop-commands::')}::")
    assert all(begin < at < end for at, line in enumerate(log) if "e.com" in line or "error::b" in line)


def test_an_old_python_is_told_what_to_do(url: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    (step,) = ACTION["runs"]["steps"]
    env = {"PATH": f"{old.parent}{os.pathsep}{os.environ['PATH']}", "GITHUB_ACTION_PATH": str(ROOT)}
    done = subprocess.run(["bash", "-e", "-c", step["run"]], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "put actions/setup-python before this step" in done.stdout
