"""Serverless Devs files as its command line fills them in: `${vars.x}`, `${env("X")}`, `${env("X", "default")}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

_EXPRESSION = re.compile(r'\$\{(?:vars\.(?P<var>\w+)|env\("(?P<env>\w+)"(?:, *"(?P<default>[^"]*)")?\))\}')
_ANY = re.compile(r"\$\{[^}]*\}")
_READ = re.compile(r'\$\{env\("(\w+)"')


def render(template: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """The file with every expression replaced. Raises LookupError for one that has no value or is of another kind."""
    raw = yaml.safe_load(template.read_text("utf-8"))
    variables: dict[str, Any] = {}
    for name, value in raw.get("vars", {}).items():  # in order: later ones may use earlier ones
        variables[name] = _filled(value, lambda text: _replaced(text, variables, environ))
    filled: dict[str, Any] = _filled(raw, lambda text: _replaced(text, variables, environ))
    return filled


def read_by(template: Path) -> frozenset[str]:
    """The names of the environment that a template asks for."""
    return frozenset(_READ.findall(template.read_text("utf-8")))


def _filled(value: Any, fill: Callable[[str], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(member, fill) for key, member in value.items()}
    if isinstance(value, list):
        return [_filled(member, fill) for member in value]
    return fill(value) if isinstance(value, str) else value


def _replaced(text: str, variables: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    whole = _EXPRESSION.fullmatch(text)
    if whole:  # a value that is one expression keeps its type, as there
        return _value(whole, variables, environ)
    filled = _EXPRESSION.sub(lambda match: str(_value(match, variables, environ)), text)
    if unknown := _ANY.search(filled):
        raise LookupError(f"{unknown[0]} is no expression that is used here")
    return filled


def _value(match: re.Match[str], variables: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    set_there = environ.get(match["env"]) or match["default"]  # an empty variable is none, as there
    value = variables.get(match["var"]) if match["var"] else set_there
    if value is None:
        raise LookupError(f"{match[0]} has no value")
    if "${" in str(value):
        raise LookupError(f"the value of {match[0]} has an expression in it, which would be filled in again")
    return value
