"""The native modules of the artifact where they run: Debian 11 of Function Compute's custom.debian11, glibc 2.31."""

from __future__ import annotations

from pathlib import Path

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from packager.build import Artifact

LIBRARIES_THERE = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libgcc_s.so.1", "ld-linux-x86-64.so.2"}
"""Of Debian's libc6, and of libgcc-s1, which that depends on."""
VERSIONS_THERE = {"GLIBC": (2, 31), "GCC": (10,)}
"""Their newest symbols."""


def native_modules(artifact: Artifact) -> list[Path]:
    files = (path for path in artifact.code.rglob("*") if path.is_file())
    return [path for path in files if path.read_bytes()[:4] == b"\x7fELF"]


def needed_versions(path: Path) -> set[str]:
    """Such as GLIBC_2.17: the versions of symbols that the loader must find, or refuse the module."""
    with path.open("rb") as file:
        tables = [section for section in ELFFile(file).iter_sections() if isinstance(section, GNUVerNeedSection)]
        return {version.name for table in tables for _, versions in table.iter_versions() for version in versions}


def needed_libraries(path: Path) -> set[str]:
    with path.open("rb") as file:
        dynamic = [section for section in ELFFile(file).iter_sections() if isinstance(section, DynamicSection)]
        tags = [tag for section in dynamic for tag in section.iter_tags()]
        return {tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED"}  # type: ignore[attr-defined]  # set by kind


def is_there(version: str) -> bool:
    library, _, number = version.partition("_")
    return library in VERSIONS_THERE and tuple(map(int, number.split("."))) <= VERSIONS_THERE[library]


def test_no_native_module_needs_a_newer_c_library_than_there(artifact: Artifact) -> None:
    needed = {path.name: needed_versions(path) for path in native_modules(artifact)}
    assert any(needed.values())
    missing = {name: {each for each in versions if not is_there(each)} for name, versions in needed.items()}
    assert {name: versions for name, versions in missing.items() if versions} == {}


def test_native_modules_need_no_library_that_is_not_there(artifact: Artifact) -> None:
    needed = {library for path in native_modules(artifact) for library in needed_libraries(path)}
    assert "libc.so.6" in needed
    assert needed - LIBRARIES_THERE == set()


def test_native_modules_are_for_the_processor_there(artifact: Artifact) -> None:
    for path in native_modules(artifact):
        with path.open("rb") as file:
            assert ELFFile(file).get_machine_arch() == "x64", path


@pytest.mark.parametrize(
    ("version", "there"),
    [("GLIBC_2.4", True), ("GLIBC_2.31", True), ("GLIBC_2.32", False), ("GLIBCXX_3.4", False), ("GCC_3.0", True)],
)
def test_versions_are_compared_by_number(version: str, *, there: bool) -> None:
    assert is_there(version) is there
