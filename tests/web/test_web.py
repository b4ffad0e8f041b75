"""The browser's side: the client in Node, the element and the page in Chromium. What is tested stands in `*.test.mjs`.

`make test` has installed what this needs (`.ci/browser`): Node from PyPI, Chromium from Debian, axe and Playwright from
npm. Each file is one run of Node's own test runner; a failure shows what it said.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from declarations.typescript import declarations_now
from emulator.testing import Emulator
from functions.api.static import POLICY, WEB
from tests.support.web import web_over

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")
SECONDS = 110


def run_node(*arguments: str, **environ: str) -> None:
    assert (HERE / "node_modules").is_dir(), "what these tests need is not installed; run: .ci/browser"
    done = subprocess.run(
        [NODE, *arguments],
        cwd=HERE,
        env={**os.environ, "TZ": "UTC", **environ},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, re.sub(r"^✔.*\n", "", done.stdout, flags=re.MULTILINE) + done.stderr


def run_tests(name: str, **environ: str) -> None:
    run_node(
        "--test", "--test-reporter=spec", "--test-force-exit", "--test-timeout=40000", f"{name}.test.mjs", **environ
    )


@pytest.mark.parametrize("name", ["event-stream", "reports", "client", "element"])
def test_the_client_and_its_element(name: str) -> None:
    run_tests(name)


def test_the_page() -> None:
    run_tests("page", PAGE_POLICY=POLICY)


@pytest.fixture
def listed_port() -> int:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port: int = reserved.getsockname()[1]
    return port


def test_the_page_and_the_client_over_the_real_service(emu: Emulator, listed_port: int) -> None:
    # Eight seconds for the function are three for a stream: what takes longer is seen across several of them.
    with web_over(emu, timeout_seconds=8, fresh_seconds=0.1, cors_origins=f"http://127.0.0.1:{listed_port}") as web:
        run_tests("e2e", SERVICE_URL=f"{web.client.base_url}/", EMULATOR_URL=emu.url, LISTED_PORT=str(listed_port))


def test_the_declarations_are_current() -> None:
    # When this fails: make openapi
    assert (WEB / "task-status.d.ts").read_text("utf-8") == declarations_now()


def test_the_types_hold_for_who_uses_them_and_for_the_code_itself() -> None:
    run_node("node_modules/typescript/bin/tsc", "--project", "tsconfig.json")


def test_open_sets_are_open_and_closed_ones_closed() -> None:
    written = declarations_now()
    assert (
        "  status: 'pending' | 'running' | 'complete' | 'failed' | 'timeout' | 'canceled' | 'unknown' | (string & {});"
        in written
    )
    assert "export type Outcome = 'failed' | 'missing' | 'succeeded';" in written
