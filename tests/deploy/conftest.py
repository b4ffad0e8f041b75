from __future__ import annotations

import sys
from pathlib import Path

import pytest

from packager.build import Artifact, build
from packager.target import find_target


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The artifact for the running interpreter: the same build, run here as Function Compute would run it."""
    return build(find_target(Path(sys.executable)), tmp_path_factory.mktemp("dist"))
