"""`.env` as Serverless Devs reads it, with dotenv 16.3.1 and dotenv-expand 10.

What a line says and what is deployed can differ there without a word. `read_env_file` gives what is deployed, and says
where a line means something else. tests/deploy/test_command_line.py holds it to the command line itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

_LINE = re.compile(
    r"""^\s*(?:export\s+)?(?P<name>[A-Za-z0-9_.-]+)(?:\s*=\s*?|:\s+?)
    (?P<value>\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^\#\r\n]+)?
    (?P<rest>\s*(?:\#.*)?)$""",
    re.MULTILINE | re.VERBOSE,
)
"""dotenv's own grammar: https://github.com/motdotla/dotenv/blob/v16.3.1/lib/main.js"""
_QUOTED = re.compile(r"""^(['"`])(.*)\1$""", re.DOTALL)
_QUOTES = ("'", '"', "`")


class EnvFile(msgspec.Struct, frozen=True):
    """The variables as the command line reads them, and a sentence for each line that it reads otherwise than meant."""

    values: Mapping[str, str]
    faults: tuple[str, ...] = ()


def read_env_file(path: Path) -> EnvFile:
    """The variables of a .env file; none when there is no such file."""
    if not path.is_file():
        return EnvFile({})
    text = path.read_text("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    lines = list(_LINE.finditer(text))
    values = {line["name"]: _unquoted((line["value"] or "").strip()) for line in lines}
    faults = [*_ignored(text, lines), *_cut(lines)]
    faults += [fault for name, value in values.items() for fault in _changed(name, value)]
    return EnvFile(values, tuple(faults))


def references(file: EnvFile, environ: Mapping[str, str]) -> Iterator[str]:
    """The faults of values with a `$`: the command line expands every name of the file, wherever its value comes from.

    A backslash does not help: the file is read twice in a run, and the second reading meets the bare `$`.
    """
    for name, value in file.values.items():
        if "$" in environ.get(name, value):
            yield f"{name} has a $, from which on the command line cuts or replaces it: use a value without one"


def _unquoted(value: str) -> str:
    bare = _QUOTED.sub(r"\2", value)
    return bare.replace("\\n", "\n").replace("\\r", "\r") if value.startswith('"') else bare


def _ignored(text: str, lines: Sequence[re.Match[str]]) -> Iterator[str]:
    """Lines are named by number: one without a name may be the rest of a secret."""
    left = list(text)
    for line in lines:
        left[line.start() : line.end()] = ["\n" if letter == "\n" else " " for letter in line[0]]
    for number, rest in enumerate("".join(left).split("\n"), 1):
        if rest.strip() and not rest.lstrip().startswith("#"):
            yield f"line {number} sets nothing: write NAME=value"


def _cut(lines: Sequence[re.Match[str]]) -> Iterator[str]:
    for line in lines:
        comment = line.start("rest")
        if line["rest"].startswith("#") and not line.string[comment - 1].isspace():
            yield f"{line['name']} is cut at its #, which begins a comment also inside of a word: quote the value"


def _changed(name: str, value: str) -> Iterator[str]:
    if "\n" in value or "\r" in value:
        yield f"{name} has more than one line"
    if value.startswith(_QUOTES) or value.endswith(_QUOTES):
        yield f"{name} keeps a quote at its edge: quote the whole value, or nothing"
