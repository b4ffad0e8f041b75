"""`python -m packager.template`: check s.yaml and s.builtin.yaml as .env and the environment fill them in."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from functions.environment import PREFIX
from packager.build import ROOT
from packager.env_file import EnvFile, read_env_file, references
from packager.rendering import read_by, render
from packager.rules import RULES, settings_of
from packager.triggers import rule_conflicts, trigger_faults

TEMPLATES = (ROOT / "s.yaml", ROOT / "s.builtin.yaml")
MAX_SHARE = 0.9
"""Of the account's calls per second, for all functions together: people and consoles need the rest."""
_TOP_KEYS = frozenset({"edition", "name", "access", "vars", "resources"})
_OURS = ("DEPLOY_", PREFIX)
_VARIABLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "region": (r"[a-z]{2,3}-[a-z]+(-[a-z0-9]+)*", "a region, such as cn-hangzhou"),
        "account": (r"\d{16}", "an account id: 16 digits"),
        "bucket": (r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "a bucket's name: 3 to 63 small letters, digits and hyphens"),
        "logProject": (
            r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
            "a log project's name: 3 to 63 small letters, digits and hyphens",
        ),
        "logStore": (r"[a-z0-9][a-z0-9_-]{0,61}[a-z0-9]", "a logstore's name: 2 to 63 small letters, digits, - and _"),
    }
)
"""What the variables of a template must look like: what is made of them would be refused much later, and elsewhere."""


def template_faults(rendered: Mapping[str, Any]) -> Sequence[str]:
    """Everything that is wrong with a rendered file, as sentences; across functions once each is right."""
    functions = [resource.get("props", {}) for resource in rendered.get("resources", {}).values()]
    return (
        [*_variable_faults(rendered.get("vars", {}))]
        or [*_own_faults(rendered)]
        or [*rule_conflicts(functions), *_share_faults(functions)]
    )


def _variable_faults(variables: Mapping[str, Any]) -> Iterator[str]:
    for name, (pattern, meant) in _VARIABLES.items():
        if name in variables and not re.fullmatch(pattern, str(variables[name])):
            yield f"{name}: {variables[name]!r} is not {meant}"


def _own_faults(rendered: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(_TOP_KEYS ^ rendered.keys()):
        yield f"{key} is {'missing' if key in _TOP_KEYS else 'no key of such a file'}"
    if rendered.get("edition") != "3.0.0":
        yield "edition must be 3.0.0"
    if "$" in str(rendered.get("access")) or not rendered.get("access"):
        yield "access must be the name itself: the command line fills in nothing there"
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the files as `s deploy` would fill them in, and print what would not work; 1 when there is something."""
    parser = argparse.ArgumentParser(prog="python -m packager.template", description=main.__doc__)
    parser.add_argument("files", metavar="FILE", type=Path, nargs="*", help="default: s.yaml and s.builtin.yaml")
    parser.add_argument("--env-file", type=Path, default=ROOT / ".env", help="default: .env beside s.yaml")
    options = parser.parse_args(arguments)
    files = options.files or TEMPLATES
    faults = all_faults(files, read_env_file(options.env_file), os.environ)
    sys.stdout.writelines(f"{fault}\n" for fault in faults or ["the files hold, as this environment fills them in"])
    return 1 if faults else 0


def all_faults(files: Sequence[Path], env_file: EnvFile, environ: Mapping[str, str]) -> Sequence[str]:
    """What is wrong with the .env file and, where nothing is, with the templates that it fills in."""
    read = frozenset().union(*map(read_by, files))
    unread = [name for name in env_file.values if name.startswith(_OURS) and name not in read]
    faults = [*env_file.faults, *references(env_file, environ), *(f"{name} is read by no template" for name in unread)]
    if faults:
        return [f".env: {fault}" for fault in faults]
    filled = {**env_file.values, **environ}
    return [f"{path.name}: {fault}" for path in files for fault in _faults_of(path, filled)]


def _faults_of(path: Path, environ: Mapping[str, str]) -> Sequence[str]:
    try:
        return template_faults(render(path, environ))
    except LookupError as fault:
        return [f"{fault}: set it in .env or in the environment"]


if __name__ == "__main__":
    sys.exit(main())
