"""The caller's token: from the environment, or from a command that prints it.

It is no argument of the command: those stand in the machine's list of processes and in the shell's history.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping

from cdn_task_status_cli.asking.deadline import Deadline
from cdn_task_status_cli.faults import CannotAsk, UsageError

VARIABLE = "TASK_STATUS_TOKEN"
_TOKEN = re.compile(r"[\x21-\x7e]+")


class Tokens:
    """The token, asked for when it is first needed. Its texts never quote it."""

    def __init__(self, environment: Mapping[str, str], command: str | None, deadline: Deadline) -> None:
        """`command` goes before the environment."""
        self._environment = environment
        self._command = command
        self._deadline = deadline
        self._current: str | None = None

    def current(self) -> str | None:
        """The token, None: there is none. Raises CannotAsk, UsageError, TimeOut."""
        if self._current is None:
            self._current = self._made() if self._command else self._given()
        return self._current

    def renewed(self, refused: str | None) -> str | None:
        """Another one in place of a refused one; None when there is no other."""
        self._current = None
        current = self.current()
        return None if current == refused else current

    def _given(self) -> str | None:
        token = self._environment.get(VARIABLE, "").strip()
        return _checked(token, VARIABLE) if token else None

    def _made(self) -> str:
        command = self._command or ""
        # On Windows the program itself takes its command line apart.
        arguments = command if os.name == "nt" else _split(command)
        try:
            done = subprocess.run(  # noqa: S603 -- the caller's own command
                arguments,
                stdout=subprocess.PIPE,
                stdin=subprocess.DEVNULL,
                timeout=self._deadline.remaining(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CannotAsk("the token command did not end in time") from None
        except OSError as fault:
            raise CannotAsk(f"the token command cannot be run: {fault.strerror}") from None
        if done.returncode != 0:
            raise CannotAsk(f"the token command ended with exit code {done.returncode}")
        return _checked(done.stdout.decode("ascii", "replace").strip(), "the token command's output")


def _split(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as fault:
        raise UsageError(f"--token-command: {fault}") from None
    if not words:
        raise UsageError("--token-command: it is empty")
    return words


def _checked(token: str, source: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise CannotAsk(f"{source} is no token: it must be one line without blanks")
    return token
