"""What is shown while a caller waits: a bar on a terminal, a line a change in a log, or nothing."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Protocol, Self, TextIO

from cdn_task_status_cli.asking.deadline import Clock
from cdn_task_status_cli.asking.shapes import BAD_STATES, Report
from cdn_task_status_cli.showing.text import printable, problem_lines, task_line, undecided_line

STEP_PERCENT = 10
"""A log gets a line when a task has come so much further, or to another state."""
_TICK_SECONDS = 1.0
_BAR_WIDTH = 24
_COLUMNS = 80
_BLOCKS, _SIGNS = ("█", "░"), ("#", "-")


class Progress(Protocol):
    """Told of everything that happens; a context that leaves the terminal as it was."""

    def show(self, report: Report) -> None:
        """A report came."""

    def note(self, text: str) -> None:
        """Something happened that the caller wants to keep."""

    def trouble(self, text: str) -> None:
        """An attempt failed and another will follow."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End."""


class Silence:
    """Shows nothing."""

    def show(self, report: Report) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def trouble(self, text: str) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        """Nothing."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Nothing."""


class Log(Silence):
    """A line for each change, for logs of continuous integration."""

    def __init__(self, stream: TextIO) -> None:
        """Writes to `stream`."""
        self._stream = stream
        self._seen: dict[str, object] = {}
        self._troubled = ""

    def show(self, report: Report) -> None:
        """The tasks that have moved."""
        self._troubled = ""
        for task in report.tasks:
            step = None if task.progress is None else task.progress // STEP_PERCENT
            self._tell(task.id, (task.status, step, task.object_counts), task_line(task))
        for missing in report.not_found:
            self._tell(missing.id, "not found", f"{missing.id}  not found{' yet' if missing.may_appear else ''}")
        for undecided in report.undecided:
            line = undecided_line(undecided, report.problems)
            self._tell(undecided.id, line, line)
        for line in problem_lines(report.problems):
            self._tell(line, True, line)

    def note(self, text: str) -> None:
        """A line."""
        self._write(text)

    def trouble(self, text: str) -> None:
        """A line, when it is another trouble than before."""
        if text != self._troubled:
            self._write(f"trying again: {text}")
        self._troubled = text

    def _tell(self, name: str, state: object, line: str) -> None:
        if self._seen.get(name) != state:
            self._seen[name] = state
            self._write(line)

    def _write(self, line: str) -> None:
        self._stream.write(f"{printable(line)}\n")
        self._stream.flush()


class Bar(Silence):
    """One line that is drawn anew every second, without control sequences that an old console would print."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        """Draws on the terminal that `stream` is."""
        self._stream = stream
        self._clock = clock
        self._begun = clock.monotonic()
        self._full, self._empty = _BLOCKS if _can_write(stream, "".join(_BLOCKS)) else _SIGNS
        self._report: Report | None = None
        self._troubled = ""
        self._drawn = 0
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)

    def show(self, report: Report) -> None:
        """How far all tasks are."""
        self._report, self._troubled = report, ""
        self._draw()

    def note(self, text: str) -> None:
        """A line above the bar, which stays."""
        with self._lock:
            self._write(printable(text), stays=True)
        self._draw()

    def trouble(self, text: str) -> None:
        """Beside the bar, until a report comes."""
        self._troubled = text
        self._draw()

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._ticking.start()
        self._draw()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Wipe the bar."""
        self._over.set()
        self._ticking.join()
        self._write("")
        self._stream.write("\r")
        self._stream.flush()

    def _tick(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            self._draw()

    def _draw(self) -> None:
        with self._lock:
            self._write(printable(self._line())[: _columns(self._stream) - 1])

    def _write(self, text: str, *, stays: bool = False) -> None:
        """Over what was drawn before; the next text is written over this one unless it `stays`."""
        begin = "\r" if self._drawn else ""
        rest = " " * (self._drawn - len(text))
        self._stream.write(f"{begin}{text}{rest}" + ("\n" if stays else ""))
        self._stream.flush()
        self._drawn = 0 if stays else len(text)

    def _line(self) -> str:
        minutes, seconds = divmod(int(self._clock.monotonic() - self._begun), 60)
        return "  ".join(part for part in (self._figures(), f"{minutes}:{seconds:02}", self._troubled) if part)

    def _figures(self) -> str:
        if self._report is None:
            return "asking"
        percent = self._report.summary.progress or 0.0
        full = int(_BAR_WIDTH * percent / 100)
        tasks = self._report.tasks
        done = sum(task.done for task in tasks)
        bad = sum(task.count(*BAD_STATES) for task in tasks)
        parts = [
            f"[{self._full * full}{self._empty * (_BAR_WIDTH - full)}] {percent:5.1f} %",
            f"{done} of {len(tasks)} tasks done",
            f"{bad} URLs failed" if bad else "",
            f"{len(self._report.not_found)} not found" if self._report.not_found else "",
            f"{len(self._report.undecided)} undecided" if self._report.undecided else "",
        ]
        return "  ".join(part for part in parts if part)


def progress_for(stream: TextIO, clock: Clock, *, quiet: bool) -> Progress:
    """The one that suits where `stream` leads to."""
    if quiet:
        return Silence()
    return Bar(stream, clock) if stream.isatty() and os.environ.get("TERM") != "dumb" else Log(stream)


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS
