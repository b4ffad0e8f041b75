"""The scripts that run inside the server, each read from its file once."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import msgspec

_FOLDER = Path(__file__).parent / "lua"


class Script(msgspec.Struct, frozen=True):
    """The text of a script, and the digest that the server knows it by."""

    text: str
    sha: str


@cache
def script(name: str, *preludes: str) -> Script:
    """`lua/<name>.lua` behind the preludes it uses: a script cannot import another."""
    text = "\n".join((_FOLDER / f"{part}.lua").read_text("utf-8") for part in (*preludes, name))
    return Script(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())
