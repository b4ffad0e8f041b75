"""The GitHub Action's step: `python -m cdn_task_status_cli.github`, with its inputs in INPUT_*.

What a workflow is given stands in environment variables, never in a script's text. What the vendor wrote reaches the
log only while the runner obeys no commands in it, and the job's outputs only as the name of a file.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cdn_task_status_cli.__main__ import process_surroundings, run
from cdn_task_status_cli.asking.reading import read
from cdn_task_status_cli.asking.shapes import Report
from cdn_task_status_cli.faults import Exit
from cdn_task_status_cli.showing.text import printable, report_lines

_OUTCOMES = {
    Exit.SUCCEEDED: "succeeded",
    Exit.FAILED: "failed",
    Exit.MISSING: "missing",
    Exit.TIME_OUT: "timeout",
}


def main() -> int:
    """Run the step; the exit code is the command's."""
    environment = os.environ
    words = _words(environment)
    if words is None:
        sys.stdout.write("::error title=cdn-task-status::give either urls or task-ids\n")
        return Exit.USAGE
    result = io.StringIO()
    around = process_surroundings()
    resume = uuid.uuid4().hex
    _tell(f"::stop-commands::{resume}")
    try:
        ended = run(words, dataclasses.replace(around, stdin=io.StringIO(), stdout=result))
        document = json.loads(result.getvalue() or "{}")
        if "summary" in document:
            _tell(*report_lines(read(Report, document)))
    finally:
        _tell(f"::{resume}::")
    outcome = _OUTCOMES.get(ended, "error")
    _put_out(environment, outcome, document)
    if ended is not Exit.SUCCEEDED:
        _tell(f"::error title=cdn-task-status::{outcome}")
    return ended


def _words(environment: Mapping[str, str]) -> list[str] | None:
    """The command line; None unless there are either URLs or ids."""
    given = {name: environment.get(f"INPUT_{name}", "").strip() for name in ("URLS", "TASK_IDS", "ACTION")}
    if bool(given["URLS"]) == bool(given["TASK_IDS"]):
        return None
    options = ["--json", *_options(environment, "TIMEOUT", "PRODUCT")]
    # Behind "--" nothing is an option, whatever it looks like.
    if given["TASK_IDS"]:
        return ["wait", *options, "--", given["TASK_IDS"]]
    urls = [line.strip() for line in given["URLS"].splitlines() if line.strip()]
    return ["submit", "--wait", *options, *_options(environment, "OBJECT_TYPE"), "--", given["ACTION"], *urls]


def _options(environment: Mapping[str, str], *names: str) -> Iterable[str]:
    for name in names:
        if value := environment.get(f"INPUT_{name}", "").strip():
            yield f"--{name.lower().replace('_', '-')}={value}"


def _put_out(environment: Mapping[str, str], outcome: str, document: Mapping[str, Any]) -> None:
    handle, name = tempfile.mkstemp(prefix="cdn-task-status-", suffix=".json", dir=environment.get("RUNNER_TEMP"))
    with os.fdopen(handle, "w", encoding="ascii") as report:
        json.dump(document, report)
    ids = ",".join(str(task["id"]) for task in document.get("tasks", ()))
    values = {"outcome": outcome, "task-ids": ids, "report": name}
    with Path(environment["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as outputs:
        outputs.writelines(f"{output}={printable(value)}\n" for output, value in values.items())


def _tell(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
