"""`python -m bench`: every case beside its baselines, as one table. Exit code 1 when a bar is missed."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from bench.cases import CASES
from bench.cases.effort import Effort
from bench.figures import CaseResult
from bench.table import heading, table


def main() -> int:
    """Measure and print."""
    asked = _parser().parse_args()
    # Shells ignore it in background jobs, what they start inherits that, and processes here are ended by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    effort = Effort(quick=asked.quick, profile=asked.profile)
    names = [name for name in CASES if not asked.only or name in asked.only]
    measured_on = heading()
    findings: list[CaseResult] = []
    for name in names:
        sys.stderr.write(f"bench: {name}\n")
        findings.append(asyncio.run(CASES[name](effort)))
    lines = [line for finding in findings for line in finding.lines]
    texts = [finding.text for finding in findings if finding.text]
    print("\n\n".join([measured_on, *([table(lines)] if lines else []), *texts]))
    missed = [line for line in lines if line.missed]
    for line in missed:
        sys.stderr.write(f"bench: bar missed: {line.case}: {line.what}\n")
    return 1 if missed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=CASES, metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--profile", action="store_true", help="where the time goes, for the cases that cost CPU")
    return parser


if __name__ == "__main__":
    sys.exit(main())
