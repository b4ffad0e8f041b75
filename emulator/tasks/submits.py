"""The operations that submit refreshes and preloads: what they reject, cost, and return (docs/vendor.md 2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import msgspec

from emulator.core.errors import ApiError, ErrorResponse, api_error
from emulator.tasks.product import Body, Context, Operation, Parameter
from emulator.tasks.selection import domain_of

MAX_URL_LENGTH = 1_024
OBJECT_PATH = Parameter("ObjectPath", required=True)
AREA, WITH_HEADER = Parameter("Area"), Parameter("WithHeader")
L2_PRELOAD, QUERY_HASH_KEY = Parameter("L2Preload", "Boolean"), Parameter("QueryHashkey", "Boolean")
REFRESH_PARAMETERS = (Parameter("Force", "Boolean"), OBJECT_PATH, Parameter("ObjectType"))
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


class SubmitType(msgspec.Struct, frozen=True):
    """One kind of submit: what its tasks are called, whose quota it takes, how many a call, how many rows a task.

    `too_many` answers more than `per_call`.
    """

    object_type: str
    quota: str
    per_call: int
    rows_a_task: int
    too_many: ErrorResponse


class SubmitErrors(msgspec.Struct, frozen=True):
    """How a product answers when there is no room; `max_domains` a call, None for no bound."""

    quota_exceeded: ErrorResponse
    queue_full: ErrorResponse | None = None
    max_domains: int | None = None


def refresh_types(directories: int = 100, urls: int = 1_000) -> Mapping[str, SubmitType]:
    """The types that all three products share, by the word that submits them, in lower case."""
    single = "SingleRequest.OverLimit"
    url_limit = ErrorResponse(400, single, f"A maximum of {urls} URLs are supported for each request.")
    directory_limit = ErrorResponse(
        400, single, f"A maximum of {directories} directories are supported for each request."
    )
    regex_limit = ErrorResponse(400, single, "A maximum of 1 regular expressions are supported for each request.")
    return {
        "file": SubmitType("file", "url", urls, 2_000, url_limit),
        "directory": SubmitType("directory", "directory", directories, 1, directory_limit),
        "regex": SubmitType("regex", "regex", 1, 1, regex_limit),
        "ignoreparams": SubmitType("ignoreparams", "ignore-params", urls, 1, url_limit),
    }


PRELOAD_LIMIT = ErrorResponse(400, "InvalidObjectPath.ExceedsMaximum", "The maximum number of urls is exceeded.")
PRELOAD = SubmitType("preload", "preload", 100, 500, PRELOAD_LIMIT)


def refresh_operation(action: str, types: Mapping[str, SubmitType], errors: SubmitErrors) -> Operation:
    """Submits a refresh; the new ids, comma-joined, under `RefreshTaskId`."""
    return Operation(action, REFRESH_PARAMETERS, partial(_refresh, types=types, errors=errors))


def preload_operation(action: str, id_member: str, errors: SubmitErrors, *parameters: Parameter) -> Operation:
    """Submits a preload; the new ids, comma-joined, under `id_member`. `parameters` beside the URLs."""
    return Operation(action, (OBJECT_PATH, *parameters), partial(_preload, id_member=id_member, errors=errors))


def _refresh(context: Context, *, types: Mapping[str, SubmitType], errors: SubmitErrors) -> Body:
    kind = types.get((context.get("ObjectType") or "File").lower())
    if kind is None:
        raise api_error(400, "InvalidObjectType.ValueNotSupported", "The specified ObjectType is not supported.")
    return {"RefreshTaskId": submit(context, context.params["ObjectPath"], kind, errors)}


def _preload(context: Context, *, id_member: str, errors: SubmitErrors) -> Body:
    return {id_member: submit(context, context.params["ObjectPath"], PRELOAD, errors)}


def submit(context: Context, object_path: str, kind: SubmitType, errors: SubmitErrors) -> str:
    """Make tasks for the URLs in `object_path`, one a line; the new ids, comma-joined.

    Raises ApiError, and then nothing has changed.
    """
    paths = _paths(object_path, kind)
    domains = {domain_of(path) for path in paths}
    _check_domains(context, domains, errors)
    _check_queue(context, kind, len(paths), errors)
    if not context.limits.spend(context.account, context.product, kind.quota, len(paths)):
        raise ApiError(errors.quota_exceeded)
    ids = context.tasks.submit(context.account, context.product, kind.object_type, paths, kind.rows_a_task)
    return ",".join(ids)


def _paths(text: str, kind: SubmitType) -> list[str]:
    lines = [line.strip() for line in text.splitlines()]
    paths = list(dict.fromkeys(_with_scheme(line) for line in lines if line))
    if len(paths) > kind.per_call:
        raise ApiError(kind.too_many)
    if not paths or not all(_is_well_formed(path, kind) for path in paths):
        raise api_error(400, "InvalidObjectPath.Malformed", "The specified ObjectPath is invalid.")
    return paths


def _with_scheme(path: str) -> str:
    return path if "://" in path else f"http://{path}"


def _is_well_formed(path: str, kind: SubmitType) -> bool:
    scheme, _, rest = path.partition("://")
    host, slash, _ = rest.partition("/")
    return (
        scheme.lower() in {"http", "https"}
        and bool(slash)
        and len(path) <= MAX_URL_LENGTH
        and (host.startswith("*") or bool(_HOST.fullmatch(host.lower())))
        and (kind.object_type != "directory" or path.endswith("/"))
    )


def _check_domains(context: Context, domains: set[str], errors: SubmitErrors) -> None:
    if any(domain.startswith("*") for domain in domains):
        raise api_error(
            400, "InvalidExtensiveDomain.ValueNotSupported", "The specified ExtensiveDomain is not supported."
        )
    if errors.max_domains is not None and len(domains) > errors.max_domains:
        message = f"A maximum of {errors.max_domains} domains are supported for each request."
        raise api_error(400, "SingleRequest.OverLimit", message)
    own = context.tasks.own_domains
    if own is not None and not domains <= own:
        raise api_error(404, "InvalidDomain.NotFound", "The domain provided does not belong to you.")


def _check_queue(context: Context, kind: SubmitType, new: int, errors: SubmitErrors) -> None:
    if errors.queue_full is None:
        return
    unfinished = context.tasks.unfinished_rows(context.account, context.product, kind.object_type)
    if not context.limits.queue_takes(context.product, unfinished + new):
        raise ApiError(errors.queue_full)
