"""`cdn-task-status`, also `python -m cdn_task_status_cli`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from cdn_task_status_cli.arguments import PROGRAM, parsed
from cdn_task_status_cli.asking.deadline import SystemClock
from cdn_task_status_cli.commands.following import run_submit, run_wait
from cdn_task_status_cli.commands.job import Job, Surroundings
from cdn_task_status_cli.commands.looking import run_list, run_quota, run_status
from cdn_task_status_cli.faults import CommandError, Exit
from cdn_task_status_cli.showing.text import printable

_COMMANDS: Mapping[str, Callable[[Job], Exit]] = MappingProxyType(
    {"wait": run_wait, "submit": run_submit, "status": run_status, "list": run_list, "quota": run_quota}
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The process: run with the given arguments, None: its own. Returns the exit code."""
    return run(arguments, process_surroundings())


def process_surroundings() -> Surroundings:
    """The process's own, with streams that write whatever text there is in whatever encoding they have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    return Surroundings(os.environ, sys.stdin, sys.stdout, sys.stderr, SystemClock())


def run(arguments: Sequence[str] | None, around: Surroundings) -> Exit:
    """Carry out a command line; every end but --help's is an exit code."""
    try:
        given = parsed(arguments)
        ended = _COMMANDS[given.command](Job.of(given, around))
        around.stdout.flush()
    except CommandError as fault:
        around.stderr.write(f"{PROGRAM}: {printable(str(fault))}\n")
        return fault.exit
    except KeyboardInterrupt:
        around.stderr.write(f"{PROGRAM}: interrupted; tasks that are under way go on\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        _forget_output(around)
        return Exit.BROKEN_PIPE
    return ended


def _forget_output(around: Surroundings) -> None:
    """Nobody reads any more: what is still buffered must not raise again when the interpreter flushes it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (around.stdout, around.stderr):
        os.dup2(nowhere, stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
