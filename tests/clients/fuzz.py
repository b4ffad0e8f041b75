"""Schemathesis over the running service: every check, all phases, stateful by the links of openapi.json.

    python -m tests.clients.fuzz [CASES] [SEED]

makes CASES (500) of each operation and phase. The seed is printed, so that a finding can be repeated.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jwt

from emulator.testing import Emulator, running_emulator
from tests.clients.tools import HERE, run, service_over

SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
CLAIMS: Mapping[str, Mapping[str, Any] | None] = MappingProxyType(
    {
        "without a token": None,
        "with a token for everything": {},
        "with a narrow token": {"products": ["cdn"], "domains": ["b.com", "*.example.com"], "actions": ["refresh"]},
    }
)
"""Ways in: the claims of the token, or None where none is asked for."""
ALL = "examples,coverage,fuzzing,stateful"
"""Schemathesis' phases."""
SHORT = {"timeout_seconds": 6, "deadline_seconds": 5}
"""Waits and streams last a second at the longest."""


def fuzz(
    emu: Emulator,
    claims: Mapping[str, Any] | None,
    *,
    cases: int,
    seed: int,
    cwd: Path,
    seconds: float,
    phases: str = ALL,
) -> str:
    """What schemathesis prints; AssertionError with its findings if there are any."""
    guarded = {} if claims is None else {"jwt_secret": SECRET}
    with service_over(emu, **SHORT, **guarded) as web:
        url = str(web.client.base_url)
        command = ["schemathesis", "--config-file", str(HERE / "schemathesis.toml"), "run", f"{url}/openapi.json"]
        command += ["--url", url, "--checks", "all", "--suppress-health-check", "all", "--generation-database", "none"]
        command += ["--max-examples", str(cases), "--seed", str(seed), "--phases", phases]
        if claims is not None:
            token = jwt.encode({"exp": int(time.time()) + 86_400, "sub": "fuzz", **claims}, SECRET, "HS256")
            command += ["--header", f"Authorization: Bearer {token}"]
        return run(*command, cwd=cwd, seconds=seconds)


def main() -> int:
    """Run for long; 1 when something was found."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(2**32)
    for way_in, claims in CLAIMS.items():
        sys.stdout.write(f"{way_in}, seed {seed}\n")
        with running_emulator(limits=False) as emu, tempfile.TemporaryDirectory() as folder:
            try:
                told = fuzz(emu, claims, cases=cases, seed=seed, cwd=Path(folder), seconds=7_200)
            except AssertionError as found:
                sys.stdout.write(f"{found}\n")
                return 1
        sys.stdout.write(told[told.rindex("SUMMARY") :] + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
