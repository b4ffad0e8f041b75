"""The artifact, stage by stage: install, leave out, cut the SDKs, add our code, compile, settle, pack."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from functions.products.registry import SPECS
from functions.upstream.assumed_role import ASSUME_ROLE
from packager.archive import pack, settle
from packager.install import install
from packager.notices import write_notices
from packager.prune import LEFT_OUT, files_of, leave_out, size_of, strip_binaries
from packager.sdk import Cut, cut_sdk
from packager.stand_ins import STAND_INS, write_stand_ins
from packager.target import Target

ROOT = Path(__file__).resolve().parent.parent
NAME = "cdn-task-status"
DEPLOYED_AT = "/code"
"""Where Function Compute unpacks it; compiled code names its sources there, so tracebacks read right."""
VERSION_FILE = "python-version"
_ROOT_FILES = ("accounts.toml", "bootstrap", "index.py", "rules.toml")


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """What a build made. Sizes are in bytes; `saved` is by reason, `cuts` by SDK."""

    target: Target
    code: Path
    archive: Path
    unpacked: int
    zipped: int
    modules: int
    saved: Mapping[str, int]
    cuts: Mapping[str, Cut]


def build(target: Target, out: Path, cache: Path = ROOT / "build", extra: str | None = None) -> Artifact:
    """Make `out`/code and `out`/cdn-task-status.zip anew. The installed packages are kept in `cache`.

    `extra` is an optional product whose SDK is wanted too (requirements-<extra>.lock).
    """
    code, archive = out / "code", out / f"{NAME}.zip"
    shutil.rmtree(code, ignore_errors=True)
    site = install(ROOT / (f"requirements-{extra}.lock" if extra else "requirements.lock"), target, cache)
    shutil.copytree(site, code)
    saved = leave_out(code, (*LEFT_OUT, *STAND_INS))
    write_notices(site, code, code / "THIRD-PARTY-NOTICES")
    write_stand_ins(code)
    cuts = {sdk: cut_sdk(code / sdk, methods) for sdk, methods in called_methods().items() if (code / sdk).is_dir()}
    saved["symbols of native modules"] = strip_binaries(code)
    _add_our_code(code, target)
    _compile(code, target)
    settle(code, frozenset({"bootstrap"}))
    pack(code, archive)
    return Artifact(
        target=target,
        code=code,
        archive=archive,
        unpacked=size_of(code),
        zipped=archive.stat().st_size,
        modules=sum(path.suffix in {".py", ".so"} for path in files_of(code)),
        saved=saved,
        cuts=cuts,
    )


def called_methods() -> Mapping[str, frozenset[str]]:
    """The client methods that the products, and those who sign for them, call, by SDK package."""
    operations = [ASSUME_ROLE, *(operation for spec in SPECS.values() for operation in spec.operations)]
    sdks = dict.fromkeys(operation.sdk_package for operation in operations)
    return {sdk: frozenset(each.sdk_method for each in operations if each.sdk_package == sdk) for sdk in sdks}


def _add_our_code(code: Path, target: Target) -> None:
    shutil.copytree(ROOT / "functions", code / "functions", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in _ROOT_FILES:
        shutil.copyfile(ROOT / "deploy" / name, code / name)
    (code / VERSION_FILE).write_text(f"{target.version}\n", "utf-8")


def _compile(code: Path, target: Target) -> None:
    """Unchecked-hash: a zip rounds times to two seconds, and compiled code that looks stale is compiled again.

    One process and one hash seed: the order of constants in compiled code follows them.
    """
    command = [str(target.python), "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(code), "-p", DEPLOYED_AT, str(code)]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "0"})  # noqa: S603 -- the target's own compiler
