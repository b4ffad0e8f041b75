"""The browser's side: the client in Node, the element and the page in Chromium. What is tested stands in `*.test.mjs`.

`make test` has installed what this needs (`.ci/tools`): Node from PyPI, Chromium from Debian, all else from npm. Each
file is one run of Node's own test runner.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import jsonschema
import pytest

from declarations.typescript import declarations_now
from emulator.testing import running_emulator
from functions.api.routes.static_files import POLICY, WEB
from tests.support.free_port import free_port
from tests.support.real_service import LIFTED
from tests.support.web_function import web_over

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")
RUNNER = ("--test", "--test-reporter=spec", "--test-force-exit", "--test-timeout=60000")
OVER_THE_SERVICE = "browser/e2e.test.mjs"
ALONE = sorted({path.relative_to(HERE).as_posix() for path in HERE.glob("*/*.test.mjs")} - {OVER_THE_SERVICE})
"""Files that bring a service of their own."""
TIMES = {"timeout_seconds": 8, "deadline_seconds": 4, "fresh_seconds": 0.1}
"""Eight seconds for the function are three for a stream: what takes longer is seen across several of them."""

pytestmark = pytest.mark.timeout(900)
"""A file is a browser and dozens of tests, each with a limit of its own: what a busy machine needs is not a fault."""

Run = subprocess.Popen[str]


@pytest.fixture(scope="module", autouse=True)
def over_the_service() -> Iterator[Run]:
    """Under way from the start, because it mostly waits."""
    with ExitStack() as world:
        emulator = world.enter_context(running_emulator(limits=False))
        port = free_port()
        origins = f"http://127.0.0.1:{port}"
        web = world.enter_context(web_over(emulator, **TIMES, **LIFTED, cors_origins=origins, submit="on"))
        service = {"SERVICE_URL": f"{web.client.base_url}/", "EMULATOR_URL": emulator.url, "LISTED_PORT": str(port)}
        run = world.enter_context(node(*RUNNER, OVER_THE_SERVICE, **service))
        yield run
        run.kill()


def node(*arguments: str, **environ: str) -> Run:
    assert (HERE / "node_modules").is_dir(), "what these tests need is not installed; run: .ci/tools"
    return subprocess.Popen(
        [NODE, *arguments],
        cwd=HERE,
        env={**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ['PATH']}", "TZ": "UTC", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def succeeds(run: Run) -> None:
    said, _ = run.communicate()
    assert run.returncode == 0, re.sub(r"^ *✔.*\n", "", said, flags=re.MULTILINE)


@pytest.mark.parametrize("name", ALONE)
def test_what_is_promised_to_browsers_holds(name: str) -> None:
    succeeds(node(*RUNNER, name, PAGE_POLICY=POLICY))


def test_it_holds_over_the_real_service(over_the_service: Run) -> None:
    succeeds(over_the_service)


def test_the_types_hold_for_who_uses_them_and_for_the_code_itself() -> None:
    succeeds(node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json"))


def test_the_declarations_are_current() -> None:
    # When this fails: make openapi
    assert (WEB / "task-status.d.ts").read_text("utf-8") == declarations_now()


def test_the_packages_manifest_fits_its_schema() -> None:
    schema = json.loads((HERE / "node_modules" / "custom-elements-manifest" / "schema.json").read_text("utf-8"))
    jsonschema.validate(
        json.loads((HERE.parents[1] / "npm" / "files" / "custom-elements.json").read_text("utf-8")), schema
    )


def test_open_sets_are_open_and_closed_ones_closed() -> None:
    written = declarations_now()
    states = "'pending' | 'running' | 'complete' | 'failed' | 'timeout' | 'canceled' | 'unknown'"
    assert f"  status: {states} | (string & {{}});" in written
    assert "export type Outcome = 'failed' | 'missing' | 'succeeded';" in written
