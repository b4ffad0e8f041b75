"""The vendor's Node SDKs (case R5), in one run of Node's own test runner: what is tested stands in `sdks.test.mjs`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from emulator.testing import Emulator

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")


def test_the_vendors_node_sdks_are_answered(emu: Emulator) -> None:
    assert (HERE / "node_modules").is_dir(), "what these tests need is not installed; run: .ci/tools"
    emu.oss.create_bucket("pics")
    run = subprocess.run(
        [NODE, "--test", "--test-reporter=spec", "--test-force-exit", "sdks.test.mjs"],
        cwd=HERE,
        env={**os.environ, "EMULATOR_URL": emu.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout
