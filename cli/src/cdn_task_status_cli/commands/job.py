"""One command under way: what it was given, and where it asks, shows and tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TextIO

from cdn_task_status_cli import given
from cdn_task_status_cli.arguments import PROGRAM, Arguments
from cdn_task_status_cli.asking.deadline import Clock, Deadline
from cdn_task_status_cli.asking.endpoint import endpoint_of
from cdn_task_status_cli.asking.service import Service
from cdn_task_status_cli.asking.tokens import Tokens
from cdn_task_status_cli.showing.progress import Progress, progress_for


@dataclass(frozen=True)
class Surroundings:
    """What a process has around it."""

    environment: Mapping[str, str]
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    clock: Clock


@dataclass(frozen=True)
class Job:
    """A command's arguments and all that it works with."""

    arguments: Arguments
    around: Surroundings
    deadline: Deadline
    progress: Progress
    service: Service

    @classmethod
    def of(cls, arguments: Arguments, around: Surroundings) -> Self:
        """Ready to ask. Raises UsageError."""
        endpoint = endpoint_of(arguments.endpoint or around.environment.get("TASK_STATUS_URL"))
        deadline = Deadline(given.seconds_of(arguments.timeout), around.clock)
        progress = progress_for(around.stderr, around.clock, quiet=arguments.quiet)
        tokens = Tokens(around.environment, arguments.token_command, deadline)
        return cls(arguments, around, deadline, progress, Service(endpoint, tokens, deadline, progress.trouble))

    @property
    def products(self) -> tuple[str, ...]:
        """`--product a --product b`, or `--product a,b`."""
        return given.choices_of(self.arguments.product)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The same for `--account`."""
        return given.choices_of(self.arguments.account)

    @property
    def words(self) -> tuple[str, ...]:
        """The ids or URLs. Raises UsageError when there are none."""
        return given.words_of(self.arguments.words, self.around.stdin)

    def tell(self, lines: Iterable[str], document: Mapping[str, Any]) -> None:
        """The result: `document` for programs, else `lines` for people."""
        if self.arguments.json:
            # ASCII: every console and every code page takes it.
            lines = (json.dumps(document, separators=(",", ":")),)
        elif self.arguments.quiet:
            lines = ()
        self.around.stdout.writelines(f"{line}\n" for line in lines)

    def complain(self, lines: Iterable[str]) -> None:
        """What went wrong."""
        self.around.stderr.writelines(f"{PROGRAM}: {line}\n" for line in lines)
