"""The licences of what is shipped: they ask to travel along, and the folders they lie in do not."""

from __future__ import annotations

from email.parser import HeaderParser
from importlib.metadata import Distribution
from pathlib import Path

from packager.prune import files_of

_NAMES = ("licen", "notice", "copying")


def write_notices(site: Path, shipped: Path, notices: Path) -> None:
    """Write one text with name, version and licence files of each package of `site` that `shipped` has a file of."""
    parts = [_notice(folder) for folder in sorted(site.glob("*.dist-info")) if _has_file_of(folder, shipped)]
    notices.write_text("\n\n".join(parts), "utf-8")


def _has_file_of(folder: Path, shipped: Path) -> bool:
    files = Distribution.at(folder).files or ()
    return any(".." not in file.parts and (shipped / file).is_file() for file in files)


def _notice(folder: Path) -> str:
    metadata = HeaderParser().parsestr((folder / "METADATA").read_text("utf-8"))
    licence = metadata["License-Expression"] or metadata["License"] or "see its home page"
    texts = [path.read_text("utf-8", "replace") for path in files_of(folder) if path.name.lower().startswith(_NAMES)]
    heading = f"{metadata['Name']} {metadata['Version']} ({licence.splitlines()[0]})"
    return "\n\n".join((f"{'=' * 80}\n{heading}", *texts))
