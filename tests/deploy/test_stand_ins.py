from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import Emulator
from packager.build import ROOT, Artifact
from packager.install import install
from packager.left_out import LeftOutError, stand_in
from packager.stand_ins import HELPER, STAND_INS
from tests.deploy.fc import python_in

USES = {
    "aiohttp": """
        import asyncio
        from darabonba.core import DaraCore
        from darabonba.request import DaraRequest
        request = DaraRequest()
        request.headers = {"host": "localhost"}
        asyncio.run(DaraCore.async_do_action(request))
    """,
    "alibabacloud_credentials.client": """
        from alibabacloud_tea_openapi.client import Client
        from alibabacloud_tea_openapi.utils_models import Config
        Client(Config(access_key_id="id", access_key_secret="secret"))
    """,
    "websocket": "import websocket; websocket.WebSocketApp('ws://localhost')",
    "websocket._abnf": "from darabonba import websocket; websocket.ABNF.OPCODE_BINARY",
    "charset_normalizer": "import requests; r = requests.Response(); r._content = b'text'; r.text",
    "urllib3.http2": "from urllib3 import http2; http2.inject_into_urllib3()",
    "uvicorn.main": "import uvicorn; uvicorn.run('app')",
}
"""What would need it, through what is shipped, by stand-in."""
OPTIONAL = {
    "alibabacloud_oss_v2/__init__.py": {"alibabacloud_oss_v2.crypto", "alibabacloud_oss_v2.encryption_client"},
    "msgspec/_utils.py": {"attrs"},
    "urllib3/__init__.py": {"urllib3.contrib.emscripten"},
    "uvicorn/protocols/http/auto.py": {"uvicorn.protocols.http.h11_impl"},
}
"""Imports of what was left out that whoever imports it can do without."""
CATCHING = """
try:
    exec(__import__("textwrap").dedent(__import__("sys").argv[1]))
except RuntimeError as fault:
    print(type(fault).__module__, type(fault).__name__, fault)
"""
IMPORTING = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
missing = {}
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError as fault:
        missing[name] = fault.name
print(json.dumps(missing))
"""
STORING = """
import asyncio, sys
from functions.store.oss import open_store
from functions.settings import read_settings
from functions.upstream.credentials import CredentialSource

async def use(store):
    print(await store.create("k", b"one"), await store.create("k", b"two"), await store.get("k"))
    print(await store.put("k", b"three") == (await store.scan(""))[0].etag, await store.get("k"))
    await store.delete("k")
    print(await store.get("k"))

settings = read_settings({"TASK_STATUS_OSS_ENDPOINT": sys.argv[1], "TASK_STATUS_STORE": "oss://kept/status"})
key = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "emulator", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "emulator"}
store = open_store(settings, CredentialSource(key))
asyncio.run(use(store))
store.close()
"""


@pytest.fixture(scope="module")
def site(artifact: Artifact) -> Path:
    """What was installed, before anything was left out."""
    return install(ROOT / "requirements.lock", artifact.target, ROOT / "build")


def test_each_stand_in_is_used_below() -> None:
    files = {Path(name) for entry in STAND_INS for name in entry.modules}
    assert set(USES) == {_module_at(file) for file in files}


@pytest.mark.parametrize("module", USES)
def test_using_what_was_left_out_says_what_to_do(artifact: Artifact, module: str) -> None:
    said = python_in(artifact.code, CATCHING, USES[module])
    assert said.startswith(f"left_out LeftOutError {module}.")
    assert "was left out when this was packaged (" in said
    assert said.endswith("To use it, remove that entry from STAND_INS in packager/stand_ins.py and package anew.\n")


def test_a_placeholder_may_be_named_wherever_importing_a_module_names_it() -> None:
    named = stand_in("sample", "not needed")
    assert named("Session") is named("Session")
    assert str(named("Session") | None) == "sample.Session | None"
    with pytest.raises(LeftOutError, match=r"^sample\.Session was left out when this was packaged \(not needed\)"):
        type("Own", (named("Session"),), {})()


def test_a_placeholder_catches_nothing() -> None:
    with pytest.raises(KeyError):
        _raise_despite(stand_in("sample", "not needed")("ClientError"))


def _raise_despite(error: Any) -> None:
    try:
        raise KeyError
    except error:
        return


def test_a_stand_in_does_not_pretend_to_pythons_own_names() -> None:
    with pytest.raises(AttributeError, match=r"^module 'sample' has no attribute '__path__'$"):
        stand_in("sample", "not needed")("__path__")


def test_nothing_shipped_imports_what_was_left_out(artifact: Artifact, site: Path) -> None:
    gone = _modules(site) - _modules(artifact.code)
    found = {path: set(_imports(path, artifact.code)) & gone for path in artifact.code.rglob("*.py")}
    assert {str(path.relative_to(artifact.code)): names for path, names in found.items() if names} == OPTIONAL


def test_every_module_shipped_can_be_imported_as_before(artifact: Artifact, site: Path) -> None:
    names = sorted(name for name in _modules(artifact.code) if not name.endswith("__main__"))
    missing: dict[str, str | None] = json.loads(python_in(artifact.code, IMPORTING, json.dumps(names)))
    installed = _modules(site)
    assert {name: cause for name, cause in missing.items() if cause in installed} == {}


def test_the_store_works_in_the_package(artifact: Artifact, emu: Emulator) -> None:
    emu.oss.create_bucket("kept")
    said = python_in(artifact.code, STORING, emu.url).splitlines()
    assert said == ["True False b'one'", "True b'three'", "None"]


def test_the_notices_are_those_of_what_is_shipped(artifact: Artifact, site: Path) -> None:
    stand_ins = {*(name for entry in STAND_INS for name in entry.modules), HELPER.name}
    shipped = {str(path.relative_to(artifact.code)) for path in artifact.code.rglob("*") if path.is_file()} - stand_ins
    files = {each.name: {str(file) for file in each.files or ()} for each in distributions(path=[str(site)])}
    notices = (artifact.code / "THIRD-PARTY-NOTICES").read_text("utf-8").split(f"{'=' * 80}\n")[1:]
    assert {text.partition(" ")[0] for text in notices} == {name for name, own in files.items() if own & shipped}


def _modules(folder: Path) -> frozenset[str]:
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix in {".py", ".so"}]
    return frozenset(_module_at(file) for file in files)


def _module_at(file: Path) -> str:
    parts = (*file.parts[:-1], file.name.partition(".")[0])
    return ".".join(parts).removesuffix(".__init__")


def _imports(path: Path, folder: Path) -> Iterator[str]:
    """Every module that may be meant by an import anywhere in a file, but for those of type checkers."""
    package = path.relative_to(folder).parts[:-1]
    for node in _nodes(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*above, *filter(None, [node.module])))
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            yield node
            yield from _nodes(node)
