"""From raw parameters to a checked query. Every fault is found, not only the first."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from functions.api.parsing.parameters import BAD, PARAMETERS, Bounds, Parameter, Use
from functions.api.parsing.products import ProductNames
from functions.api.parsing.raw import FaultList, RawParameters
from functions.model import Status
from functions.settings import Settings
from functions.tasks.query import MAX_IDS, ListQuery, LookupQuery, RequestedId, Scope, TaskQuery, Until

ANSWER_MARGIN_SECONDS = 5
"""Kept of the function's timeout, to send the answer after a wait (docs/contract.md 2, `wait`)."""
SUBJECTS = frozenset({"taskId", "object", "job"})
"""What a lookup asks for; one of them makes a question a lookup."""
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_A_TIME = "it must be a time like 2026-11-22T03:31:00Z or 2026-11-22T11:31:00+08:00 (in a URL a + is written %2B)"
_WHOLE = re.compile(r"-?[0-9]{1,9}")


def to_query(given: RawParameters, settings: Settings, scope: Scope) -> TaskQuery:
    """The query: a lookup when one of `SUBJECTS` is present. With `object` or `job` it has no ids yet.

    Raises InvalidRequest with all faults.
    """
    reading = _QueryParser(given, settings, scope)
    query = reading.lookup() if SUBJECTS & given.texts.keys() else reading.listing()
    given.faults.raise_any()
    return query


def to_quota_products(given: RawParameters, settings: Settings, scope: Scope) -> tuple[str, ...]:
    """The products whose quotas are asked for. Raises InvalidRequest with all faults."""
    products = _QueryParser(given, settings, scope).quota_products()
    given.faults.raise_any()
    return products


class _QueryParser:
    """Reads each parameter once; a faulty value is noted, and what is returned in its place is never used."""

    def __init__(self, given: RawParameters, settings: Settings, scope: Scope) -> None:
        self._given = given
        self._scope = scope
        self._names = ProductNames(settings, scope.audience)
        self._settings = settings
        self._faults: FaultList = given.faults

    def lookup(self) -> LookupQuery:
        self._refuse_others(Use.LOOKUP, "it does not combine with taskId, object or job")
        products = self._products()
        self._check_object()
        self._check_job(products)
        # An object's tasks are in whatever products its rules name.
        default = self._names.names if "object" in self._given else self._names.own
        return LookupQuery(
            ids=self._ids(products),
            products=products or default,
            objects=self._number("objects"),
            wait=min(self._number("wait"), int(self._settings.timeout_seconds) - ANSWER_MARGIN_SECONDS),
            until=self._until(),
            # An EventSource that reconnects keeps its address and adds the newer version.
            after=self._text("lastEventId") or self._text("after"),
            scope=self._scope,
        )

    def quota_products(self) -> tuple[str, ...]:
        for name in self._given.texts.keys() - {"account", "product"}:
            self._faults.add(name, None, "here only account and product are known")
        return self._products() or self._names.own

    def listing(self) -> ListQuery:
        self._refuse_others(Use.LIST, "it needs taskId: lists do not wait")
        start, end = self._time("startTime"), self._time("endTime")
        if start and end and start >= end:
            self._faults.add("endTime", self._first("endTime"), "it must be later than startTime")
        return ListQuery(
            products=self._products() or self._names.own,
            object_paths=self._words("objectPath"),
            domain_name=self._text("domainName"),
            object_types=self._words("objectType"),
            action=self._text("action"),
            statuses=self._statuses(),
            start=start,
            end=end,
            page_size=self._number("pageSize"),
            page_token=self._text("pageToken"),
            objects=self._number("objects"),
            scope=self._scope,
        )

    def _check_job(self, products: tuple[str, ...]) -> None:
        for name in ("job", "object"):
            if self._text(name) and len(SUBJECTS & self._given.texts.keys()) > 1:
                self._faults.add(name, self._first(name), f"of {', '.join(sorted(SUBJECTS))} only one can be asked for")
        if job := self._text("job"):
            product = job.partition(":")[0]
            if fault := self._names.fault(product):
                self._faults.add("job", job, fault)
            elif products and product not in products:
                self._faults.add("job", job, "its product is not among those asked")

    def _check_object(self) -> None:
        if "object" in self._given and self._settings.store is None:
            detail = "looking up by object needs the store of changed objects, and no store is configured here"
            self._faults.add("object", self._first("object"), detail)

    def _refuse_others(self, use: Use, detail: str) -> None:
        for name in self._given.texts:
            # A parameter with its default value is ignored: generated clients send it with every request.
            if not PARAMETERS[name].use & use and self._first(name) != PARAMETERS[name].default:
                self._faults.add(name, self._first(name), detail)

    def _first(self, name: str) -> str | None:
        return next(iter(self._given.texts.get(name, ())), None)

    def _ids(self, products: tuple[str, ...]) -> tuple[RequestedId, ...]:
        texts = self._words("taskId")
        if len(texts) > MAX_IDS:
            self._faults.add("taskId", None, f"at most {MAX_IDS} distinct ids, these are {len(texts)}")
        return tuple(self._id(text, products) for text in texts)

    def _id(self, text: str, products: tuple[str, ...]) -> RequestedId:
        product, _, task_id = text.rpartition(":")
        if not product:
            return RequestedId(task_id)
        if fault := self._names.fault(product):
            self._faults.add("taskId", text, fault)
        elif products and product not in products:
            self._faults.add("taskId", text, f"its product is not among those asked: {', '.join(products)}")
        return RequestedId(task_id, product)

    def _products(self) -> tuple[str, ...]:
        return self._names.chosen(self._words("account"), self._words("product"), self._faults)

    def _statuses(self) -> tuple[Status, ...]:
        bad = tuple(status for status in Status if status.bad)
        groups = (bad if word == BAD else (Status(word),) for word in self._words("status"))
        return tuple(dict.fromkeys(status for group in groups for status in group))

    def _until(self) -> Until:
        until = Until(self._text("until") or Until.DONE)
        if until is Until.CHANGED and "after" not in self._given:
            self._faults.add("after", None, "until=changed needs the version that is already known")
        return until

    def _time(self, name: str) -> datetime | None:
        text = self._first(name)
        try:
            return None if text is None else _instant(text)
        except (ValueError, OverflowError):
            self._faults.add(name, text, _A_TIME)
            return None

    def _number(self, name: str) -> int:
        parameter = PARAMETERS[name]
        default, bounds = int(parameter.default or 0), parameter.bounds or Bounds(0, 0)
        text = self._first(name)
        if text is None:
            return default
        if _WHOLE.fullmatch(text) and bounds.low <= int(text) <= bounds.high:
            return int(text)
        self._faults.add(name, text, parameter.rule)
        return default

    def _text(self, name: str) -> str | None:
        return next(iter(self._words(name)), None)

    def _words(self, name: str) -> tuple[str, ...]:
        """The distinct values that fit the parameter's rule, in the order given."""
        parameter = PARAMETERS[name]
        distinct = tuple(dict.fromkeys(self._given.texts.get(name, ())))
        for text in distinct:
            if not _fits(parameter, text):
                self._faults.add(name, text, parameter.rule)
        return tuple(text for text in distinct if _fits(parameter, text))


def _fits(parameter: Parameter, text: str) -> bool:
    return text in parameter.words if parameter.words else bool(re.fullmatch(parameter.pattern, text))


def _instant(text: str) -> datetime:
    if not _RFC3339.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper()).astimezone(UTC)
