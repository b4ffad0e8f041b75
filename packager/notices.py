"""The licences of what is shipped: they ask to travel along, and the folders they lie in do not."""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path

_NAMES = ("licen", "notice", "copying")


def write_notices(site: Path, shipped: Path, notices: Path) -> None:
    """Write one text with name, version and licence files of each package in `site` of which `shipped` has a file."""
    packages = [Distribution.at(folder) for folder in sorted(site.glob("*.dist-info"))]
    parts = [_notice(package) for package in packages if _is_shipped(package, shipped)]
    notices.write_text("\n\n".join(parts), "utf-8")
