"""`python -m packager.template [FILE…]`: check s.yaml and s.builtin.yaml as the environment fills them in."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packager.build import ROOT
from packager.rendering import read_env_file, render
from packager.rules import RULES, settings_of
from packager.triggers import rule_conflicts, trigger_faults

TEMPLATES = (ROOT / "s.yaml", ROOT / "s.builtin.yaml")
MAX_SHARE = 0.9
"""Of the account's calls per second, for all functions together: people and consoles need the rest."""
_TOP_KEYS = frozenset({"edition", "name", "access", "vars", "resources"})


def template_faults(rendered: Mapping[str, Any]) -> Sequence[str]:
    """Everything that is wrong with a rendered file, as sentences; across functions once each is right."""
    functions = [resource.get("props", {}) for resource in rendered.get("resources", {}).values()]
    return [*_own_faults(rendered)] or [*rule_conflicts(functions), *_share_faults(functions)]


def _own_faults(rendered: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(_TOP_KEYS ^ rendered.keys()):
        yield f"{key} is {'missing' if key in _TOP_KEYS else 'no key of such a file'}"
    if rendered.get("edition") != "3.0.0":
        yield "edition must be 3.0.0"
    for name, resource in rendered.get("resources", {}).items():
        yield from (f"{name}: {fault}" for fault in _function_faults(resource))


def _function_faults(resource: Mapping[str, Any]) -> Iterator[str]:
    if resource.keys() != {"component", "props"} or resource["component"] != "fc3":
        yield "a resource has a component, fc3, and its props"
        return
    for rule in RULES.values():
        yield from rule(resource["props"])
    yield from trigger_faults(resource["props"])


def _share_faults(functions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A share is a function's, however many instances it has: each instance takes share / instances."""
    total = sum(settings_of(props).quota_share for props in functions)
    if total > MAX_SHARE + 1e-9:
        yield f"the functions' quota shares add up to {total:g}, more than {MAX_SHARE:g}"


def main(names: Sequence[str]) -> int:
    """Print every fault of the named files; 1 when there is one."""
    environ = {**read_env_file(ROOT / ".env"), **os.environ}
    faults = [f"{path.name}: {fault}" for path in map(Path, names or TEMPLATES) for fault in _faults_of(path, environ)]
    sys.stdout.writelines(f"{fault}\n" for fault in faults or ["the files hold, as this environment fills them in"])
    return 1 if faults else 0


def _faults_of(path: Path, environ: Mapping[str, str]) -> Sequence[str]:
    try:
        return template_faults(render(path, environ))
    except LookupError as fault:
        return [f"{fault}: set it in the environment or in .env"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
