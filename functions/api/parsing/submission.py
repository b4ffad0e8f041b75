"""From a body to a checked submission: every fault is found, and everything that the caller's token does not allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from functions.api.parsing.products import ProductNames
from functions.api.parsing.raw import FaultList, shown
from functions.errors import InvalidRequest, ParameterFault
from functions.model import split_account
from functions.products.registry import PRODUCTS
from functions.settings import Settings
from functions.tasks.query import Audience, Scope
from functions.tasks.submit import MAX_URL, OBJECT_TYPES, Submission, path_fault
from functions.urls import InvalidUrl, sendable_url

MEMBERS = ("action", "product", "account", "objectType", "objectPaths")
MAX_PATHS = 1_000
"""URLs of one submission: what the vendor takes in a call and, of one domain, in a minute (docs/vendor.md 2)."""
_WORDS: Mapping[str, tuple[str, ...]] = {**OBJECT_TYPES, "preload": (*OBJECT_TYPES["preload"], "preload")}
"""`objectType` by action: tasks of a prefetch are reported as `preload`, so that word is understood, too."""
_NAMED_TYPES = frozenset({"directory", "regex"})
"""Object types that a token must name beside `refresh`: one of these can empty a whole cache."""
SCHEMA: Mapping[str, Any] = MappingProxyType(
    {
        "title": "Submission",
        "type": "object",
        "additionalProperties": False,
        "required": ["action", "product", "objectPaths"],
        "properties": {
            "action": {"enum": list(OBJECT_TYPES)},
            "product": {"type": "string", "examples": list(PRODUCTS)},
            "account": {"type": "string", "description": "Left out, the service's own.", "examples": ["acme"]},
            "objectType": {
                "enum": list(dict.fromkeys(word for words in _WORDS.values() for word in words)),
                "description": "For a refresh; left out, `file`. A prefetch is always one of files.",
            },
            "objectPaths": {
                "type": "array",
                "items": {"type": "string", "maxLength": MAX_URL},
                "minItems": 1,
                "description": f"At most {MAX_PATHS:,} distinct URLs, percent-encoded; a directory ends with `/`.",
                "examples": [["https://www.example.com/a.jpg"]],
            },
        },
    }
)
"""The body, as JSON Schema."""


def to_submission(written: Mapping[str, object], settings: Settings, scope: Scope) -> Submission:
    """The submission. Raises InvalidRequest with all faults: `invalid-request`, or `forbidden` by the token."""
    submission = _SubmissionParser(written, settings, scope).submission()
    forbidden = tuple(_forbidden(submission, scope))
    if forbidden:
        raise InvalidRequest(forbidden, reason="forbidden")
    return submission


class _SubmissionParser:
    """Reads each member once; a faulty value is noted, and what is returned in its place is never used."""

    def __init__(self, written: Mapping[str, object], settings: Settings, scope: Scope) -> None:
        self._written = written
        self._scope = scope
        self._names = ProductNames(settings, scope.audience)
        self._faults = FaultList()

    def submission(self) -> Submission:
        self._refuse_others()
        action = self._word("action", tuple(OBJECT_TYPES))
        object_type = self._word("objectType", _WORDS.get(action, _WORDS["refresh"]), "file")
        product = self._product()
        object_paths = self._paths(object_type)
        self._faults.raise_any()
        object_type = "file" if action == "preload" else object_type
        return Submission(
            action=action, product=product, object_type=object_type, object_paths=object_paths, scope=self._scope
        )

    def _refuse_others(self) -> None:
        for name in self._written.keys() - set(MEMBERS):
            # Its value is not echoed: somebody may have put a token there.
            self._faults.add(name[:100], None, f"unknown member; known are {', '.join(MEMBERS)}")

    def _product(self) -> str:
        """As in ids: `acme/cdn`, written so or with `account`."""
        if "account" not in self._written:
            return self._word("product", self._names.names)
        account = self._word("account", self._names.accounts)
        there = {split_account(name)[1]: name for name in self._names.of(account)}
        return there.get(self._word("product", tuple(there)), "")

    def _word(self, name: str, words: tuple[str, ...], default: str | None = None) -> str:
        value = self._written.get(name, default)
        if isinstance(value, str) and value in words:
            return value
        rule = f"it must be one of {', '.join(words)}"
        self._faults.add(name, None if value is None else shown(value), rule)
        return ""

    def _paths(self, object_type: str) -> tuple[str, ...]:
        values = self._written.get("objectPaths")
        if not isinstance(values, list) or not values:
            shown_value = None if values is None else shown(values)
            self._faults.add("objectPaths", shown_value, "it must be an array of URLs, at least one")
            return ()
        paths = tuple(dict.fromkeys(path for value in values if (path := self._path(value, object_type))))
        if len(paths) > MAX_PATHS:
            self._faults.add("objectPaths", None, f"at most {MAX_PATHS} distinct URLs, these are {len(paths)}")
        return paths

    def _path(self, value: object, object_type: str) -> str | None:
        """The URL as clients send it: a task of another spelling would purge nothing."""
        if not isinstance(value, str):
            self._faults.add("objectPaths", shown(value), "each entry must be a string")
            return None
        try:
            # A word without any slash is no URL, though it could be a host.
            path = sendable_url(value) if "/" in value and object_type != "regex" else value
        except InvalidUrl as invalid:
            self._faults.add("objectPaths", value, str(invalid))
            return None
        if fault := path_fault(path, object_type):
            self._faults.add("objectPaths", value, fault)
        return path


def types_in_scope(object_types: Mapping[str, tuple[str, ...]], scope: Scope) -> Mapping[str, tuple[str, ...]]:
    """Of the object types by action, those that `scope` may submit."""
    if scope.actions is None:
        return object_types
    allowed = {
        action: tuple(word for word in words if word in scope.actions or word not in _NAMED_TYPES)
        for action, words in object_types.items()
        if action in scope.actions
    }
    return {action: words for action, words in allowed.items() if words}


def _forbidden(submission: Submission, scope: Scope) -> Iterable[ParameterFault]:
    if not scope.audience.allows(submission.product):
        yield _fault("product", submission.product, "the token's products do not name it")
    if scope.actions is not None and submission.action not in scope.actions:
        yield _fault("action", submission.action, "the token's actions do not name it")
    if scope.actions is not None and submission.object_type in _NAMED_TYPES - scope.actions:
        yield _fault("objectType", submission.object_type, "the token's actions do not name it")
    if scope.domains is not None:
        yield from _outside(submission, scope.audience)


def _outside(submission: Submission, audience: Audience) -> Iterable[ParameterFault]:
    for path in submission.object_paths:
        if not audience.shows(path):
            yield _fault("objectPaths", path, "its host is not among the token's domains")
        elif submission.object_type == "regex" and "|" in path:
            yield _fault("objectPaths", path, "a | could reach other hosts than the token's domains")


def _fault(parameter: str, value: str, detail: str) -> ParameterFault:
    return ParameterFault(parameter=parameter, value=value, detail=detail)
