"""Coverage-guided fuzzing of what reads bytes from outside: `python -m bench.soak.fuzz [TARGET…] [--seconds 300]`.

What must hold is in tests/support/fuzz_targets.py. It starts from what is kept in tests/samples/fuzz and from recorded
samples; inputs that reach new code are added to a corpus under build/fuzz. An input that breaks a promise is printed
with its path: keep it as a sample. The exit code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["functions"]):
    from tests.support.fuzz_targets import CORPUS, TARGETS

FOUND = Path("build/fuzz")
RECORDED = {"vendor_body": CORPUS.parent / "vendor", "event": CORPUS.parent / "events"}
MAX_BYTES = 4_096


def main() -> int:
    """Fuzz each target in a process of its own, because libFuzzer ends the process; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET")
    parser.add_argument("--seconds", type=int, default=300, help="for each target")
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.in_this_process:
        (target,) = arguments.targets
        _fuzz(target, arguments.seconds)
    command = [sys.executable, "-m", "bench.soak.fuzz", "--in-this-process", "--seconds", str(arguments.seconds)]
    broken = [
        each
        for each in arguments.targets
        if subprocess.run([*command, each], check=False).returncode  # noqa: S603 -- this very program
    ]
    print(f"{len(arguments.targets)} targets, broken: {', '.join(broken) or 'none'}")
    return int(bool(broken))


def _fuzz(target: str, seconds: int) -> None:
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={MAX_BYTES}", "-timeout=10", f"-artifact_prefix={FOUND}/"]
    corpora = [found, CORPUS / target, *([RECORDED[target]] if target in RECORDED else [])]
    atheris.Setup([sys.argv[0], *map(str, corpora), *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
