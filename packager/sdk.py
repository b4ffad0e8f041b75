"""The vendor's SDKs, cut down to the operations that the code calls.

One SDK has some 500 models and as many methods; its `models/__init__.py` imports them all, which costs a third of a
second a product. What is kept is kept as the vendor wrote it; whole methods and modules are left out, nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

_ALWAYS = frozenset({"__init__", "get_endpoint"})
_NOTICE = "# Changed when it was packaged: operations that are not called were left out.\n"


class Cut(msgspec.Struct, frozen=True):
    """What was left out of one SDK."""

    methods: int
    modules: int


def cut_sdk(package: Path, methods: frozenset[str]) -> Cut:
    """Keep in `package` what `methods` of its client need. Raises LookupError for a method the SDK does not have."""
    client = package / "client.py"
    text = client.read_text("utf-8")
    functions = _client_functions(ast.parse(text))
    kept = _closure(methods | _ALWAYS, {name: _own_attributes(node) for name, node in functions.items()})
    text = _NOTICE + _without(text, [node for name, node in functions.items() if name not in kept])
    client.write_text(text, "utf-8")
    return Cut(methods=len(functions) - len(kept), modules=_cut_models(package / "models", _models_named(text)))


def _client_functions(module: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    (client,) = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "Client")
    return {node.name: node for node in client.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _own_attributes(function: ast.AST) -> frozenset[str]:
    return _attributes_of("self", function)


def _models_named(text: str) -> frozenset[str]:
    """Every SDK calls its models by this alias, in code and in annotations."""
    return _attributes_of("main_models", ast.parse(text))


def _attributes_of(name: str, tree: ast.AST) -> frozenset[str]:
    return frozenset(
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    )


def _closure(wanted: Iterable[str], uses: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """`wanted` and all that they lead to. Raises LookupError for a wanted name that is not there."""
    found: set[str] = set()
    queue = list(wanted)
    if missing := [name for name in queue if name not in uses]:
        raise LookupError(f"the SDK has no {', '.join(sorted(missing))}")
    while queue:
        name = queue.pop()
        if name in uses and name not in found:
            found.add(name)
            queue.extend(uses[name])
    return frozenset(found)


def _without(text: str, nodes: Iterable[ast.stmt]) -> str:
    lines = text.splitlines(keepends=True)
    for node in nodes:
        lines[node.lineno - 1 : node.end_lineno] = [""] * ((node.end_lineno or node.lineno) - node.lineno + 1)
    return "".join(lines)


def _cut_models(models: Path, wanted: frozenset[str]) -> int:
    """Keep the modules that define `wanted` and what those use; how many were left out."""
    index = models / "__init__.py"
    tree = ast.parse(index.read_text("utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module]
    home = {alias.name: str(node.module) for node in imports for alias in node.names}
    uses = {
        module: [home[name] for name in _models_named((models / f"{module}.py").read_text("utf-8"))]
        for module in dict.fromkeys(home.values())
    }
    kept = _closure({home[name] for name in wanted}, uses)
    _write_index(index, [node for node in imports if node.module in kept])
    dropped = [models / f"{module}.py" for module in uses if module not in kept]
    for path in dropped:
        path.unlink()
    return len(dropped)


def _write_index(index: Path, imports: Iterable[ast.ImportFrom]) -> None:
    names = [alias.name for node in imports for alias in node.names]
    lines = [_NOTICE, *(f"{ast.unparse(node)}\n" for node in imports), f"__all__ = {names!r}\n"]
    index.write_text("".join(lines), "utf-8")
