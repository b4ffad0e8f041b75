"""`rules.toml`: which URLs show an object of a bucket, on which product, and what to do when the object changes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from functions.errors import SettingsError
from functions.events.change import Action, ActionKind
from functions.events.parsing.events import ChangeKind, ObjectChange
from functions.urls import encode_key, normal_url

PLACEHOLDER = "{key}"
EXAMPLE = 'rule = [{ bucket = "pics", product = "cdn", url = "https://img.example.com/{key}" }]'
"""The smallest useful file, in one line."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
# Printable ASCII ("!" to "~") without braces, after a plain host: userinfo would put a password into reports.
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/([!-z|~]|\{key\})*")
_HEADER = re.compile(r"\s*\[\[\s*rule\s*\]\]")


_Submitted = Literal["refresh", "preload"]


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[rule]]`. Prefix and suffix are literal text; `created` and `removed` are what to submit, () to follow.

    `directory_index` is the file name that answers for its directory, like `index.html`: when such an object changes,
    the whole directory is refreshed, of which the object is a part.
    """

    bucket: str
    product: str
    url: str | tuple[str, ...]
    prefix: str = ""
    suffix: str = ""
    created: tuple[_Submitted, ...] = ()
    removed: tuple[_Submitted, ...] = ()
    directory_index: str = ""

    def __post_init__(self) -> None:
        """Raises ValueError naming the key and its fault; msgspec passes it on as its own ValidationError."""
        if not _BUCKET.fullmatch(self.bucket):
            raise ValueError(f"bucket: {self.bucket!r} is not the name of a bucket")
        if not self.urls:
            raise ValueError("url: the list is empty")
        for url in self.urls:
            if not _URL.fullmatch(url) or PLACEHOLDER not in url:
                raise ValueError(f"url: {url!r} must be http(s)://host/… in ASCII, with {PLACEHOLDER} in it")
            if self.directory_index and not url.endswith(PLACEHOLDER):
                raise ValueError(f"directory_index: url {url!r} must end with {PLACEHOLDER} to be a directory's too")
        if "preload" in self.removed:
            raise ValueError("removed: there is nothing left to preload")
        if "/" in self.directory_index:
            raise ValueError("directory_index: it is a file name, without /")

    @property
    def urls(self) -> tuple[str, ...]:
        """The URL templates, one or many."""
        return (self.url,) if isinstance(self.url, str) else self.url

    def matches(self, change: ObjectChange) -> bool:
        """Whether the rule speaks of this object."""
        return change.bucket == self.bucket and change.key.startswith(self.prefix) and change.key.endswith(self.suffix)

    def actions_for(self, change: ObjectChange, *, submit: bool) -> tuple[Action, ...]:
        """What to do about the change, kind by kind; only to follow unless `submit`."""
        words = (self.created if change.kind is ChangeKind.CREATED else self.removed) if submit else ()
        kinds = [ActionKind(word) for word in words] or [ActionKind.FOLLOW]
        return tuple(action for kind in kinds for action in self._actions(kind, change.key))

    def _actions(self, kind: ActionKind, key: str) -> tuple[Action, ...]:
        directory, slash, name = key.rpartition("/")
        whole = kind is ActionKind.REFRESH and bool(name) and name == self.directory_index
        return tuple(
            Action(product=self.product, kind=kind, object_type="directory" if whole else "file", object_path=url)
            for url in self._urls_of(directory + slash if whole else key)
        )

    def _urls_of(self, key: str) -> tuple[str, ...]:
        return tuple(normal_url(_filled(url, key)) for url in self.urls)


def _filled(template: str, key: str) -> str:
    path, question_mark, query = template.partition("?")
    # In a query `&` and `=` have a meaning of their own, so there all of the key is escaped.
    return path.replace(PLACEHOLDER, encode_key(key)) + question_mark + query.replace(PLACEHOLDER, quote(key, safe=""))


class Rules(msgspec.Struct, frozen=True):
    """All rules, in the order of the file; none at all when no file is configured."""

    rules: tuple[Rule, ...] = ()

    def actions(self, change: ObjectChange, *, submit: bool) -> tuple[Action, ...]:
        """What all rules together ask for, each action once; a URL that is submitted is not followed as well."""
        found = dict.fromkeys(
            action for rule in self.rules if rule.matches(change) for action in rule.actions_for(change, submit=submit)
        )
        submitted = {(each.product, each.object_path) for each in found if each.kind is not ActionKind.FOLLOW}
        return tuple(
            action
            for action in found
            if action.kind is not ActionKind.FOLLOW or (action.product, action.object_path) not in submitted
        )

    @property
    def submits(self) -> bool:
        """Whether any rule asks for a submission."""
        return any(rule.created or rule.removed for rule in self.rules)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    rule: tuple[dict[str, Any], ...] = ()


def read_rules(path: Path | None, products: tuple[str, ...]) -> Rules:
    """The rules in a file; `products` are those that are enabled.

    Raises SettingsError: the file, the line or the number of the rule, the fault, an example, in one line.
    """
    if path is None:
        return Rules()
    try:
        text = path.read_text(encoding="utf-8")
        tables = msgspec.convert(tomllib.loads(text), _File).rule
    except OSError as fault:
        raise _refusal(path, fault.strerror or "it cannot be read") from None
    except (ValueError, RecursionError) as fault:  # no UTF-8, no TOML (the text names the line), a key beside `rule`
        raise _refusal(path, str(fault)) from None
    return Rules(tuple(_rule(path, _place(text, tables, at), table, products) for at, table in enumerate(tables)))


def _rule(path: Path, place: str, table: dict[str, Any], products: tuple[str, ...]) -> Rule:
    try:
        rule = msgspec.convert(table, Rule)
    except msgspec.ValidationError as fault:
        raise _refusal(path, f"{place}: {fault}") from None
    if rule.product not in products:
        enabled = ",".join(products)
        raise _refusal(path, f"{place}: product: {rule.product!r} is not enabled (TASK_STATUS_PRODUCTS={enabled})")
    return rule


def _place(text: str, tables: tuple[dict[str, Any], ...], at: int) -> str:
    lines = [number for number, line in enumerate(text.split("\n"), 1) if _HEADER.match(line)]
    # Rules can be written without headers, and text can look like one: then the number alone has to do.
    return f"rule {at + 1} (line {lines[at]})" if len(lines) == len(tables) else f"rule {at + 1}"


def _refusal(path: Path, fault: str) -> SettingsError:
    return SettingsError(f"TASK_STATUS_RULES={path}: {fault}. Example of a file: {EXAMPLE}")
