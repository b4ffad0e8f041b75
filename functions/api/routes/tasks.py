"""The routes below `/v1`."""

from __future__ import annotations

import asyncio
import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from functions.api.interfaces import Checker, Objects
from functions.api.middleware.access_log import access_record
from functions.api.middleware.authentication import grant_of
from functions.api.negotiation import Representation, json_only, representation
from functions.api.parsing.body import json_body
from functions.api.parsing.query import to_query
from functions.api.parsing.raw import RawParameters, from_json, from_query_string
from functions.api.problems import RequestRefused
from functions.api.responses import Encoder, list_response, lookup_response
from functions.api.routes.capabilities import capabilities_route
from functions.api.routes.checks import checks_route
from functions.api.routes.quota import quota_route
from functions.api.routes.submit import Submissions
from functions.api.sse import EventStreams
from functions.settings import Settings
from functions.tasks.query import LookupQuery, TaskQuery
from functions.tasks.results import LookupAnswer, Tasks

_LARGE_BODY_BYTES = 8_192


class TaskRoutes:
    """The routes about tasks."""

    def __init__(
        self,
        settings: Settings,
        tasks: Tasks,
        streams: EventStreams | None,
        objects: Objects | None = None,
        checker: Checker | None = None,
    ) -> None:
        """`tasks` answers. None: `streams` where they are not possible, `objects` without a store, `checker` if off."""
        self._settings = settings
        self._tasks = tasks
        self._streams = streams
        self._objects = objects
        self._checker = checker
        self._encoder = Encoder()
        self._submissions = Submissions(settings, tasks)
        self._large_body = asyncio.Lock()

    def router(self) -> Router:
        """Without redirects: Function Compute's own domain turns each into a 400 (docs/function-compute.md 2.6)."""
        routes = [
            # One route for both, so that a 405 names both.
            Route("/tasks", self.tasks, methods=["GET", "POST"]),
            Route("/tasks/query", self.query, methods=["POST"]),
            quota_route(self._settings, self._tasks),
            checks_route(self._checker),
            capabilities_route(
                self._settings,
                streaming=self._streams is not None,
                object_lookup=self._objects is not None,
                checked_hosts=self._checker.hosts if self._checker else (),
            ),
        ]
        return Router(routes, redirect_slashes=False)

    async def tasks(self, request: Request) -> Response:
        """`GET /v1/tasks`; `POST` submits."""
        if request.method == "POST":
            return await self._submit(request)
        form = self._representation(request)
        return await self._answer(request, form, from_query_string(request.scope["query_string"]))

    async def query(self, request: Request) -> Response:
        """`POST /v1/tasks/query`."""
        form = self._representation(request)
        body = await json_body(request)
        if len(body) <= _LARGE_BODY_BYTES:
            return await self._answer(request, form, from_json(body))
        async with self._large_body:
            await asyncio.sleep(0)  # reading a thousand ids takes 10 ms: others are served between two such bodies
            given = from_json(body)
            question = to_query(given, self._settings, grant_of(request.scope).scope)
        return await self._answer(request, form, given, question)

    async def _submit(self, request: Request) -> Response:
        self._submissions.check_enabled()
        json_only(request.headers)
        return await self._submissions.answer(request, await json_body(request))

    async def _answer(
        self, request: Request, form: Representation, given: RawParameters, question: TaskQuery | None = None
    ) -> Response:
        question = question or to_query(given, self._settings, grant_of(request.scope).scope)
        if self._objects and isinstance(question, LookupQuery) and "object" in given:
            found = await _found(self._objects, given.texts["object"][0], question)
            return await self._lookup(request, form, found)
        if isinstance(question, LookupQuery) and "job" in given:
            question = await self._job(given.texts["job"][0], question)
        if isinstance(question, LookupQuery):
            return await self._lookup(request, form, question)
        if form is Representation.EVENT_STREAM:
            raise RequestRefused("streaming-unavailable", "A list is no stream: list once, then watch the ids.")
        answer = await self._tasks.list(question)
        record = access_record(request.scope)
        record.timings, record.problems = answer.timings, answer.page.problems
        return list_response(answer)

    async def _job(self, name: str, question: LookupQuery) -> LookupQuery:
        product, _, job_id = name.partition(":")
        found = await self._tasks.job(product, job_id, question)
        if found is None:
            raise RequestRefused("job-unknown", "The vendor knows no such job, or it is older than it remembers.")
        return found

    async def _lookup(self, request: Request, form: Representation, asked: LookupQuery | LookupAnswer) -> Response:
        """A lookup, or the answer that an object's document gave: that one cannot be watched."""
        if isinstance(asked, LookupAnswer):
            if form is Representation.EVENT_STREAM:
                raise RequestRefused("streaming-unavailable", "Nothing of this object moves now: ask for JSON.")
            return lookup_response(request, asked, self._encoder)
        record = access_record(request.scope)
        record.ids = len(asked.ids)
        seconds_left = max(grant_of(request.scope).expires_at - time.time(), 0.0)
        if self._streams and form is Representation.EVENT_STREAM:
            return self._streams.open(asked, request.headers.get("last-event-id"), seconds_left)
        answer = await self._tasks.lookup(msgspec.structs.replace(asked, wait=int(min(asked.wait, seconds_left))))
        record.timings, record.problems = answer.timings, answer.report.problems
        return lookup_response(request, answer, self._encoder)

    def _representation(self, request: Request) -> Representation:
        """The form of the answer that the caller prefers, of those that are possible."""
        possible = [Representation.JSON]
        if self._streams and request.method != "HEAD":
            possible.append(Representation.EVENT_STREAM)
        return representation(", ".join(request.headers.getlist("accept")), possible)


async def _found(objects: Objects, name: str, question: LookupQuery) -> LookupQuery | LookupAnswer:
    found = await objects.find(name, question)
    if found is None:
        raise RequestRefused(
            "object-unknown", "It has not changed since the store was set up, or no rule speaks of it."
        )
    return found
