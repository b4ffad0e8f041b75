"""The same bytes for the same input: Function Compute's tools upload by checksum, and people compare artifacts."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

from packager.prune import files_of

_ZIP_EPOCH = 315_532_800
"""1980-01-01T00:00:00Z, the first moment that a zip file can name."""


def settle(tree: Path, executables: frozenset[str]) -> None:
    """Give every file and folder below `tree` one time and plain rights; `executables` are names at its root."""
    moment = _moment()
    for path in (tree, *tree.rglob("*")):
        runs = path.is_dir() or (path.parent == tree and path.name in executables)
        path.chmod(0o755 if runs else 0o644)
        os.utime(path, (moment, moment))


def pack(tree: Path, archive: Path) -> None:
    """Write every file below `tree` into `archive`, in name order."""
    moment = time.gmtime(_moment())[:6]
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle:
        for path in files_of(tree):
            entry = zipfile.ZipInfo(path.relative_to(tree).as_posix(), moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix: else the rights below mean nothing
            entry.external_attr = path.stat().st_mode << 16
            bundle.writestr(entry, path.read_bytes())


def _moment() -> int:
    """The reproducible-builds convention, else a moment that never changes."""
    return max(int(os.environ.get("SOURCE_DATE_EPOCH") or _ZIP_EPOCH), _ZIP_EPOCH)
