"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NoReturn

from cdn_task_status_cli import __version__
from cdn_task_status_cli.faults import UsageError

PROGRAM = "cdn-task-status"
PRODUCTS = ("cdn", "dcdn", "vod", "esa")
"""Those of the contract: `--product` takes any name, because the service knows which it has."""
ACTIONS = ("refresh", "preload")
OBJECT_TYPES = ("file", "directory", "regex", "ignoreparams")
_ENDING = """\
exit codes:
  0    succeeded
  1    failed: a URL failed, timed out, was canceled, or was not accepted
  2    wrong usage
  3    missing: nothing failed, but an id is not found or cannot be found out
  4    the service cannot be asked, or nobody knows what became of a submission
  124  not over in time
  130  interrupted

environment:
  TASK_STATUS_URL    where the service is
  TASK_STATUS_TOKEN  the token, where it needs one
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY and SSL_CERT_FILE are heeded

examples:
  cdn-task-status submit refresh --wait https://www.example.com/a.css
  cdn-task-status submit preload --product dcdn - < urls.txt
  cdn-task-status wait cdn:24840 dcdn:113681 --timeout 15m
  cdn-task-status list --status bad --since 1d --json
"""
_STRICT: Mapping[str, Any] = MappingProxyType(
    # An abbreviation that works today would be another option's tomorrow.
    {"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter}
)


class Arguments(argparse.Namespace):
    """What was given; each command has its own part of it."""

    command: str
    endpoint: str | None
    token_command: str | None
    timeout: str
    json: bool
    quiet: bool
    words: list[str]
    """Ids, or URLs of a submission."""
    product: list[str]
    account: list[str]
    submit: str | None
    """The action of a submission."""
    wait: bool
    fail_fast: bool
    object_type: str | None
    idempotency_key: str | None
    action: str | None
    status: list[str]
    url: str | None
    domain: str | None
    since: str | None
    before: str | None
    limit: int


class _Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


class _TokenGiven(argparse.Action):
    """Refuses a token on the command line, without repeating it."""

    def __call__(self, *_: object, **__: object) -> NoReturn:
        raise UsageError("a token on the command line is seen by everybody on the machine: set TASK_STATUS_TOKEN")


def parsed(arguments: Sequence[str] | None) -> Arguments:
    """The arguments, None: the process's own. Raises UsageError; SystemExit after --help and --version."""
    return _parser().parse_args(arguments, namespace=Arguments())


def _parser() -> argparse.ArgumentParser:
    about = "Refreshes and prefetches on Alibaba Cloud CDN, DCDN, VOD and ESA, for scripts."
    parser = _Parser(prog=PROGRAM, description=about, epilog=_ENDING, **_STRICT)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for define in (_wait, _submit, _status, _list, _quota):
        define(commands)
    return parser


def _command(commands: Any, name: str, about: str, timeout: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=about, description=about[0].upper() + about[1:] + ".", **_STRICT
    )
    common = parser.add_argument_group("the service")
    common.add_argument("--endpoint", metavar="URL", help="where it is (default: TASK_STATUS_URL)")
    common.add_argument("--token", nargs="?", action=_TokenGiven, help=argparse.SUPPRESS)
    common.add_argument(
        "--token-command", metavar="COMMAND", help="a program that prints a token; run again when one is refused"
    )
    common.add_argument(
        "--timeout", default=timeout, metavar="TIME", help="give up after 90, 90s, 10m, 1h (default: %(default)s)"
    )
    shown = parser.add_argument_group("what is shown")
    shown.add_argument("--json", action="store_true", help="print the service's answer as one line of JSON")
    shown.add_argument("-q", "--quiet", action="store_true", help="print errors only (and what --json asks for)")
    return parser


def _product(parser: argparse.ArgumentParser, default: str) -> None:
    about = f"{', '.join(PRODUCTS)}: those that the service has, of another account like acme/cdn (default: {default})"
    parser.add_argument("--product", action="append", default=[], metavar="PRODUCT", help=about)


def _account(parser: argparse.ArgumentParser) -> None:
    about = "those that the service has besides its own (default: own)"
    parser.add_argument("--account", action="append", default=[], metavar="ACCOUNT", help=about)


def _submission(parser: argparse.ArgumentParser) -> None:
    types = ", ".join(OBJECT_TYPES)
    parser.add_argument("--object-type", choices=OBJECT_TYPES, metavar="TYPE", help=f"{types} (default: file)")
    parser.add_argument(
        "--idempotency-key", metavar="KEY", help="the same key within ten minutes submits once (default: a new one)"
    )


def _wait(commands: Any) -> None:
    parser = _command(commands, "wait", "wait until tasks are over", "30m")
    parser.add_argument("words", nargs="+", metavar="ID", help="ids in any form, or with --submit URLs; - reads lines")
    parser.add_argument("--submit", choices=ACTIONS, help="submit URLs first, like: submit --wait")
    parser.add_argument("--fail-fast", action="store_true", help="end with the first URL that failed")
    _product(parser, "all; for --submit cdn")
    _submission(parser)


def _submit(commands: Any) -> None:
    parser = _command(commands, "submit", "refresh or prefetch URLs, and print the ids of the tasks", "30m")
    parser.add_argument("submit", choices=ACTIONS, metavar="ACTION", help="refresh or preload")
    parser.add_argument("words", nargs="+", metavar="URL", help="URLs; - reads them from lines")
    parser.add_argument("--wait", action="store_true", help="wait until the tasks are over")
    parser.add_argument("--fail-fast", action="store_true", help="with --wait: end with the first URL that failed")
    _product(parser, "cdn")
    _submission(parser)


def _status(commands: Any) -> None:
    parser = _command(commands, "status", "look at tasks once; 124 while they are not over", "1m")
    parser.add_argument("words", nargs="+", metavar="ID", help="ids in any form; - reads lines")
    _product(parser, "all")


def _list(commands: Any) -> None:
    parser = _command(commands, "list", "list tasks, newest first: three days, or more with a history", "1m")
    _product(parser, "all")
    _account(parser)
    parser.add_argument("--action", choices=ACTIONS)
    parser.add_argument("--object-type", metavar="TYPE", help="file, directory, regex, preload, …")
    parser.add_argument(
        "--status", action="append", default=[], metavar="STATUS", help="running, complete, failed, …; bad: what failed"
    )
    parser.add_argument("--url", help="tasks of this URL, of directories above it and of expressions that match it")
    parser.add_argument("--domain", help="tasks of this domain name")
    parser.add_argument("--since", metavar="TIME", help="made since 2h, 1d, 2026-11-22T03:30:00Z")
    parser.add_argument("--before", metavar="TIME", help="made before")
    parser.add_argument(
        "--limit", type=int, default=20, metavar="N", help="at most so many tasks (default: %(default)s)"
    )


def _quota(commands: Any) -> None:
    parser = _command(commands, "quota", "what is left of today's refreshes and prefetches", "1m")
    _account(parser)
