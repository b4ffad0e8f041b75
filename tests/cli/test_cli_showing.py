"""What people and logs see: a bar on a terminal, a line for each change in a log, and nothing a terminal would obey."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from cdn_task_status_cli import __version__
from cdn_task_status_cli.asking.reading import read
from cdn_task_status_cli.asking.shapes import Report
from cdn_task_status_cli.showing.progress import Log
from emulator.testing import Emulator, Row, Transition
from tests.support.command import command, environment, inside

ENDLESS = Transition(by="seconds", length=1e9, pending=0.0)


def on_terminal(*arguments: str, env: dict[str, str]) -> tuple[subprocess.Popen[bytes], Iterator[str]]:
    """The command under way on a terminal of 60 columns, and what it draws, piece by piece."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    words = [sys.executable, "-m", "cdn_task_status_cli", *arguments]
    # Shells ignore SIGINT in background jobs, and what they start inherits that.
    ours_before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(words, env={**env, "TERM": "xterm"}, stdin=theirs, stdout=theirs, stderr=theirs)
    finally:
        signal.signal(signal.SIGINT, ours_before)
    os.close(theirs)

    def drawn() -> Iterator[str]:
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while True:
                try:
                    piece = terminal.read(4096)
                except OSError:  # Linux's way to say that nobody has the other end open any more
                    return
                yield piece.decode(errors="replace")

    return process, drawn()


def test_a_terminal_gets_a_bar_that_leaves_nothing_behind(account: Emulator, env: dict[str, str]) -> None:
    moving = account.tasks.add("cdn", ["http://example.com/a.jpg"], transition=ENDLESS)
    process, drawn = on_terminal("wait", f"cdn:{moving}", env={**env, "PYTHONIOENCODING": "utf-8"})
    seen = ""
    for piece in drawn:
        seen += piece
        if "0 of 1 tasks done" in seen and "0:02" in seen:
            account.tasks.set_transition("cdn", moving, Transition())
            break
    seen += "".join(drawn)
    assert process.wait() == 0
    assert re.search(r"\r\[░{24}\] +0\.0 %  0 of 1 tasks done  0:02", seen)
    assert "\x1b" not in seen
    bars, result = seen.replace("\r\n", "\n").rsplit("\r", 1)
    assert result == f"cdn:{moving}  refresh  file  complete  100 %  1 complete\n"
    assert all(len(line.rstrip()) < 60 for line in bars.split("\r"))
    assert not bars.rsplit("\r", 1)[1].strip(), "the bar is wiped"


def test_ctrl_c_ends_it_as_the_shell_expects(account: Emulator, env: dict[str, str]) -> None:
    moving = account.tasks.add("cdn", ["http://example.com/a.jpg"], transition=ENDLESS)
    process, drawn = on_terminal("wait", f"cdn:{moving}", env=env)
    seen = ""
    for piece in drawn:
        seen += piece
        if "tasks done" in seen:
            process.send_signal(signal.SIGINT)
            break
    seen += "".join(drawn)
    assert process.wait() == 130
    assert "Traceback" not in seen
    assert "interrupted; tasks that are under way go on" in seen


def test_a_log_gets_a_line_for_each_change(account: Emulator, env: dict[str, str]) -> None:
    steps = Transition(by="reads", length=2)
    task = account.tasks.add("cdn", ["http://example.com/a.jpg"], transition=steps)
    ended = inside("wait", f"cdn:{task}", env=env)
    assert ended.exit == 0
    said = [line.split("  ")[3] for line in ended.err.splitlines()]
    assert said == ["pending", "running", "complete"]


def test_a_log_is_not_told_the_same_twice(account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", [Row("http://example.com/a.jpg"), Row("http://example.com/b.jpg", "Refreshing", 5)])
    report = read(Report, json.loads(inside("status", f"cdn:{task}", "--json", env=env).out))
    stream = io.StringIO()
    log = Log(stream)
    for each in (report, report):
        log.show(each)
    assert stream.getvalue() == f"cdn:{task}  refresh  file  running  52.5 %  1 running, 1 complete\n"


def test_what_a_vendor_writes_steers_neither_terminal_nor_log(account: Emulator, env: dict[str, str]) -> None:
    hostile = "\x1b]0;owned\x07\n::set-output name=x::y\u202e"
    task = account.tasks.add("cdn", [Row("http://example.com/a", "Failed", 0, hostile)])
    ended = inside("wait", f"cdn:{task}", env=env)
    assert ended.exit == 1
    assert not set(ended.out) & {"\x1b", "\x07", "\u202e"}
    assert not re.search(r"^::", ended.out, re.MULTILINE)


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "gbk", "utf-8"])
def test_every_code_page_can_be_written_to(encoding: str, account: Emulator, env: dict[str, str]) -> None:
    task = account.tasks.add("cdn", [Row("http://example.com/图片.jpg", "Failed", 0, "源站超时 🙂")])
    ended = subprocess.run(
        [sys.executable, "-m", "cdn_task_status_cli", "wait", f"cdn:{task}"],
        env={**env, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "http://example.com/" in ended.stdout.decode(encoding)
    assert b"Traceback" not in ended.stderr


def test_a_reader_that_leaves_early_is_no_error(account: Emulator, env: dict[str, str]) -> None:
    for number in range(200):
        account.tasks.add("cdn", [f"http://example.com/{'x' * 1_000}/{number}"])
    words = [sys.executable, "-m", "cdn_task_status_cli", "list", "--limit", "200", "--product", "cdn"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_its_help_names_every_exit_code_and_its_version_is_the_projects() -> None:
    shown = command("--help", env=environment())
    assert shown.exit == 0
    for code in ("0 ", "1 ", "2 ", "3 ", "4 ", "124 ", "130 "):
        assert code in shown.out.split("exit codes:")[1]
    assert command("--version", env=environment()).out == f"cdn-task-status {__version__}\n"


@pytest.mark.parametrize("words", [(), ("wait",), ("submit",), ("status",), ("list",), ("quota",)])
def test_every_command_explains_itself(words: tuple[str, ...]) -> None:
    shown = command(*words, "--help", env={**environment(), "COLUMNS": "80"})
    assert shown.exit == 0
    assert "--token " not in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80
