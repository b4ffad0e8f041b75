"""Submitting refreshes and preloads: what is refused, what it costs, and which ids come back (facts 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from emulator.catalog import Context, Parameter
from emulator.errors import ApiError, Refusal, refused
from emulator.tasks.selection import domain_of

MAX_URL_LENGTH = 1_024
OBJECT_PATH = Parameter("ObjectPath", required=True)
REFRESH_PARAMETERS = (Parameter("Force", "Boolean"), OBJECT_PATH, Parameter("ObjectType"))
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


class SubmitKind(msgspec.Struct, frozen=True):
    """One kind of submit: what its tasks are called, whose quota it takes, how many a call, how many rows a task.

    `too_many` is the refusal of more than `per_call`.
    """

    object_type: str
    quota: str
    per_call: int
    rows_a_task: int
    too_many: Refusal


class Refusals(msgspec.Struct, frozen=True):
    """What differs between products when there is no room; `max_domains` a call, None for no bound."""

    quota_exceeded: Refusal
    queue_full: Refusal | None = None
    max_domains: int | None = None


def refresh_kinds(directories: int = 100, urls: int = 1_000) -> Mapping[str, SubmitKind]:
    """The kinds that all three products share, by the word that submits them, in lower case."""
    single = "SingleRequest.OverLimit"
    url_limit = Refusal(400, single, f"A maximum of {urls} URLs are supported for each request.")
    directory_limit = Refusal(400, single, f"A maximum of {directories} directories are supported for each request.")
    regex_limit = Refusal(400, single, "A maximum of 1 regular expressions are supported for each request.")
    return {
        "file": SubmitKind("file", "url", urls, 2_000, url_limit),
        "directory": SubmitKind("directory", "directory", directories, 1, directory_limit),
        "regex": SubmitKind("regex", "regex", 1, 1, regex_limit),
        "ignoreparams": SubmitKind("ignoreparams", "ignore-params", urls, 1, url_limit),
    }


PRELOAD_LIMIT = Refusal(400, "InvalidObjectPath.ExceedsMaximum", "The maximum number of urls is exceeded.")
PRELOAD = SubmitKind("preload", "preload", 100, 500, PRELOAD_LIMIT)


def refresh(context: Context, kinds: Mapping[str, SubmitKind], refusals: Refusals) -> str:
    """Submit a refresh; the new ids, comma-joined."""
    kind = kinds.get((context.get("ObjectType") or "File").lower())
    if kind is None:
        raise refused(400, "InvalidObjectType.ValueNotSupported", "The specified ObjectType is not supported.")
    return submit(context, kind, refusals)


def submit(context: Context, kind: SubmitKind, refusals: Refusals) -> str:
    """Submit URLs of one kind; the new ids, comma-joined. Raises ApiError before anything has changed."""
    paths = _paths(context.params["ObjectPath"], kind)
    domains = {domain_of(path) for path in paths}
    _check_domains(context, domains, refusals)
    _check_queue(context, kind, len(paths), refusals)
    if not context.limits.spend(context.account, context.product, kind.quota, len(paths)):
        raise ApiError(refusals.quota_exceeded)
    ids = context.world.submit(context.account, context.product, kind.object_type, paths, kind.rows_a_task)
    return ",".join(ids)


def _paths(text: str, kind: SubmitKind) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    paths = list(dict.fromkeys(_with_scheme(line) for line in lines if line))
    if len(paths) > kind.per_call:
        raise ApiError(kind.too_many)
    if not paths or not all(_is_well_formed(path, kind) for path in paths):
        raise refused(400, "InvalidObjectPath.Malformed", "The specified ObjectPath is invalid.")
    return paths


def _with_scheme(path: str) -> str:
    return path if "://" in path else f"http://{path}"


def _is_well_formed(path: str, kind: SubmitKind) -> bool:
    scheme, _, rest = path.partition("://")
    host, slash, _ = rest.partition("/")
    return (
        scheme.lower() in {"http", "https"}
        and bool(slash)
        and len(path) <= MAX_URL_LENGTH
        and (host.startswith("*") or bool(_HOST.fullmatch(host.lower())))
        and (kind.object_type != "directory" or path.endswith("/"))
    )


def _check_domains(context: Context, domains: set[str], refusals: Refusals) -> None:
    if any(domain.startswith("*") for domain in domains):
        raise refused(
            400, "InvalidExtensiveDomain.ValueNotSupported", "The specified ExtensiveDomain is not supported."
        )
    if refusals.max_domains is not None and len(domains) > refusals.max_domains:
        message = f"A maximum of {refusals.max_domains} domains are supported for each request."
        raise refused(400, "SingleRequest.OverLimit", message)
    own = context.world.own_domains
    if own is not None and not domains <= own:
        raise refused(404, "InvalidDomain.NotFound", "The domain provided does not belong to you.")


def _check_queue(context: Context, kind: SubmitKind, new: int, refusals: Refusals) -> None:
    if refusals.queue_full is None:
        return
    unfinished = context.world.unfinished_rows(context.account, context.product, kind.object_type)
    if not context.limits.queue_takes(context.product, unfinished + new):
        raise ApiError(refusals.queue_full)
