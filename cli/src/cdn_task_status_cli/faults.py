"""How the command can end: its exit codes, and the errors that lead to them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; scripts branch on them. The shell's and timeout(1)'s own where those have one."""

    SUCCEEDED = 0
    FAILED = 1
    USAGE = 2
    MISSING = 3
    CANNOT_ASK = 4
    TIME_OUT = 124
    INTERRUPTED = 130
    BROKEN_PIPE = 141


class CommandError(Exception):
    """Raised when the command cannot go on; its text is what the person reads."""

    exit = Exit.CANNOT_ASK


class UsageError(CommandError):
    """Raised for what the caller wrote: trying it again unchanged helps nothing."""

    exit = Exit.USAGE


class CannotAsk(CommandError):  # noqa: N818 -- it says what happened
    """Raised when the service cannot be asked, or does not let us ask."""


class UnknownOutcome(CommandError):  # noqa: N818 -- it says what happened
    """Raised when URLs may have been submitted and nobody can tell: the caller must look before trying again."""


class TimeOut(CommandError):  # noqa: N818 -- it says what happened
    """Raised when the time the caller allowed is over."""

    exit = Exit.TIME_OUT
