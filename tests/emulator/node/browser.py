"""A person at a browser, for the demo's tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

HERE = Path(__file__).parent
NODE = Path(sys.executable).with_name("node")


def upload_in_a_browser(page: str, file: Path) -> Any:
    """Choose `file` on `page` and wait for its `tasks`; and `statusOfUploadFromElsewhere`, a page of another origin."""
    environ = {**os.environ, "PAGE": page, "FILE": str(file)}
    run = subprocess.run(
        [NODE, "upload.mjs"], cwd=HERE, env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    return msgspec.json.decode(run.stdout)
