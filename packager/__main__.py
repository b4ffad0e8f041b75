"""`python -m packager`: make the artifact in dist/ and say what was made."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from functions.products.registry import OPTIONAL_PRODUCTS
from packager.build import ROOT, Artifact, build
from packager.target import DEPLOYED, find_target


def main() -> None:
    """Build for Function Compute's Python where one is at hand, else for the running one, and report."""
    parser = argparse.ArgumentParser(prog="python -m packager", description=main.__doc__)
    parser.add_argument("--python", type=Path, help=f"build for this interpreter (default: a CPython {DEPLOYED})")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="where to (default: dist/)")
    parser.add_argument(
        "--extra", choices=(*OPTIONAL_PRODUCTS, "otel"), help="what else to pack: requirements-<extra>.lock"
    )
    options = parser.parse_args()
    target = find_target(options.python)
    if not target.deployable:
        sys.stderr.write(
            f"package: built for CPython {target.version}, good for trying here; Function Compute runs {DEPLOYED}"
            f" (none found: make package PACKAGE_PYTHON=/path/to/python{DEPLOYED})\n"
        )
    sys.stdout.write("\n".join(describe(build(target, options.out, extra=options.extra))) + "\n")


def describe(artifact: Artifact) -> Iterator[str]:
    """The report, line by line."""
    yield f"{artifact.code}  {_megabytes(artifact.unpacked)} unpacked, {artifact.modules} modules"
    yield f"{artifact.archive}  {_megabytes(artifact.zipped)} zipped"
    yield f"for CPython {artifact.target.version}, manylinux x86_64; left out:"
    for reason, size in sorted(artifact.saved.items(), key=lambda item: -item[1]):
        yield f"{size / 1000:>9,.0f} kB  {reason}"
    for sdk, cut in artifact.cuts.items():
        yield f"  {sdk}: {cut.methods} client methods and {cut.modules} model modules that nothing calls"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB"


if __name__ == "__main__":
    main()
