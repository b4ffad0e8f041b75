from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path

import msgspec
import pytest

from packager.build import Artifact, build
from packager.target import find_target


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The artifact for the running interpreter: the same build, run here as Function Compute would run it.

    Built once, by whichever worker of pytest-xdist comes first; the others wait for it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    described = shared / "artifact.json"
    with (shared / "artifact.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not described.exists():
            made = build(find_target(Path(sys.executable)), shared / "dist")
            described.write_bytes(msgspec.json.encode(made, enc_hook=str))
    return msgspec.json.decode(described.read_bytes(), type=Artifact, dec_hook=lambda kind, text: kind(text))
