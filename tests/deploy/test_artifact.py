from __future__ import annotations

import ast
import importlib.util
import marshal
import sys
import zipfile
from pathlib import Path
from types import CodeType

import pytest

from functions.products.registry import DEFAULT_PRODUCTS, SPECS
from functions.upstream.assumed_role import ASSUME_ROLE
from functions.upstream.operation import Operation
from packager.build import ROOT, VERSION_FILE, Artifact, build
from packager.install import install
from packager.prune import LEFT_OUT
from packager.stand_ins import STAND_INS
from tests.deploy.fc import python_in

MEGABYTE = 1_000_000
OPERATIONS = [each for name in DEFAULT_PRODUCTS for each in SPECS[name].operations]


def test_the_artifact_keeps_to_its_size(artifact: Artifact) -> None:
    assert artifact.unpacked <= 32 * MEGABYTE
    # The client for a shared server (docs/fleet.md) is 0.9 MB of it; it is imported only where one is set.
    assert artifact.zipped <= 11 * MEGABYTE


def test_two_builds_are_the_same_byte_for_byte(artifact: Artifact, tmp_path: Path) -> None:
    again = build(artifact.target, tmp_path)
    assert _contents(again.code) == _contents(artifact.code)
    assert again.archive.read_bytes() == artifact.archive.read_bytes()


def _contents(folder: Path) -> dict[str, tuple[bytes, int, float]]:
    return {
        str(path.relative_to(folder)): (
            path.read_bytes() if path.is_file() else b"",
            path.stat().st_mode,
            path.stat().st_mtime,
        )
        for path in folder.rglob("*")
    }


def test_the_archive_holds_the_folder_and_its_rights(artifact: Artifact) -> None:
    with zipfile.ZipFile(artifact.archive) as bundle:
        entries = {entry.filename: entry for entry in bundle.infolist()}
    assert list(entries) == sorted(entries)
    assert set(entries) == {str(path.relative_to(artifact.code)) for path in artifact.code.rglob("*") if path.is_file()}
    assert entries["bootstrap"].external_attr >> 16 & 0o777 == 0o755
    assert entries["index.py"].external_attr >> 16 & 0o777 == 0o644


def test_the_artifact_says_which_python_it_is_for(artifact: Artifact) -> None:
    assert (artifact.code / VERSION_FILE).read_text("utf-8") == f"{sys.version_info.major}.{sys.version_info.minor}\n"


def test_nothing_is_shipped_that_only_tests_or_installers_need(artifact: Artifact) -> None:
    names = {part for path in artifact.code.rglob("*") for part in path.relative_to(artifact.code).parts}
    unwanted = {"tests", "test", "SelfTest", "pip", "setuptools", "emulator", "packager", "pytest_plugin.py"}
    assert not names & unwanted
    assert not [name for name in names if name.endswith((".dist-info", ".pyi", ".pyx", ".c", ".h"))]


def test_each_reason_for_leaving_out_still_leaves_something_out(artifact: Artifact) -> None:
    site = install(ROOT / "requirements.lock", artifact.target, ROOT / "build")
    entries = (*LEFT_OUT, *STAND_INS)
    stale = [entry.reason for entry in entries if not any(any(site.glob(pattern)) for pattern in entry.patterns)]
    assert stale == []


def test_every_package_shipped_is_imported_by_another(artifact: Artifact) -> None:
    roots = {path.name.partition(".")[0] for path in artifact.code.iterdir() if path.suffix in {"", ".py", ".so"}}
    packages = roots - {"bootstrap", "index", VERSION_FILE, "THIRD-PARTY-NOTICES", "__pycache__"}
    imported = {name for path in artifact.code.rglob("*.py") for name in _imports(path, artifact.code)}
    by_name = {each.sdk_package for each in (ASSUME_ROLE, *OPERATIONS)} | {
        "alibabacloud_oss_v2",
        "_cffi_backend",
    }  # for cryptography
    assert packages - imported - by_name == set()


def _imports(path: Path, folder: Path) -> set[str]:
    own = path.relative_to(folder).parts[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - {own}


def test_every_module_is_compiled_so_that_no_clock_can_make_it_stale(artifact: Artifact) -> None:
    for source in artifact.code.rglob("*.py"):
        compiled = Path(importlib.util.cache_from_source(str(source)))
        header = compiled.read_bytes()[:8]
        assert header == importlib.util.MAGIC_NUMBER + (0b01).to_bytes(4, "little"), source


def test_tracebacks_name_the_place_where_the_code_is_deployed(artifact: Artifact) -> None:
    compiled = Path(importlib.util.cache_from_source(str(artifact.code / "functions" / "settings.py")))
    code = marshal.loads(compiled.read_bytes()[16:])  # noqa: S302 -- made by the build just now
    assert isinstance(code, CodeType)
    assert code.co_filename == "/code/functions/settings.py"


@pytest.mark.parametrize("sdk", sorted({each.sdk_package for each in OPERATIONS}))
def test_no_model_is_shipped_that_no_operation_uses(artifact: Artifact, sdk: str) -> None:
    actions = tuple(each.action for each in OPERATIONS if each.sdk_package == sdk)
    index = ast.parse((artifact.code / sdk / "models" / "__init__.py").read_text("utf-8"))
    names = [alias.name for node in index.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert names
    assert [name for name in names if not name.startswith(actions)] == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.ram_action)
def test_each_operation_is_whole_in_the_package(artifact: Artifact, operation: Operation) -> None:
    sdk = operation.sdk_package
    script = f"from {sdk}.client import Client\nfrom {sdk} import models\nimport inspect, typing\n"
    script += f"typing.get_type_hints(Client.{operation.sdk_method}, vars(inspect.getmodule(Client)))\n"
    script += f"models.{operation.request_model}().validate()\n"
    script += f"models.{operation.response_model}().from_map({{'body': {{'RequestId': '1'}}}}).validate()\n"
    python_in(artifact.code, script)


def test_the_package_needs_nothing_that_is_installed_beside_it(artifact: Artifact) -> None:
    python_in(artifact.code, "import functions.server, index")
