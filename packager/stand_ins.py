"""What shipped modules import at their top and nothing here uses: left out, with a stand-in to be imported.

Imports, not calls, are what a cold start pays for; the figures in comments are shares of its imports.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from packager.prune import LeftOut

HELPER = Path(__file__).with_name("left_out.py")
"""What all stand-ins are made of, shipped beside them."""


class StandIn(LeftOut, frozen=True):
    """Files left out, and the modules to put where they were, each with what it takes over from a shipped one."""

    modules: Mapping[str, str]


STAND_INS = (
    # A third: its connector makes two TLS contexts, and attrs many classes. Why sync: docs/vendor.md 7.3.
    StandIn(
        ("aiohttp", "aiohappyeyeballs", "aiosignal", "attr", "attrs", "frozenlist", "multidict", "propcache", "yarl"),
        "HTTP for the SDKs' async methods: only their sync methods are called",
        {"aiohttp.py": ""},
    ),
    StandIn(
        (
            *(f"alibabacloud_credentials/{name}" for name in ("client.py", "credentials.py", "providers.py")),
            *(f"alibabacloud_credentials/{name}" for name in ("http", "provider", "utils")),
            *("alibabacloud_credentials_api", "aiofiles", "apscheduler", "tzlocal"),
        ),
        "the SDKs' own search for a key: functions.upstream.credentials is their provider",
        {"alibabacloud_credentials/client.py": ""},
    ),
    StandIn(
        ("websocket",),
        "web sockets: no operation uses one",
        {"websocket/__init__.py": "", "websocket/_abnf.py": ""},
    ),
    StandIn(
        (
            *(f"charset_normalizer/{name}.py" for name in ("__init__", "__main__", "api", "constant", "legacy")),
            *(f"charset_normalizer/{name}" for name in ("cd[.]*", "md[.]*", "models.py", "utils.py", "cli")),
        ),
        "guessing how a text is encoded: no answer is read as text of an unknown encoding",
        # Its version stays: requests warns at import without one.
        {"charset_normalizer/__init__.py": "from charset_normalizer.version import __version__"},
    ),
    # `probe` is asked by every TLS connection.
    StandIn(
        ("urllib3/http2/__init__.py", "urllib3/http2/connection.py"),
        "HTTP/2: it needs h2, which is not shipped",
        {"urllib3/http2/__init__.py": "from urllib3.http2 import probe"},
    ),
    StandIn(
        ("uvicorn/main.py", "uvicorn/supervisors", "uvicorn/_subprocess.py", "click"),
        "uvicorn's command line and its worker processes: it is run from code, in one process",
        {"uvicorn/main.py": "from uvicorn.server import Server"},
    ),
)


def write_stand_ins(tree: Path) -> None:
    """Put every stand-in where it belongs in `tree`, from which `STAND_INS` have been left out."""
    shutil.copyfile(HELPER, tree / HELPER.name)
    for entry in STAND_INS:
        for name, taken_over in entry.modules.items():
            path = tree / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(_text(entry.reason, taken_over), "utf-8")


def _text(reason: str, taken_over: str) -> str:
    heading = f'"""A stand-in: what was here was left out when this was packaged ({reason})."""'
    imports = "\n".join(filter(None, (taken_over, "from left_out import stand_in")))
    return f"{heading}\n\n{imports}\n\n__getattr__ = stand_in(__name__, {reason!r})\n"
