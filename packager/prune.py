"""What no request ever needs, left out of the artifact: size is time at a cold start."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec


class LeftOut(msgspec.Struct, frozen=True):
    """Files nobody imports at run time: glob patterns below the artifact, and why."""

    patterns: tuple[str, ...]
    reason: str


LEFT_OUT = (
    LeftOut(("*.dist-info",), "metadata: nothing here asks importlib.metadata for more than it can do without"),
    LeftOut(("bin",), "console scripts"),
    LeftOut(("**/tests", "**/test"), "tests"),
    LeftOut(("anyio/pytest_plugin.py", "starlette/testclient.py"), "helpers for tests"),
    LeftOut(("**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h"), "stubs and sources of native modules"),
    LeftOut(("cffi", "pycparser"), "compilers: cryptography needs cffi's native backend only"),
    LeftOut(("urllib3/contrib/emscripten",), "for browsers"),
    LeftOut(("alibabacloud_tea_util",), "required by the SDK's metadata, imported by nothing"),
    LeftOut(
        ("Crypto", "alibabacloud_oss_v2/crypto", "alibabacloud_oss_v2/encryption_client.py"),
        "encryption of objects on the client's side: the OSS SDK does without where it is missing",
    ),
    LeftOut(
        tuple(f"alibabacloud_oss_v2/{name}" for name in ("agentic", "aio", "dataprocess", "tables", "vectors")),
        "clients of OSS for other things than objects, and the async one",
    ),
    LeftOut(
        ("h11", "uvicorn/protocols/http/h11_impl.py", "uvicorn/protocols/websockets", "uvicorn/workers.py"),
        "what uvicorn does not use here: httptools is shipped, web sockets are off, there is no gunicorn",
    ),
)


def leave_out(tree: Path, entries: Iterable[LeftOut]) -> dict[str, int]:
    """Remove `entries` from `tree`; how many bytes each reason saved."""
    saved: dict[str, int] = {}
    for entry in entries:
        for path in [path for pattern in entry.patterns for path in tree.glob(pattern)]:
            saved[entry.reason] = saved.get(entry.reason, 0) + size_of(path)
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return saved


def strip_binaries(tree: Path) -> int:
    """Take symbols out of native modules where `strip` is at hand; how many bytes that saved."""
    tool = shutil.which("strip")
    binaries = sorted(tree.rglob("*.so"))
    before = sum(path.stat().st_size for path in binaries)
    if tool and binaries:
        command = [tool, "--strip-unneeded", *map(str, binaries)]
        subprocess.run(command, check=True)  # noqa: S603 -- the binutils tool, on files of our own
    return before - sum(path.stat().st_size for path in binaries)


def size_of(path: Path) -> int:
    """Bytes in a file, or in all files below a folder."""
    return sum(file.stat().st_size for file in files_of(path))


def files_of(path: Path) -> Iterator[Path]:
    """A file itself, or every file below a folder, in an order that is the same everywhere."""
    if path.is_file():
        yield path
    else:
        yield from sorted((file for file in path.rglob("*") if file.is_file()), key=Path.as_posix)
