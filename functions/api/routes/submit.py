"""`POST /v1/tasks`: whether anybody may submit here, the same request only once, and the answer."""

from __future__ import annotations

import hashlib
import ipaddress
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from functions.api.middleware.access_log import access_record
from functions.api.middleware.authentication import grant_of
from functions.api.parsing.raw import json_object
from functions.api.parsing.submission import to_submission
from functions.api.problems import RequestRefused
from functions.api.responses import accepted_response
from functions.api.routes.idempotency import HEADER, IdempotencyCache, key_in
from functions.model import Clock, SystemClock
from functions.settings import Settings
from functions.tasks.query import EVERYTHING
from functions.tasks.results import Tasks
from functions.tasks.submit import NothingSubmitted, Submission, SubmitAnswer


class Submissions:
    """Takes submissions, where that is switched on and callers can be told apart."""

    def __init__(self, settings: Settings, tasks: Tasks, clock: Clock | None = None) -> None:
        """`tasks` submits."""
        self._settings = settings
        self._tasks = tasks
        self._answers: IdempotencyCache[SubmitAnswer] = IdempotencyCache(clock or SystemClock(), _size, _has_effect)

    def check_enabled(self) -> None:
        """Raises RequestRefused, saying what to set, where nobody may submit."""
        if not self._settings.submit:
            raise RequestRefused("submitting-off", "Set TASK_STATUS_SUBMIT=on to let tasks be submitted.")
        if not may_submit(self._settings):
            raise RequestRefused(
                "submitting-unguarded",
                "Set TASK_STATUS_AUTH=jwt: without it, submitting is possible against the emulator only.",
            )

    async def answer(self, request: Request, body: bytes) -> Response:
        """Submit what the body says. Raises InvalidRequest, RequestRefused, NothingSubmitted."""
        submission = to_submission(json_object(body), self._settings, grant_of(request.scope).scope)
        answer = await self._once(request, submission)
        access_record(request.scope).ids = len(answer.report.tasks)
        if not answer.report.tasks:
            raise NothingSubmitted(answer.report.rejected)
        return accepted_response(submission.product, answer)

    async def _once(self, request: Request, submission: Submission) -> SubmitAnswer:
        key = key_in(request.headers.getlist(HEADER))
        if key is None:
            return await self._tasks.submit(submission)
        # The rights are judged on every request; they are no part of what is asked.
        asked = msgspec.structs.replace(submission, scope=EVERYTHING)
        fingerprint = hashlib.sha256(msgspec.json.encode(asked)).digest()
        identity = (submission.scope.caller, key)
        return await self._answers.once(identity, fingerprint, lambda: self._tasks.submit(submission))


def may_submit(settings: Settings) -> bool:
    """Whether submitting is on, and either tokens tell callers apart or every product is the emulator."""
    return settings.submit and (settings.auth.mode == "jwt" or _calls_this_machine_only(settings))


def _calls_this_machine_only(settings: Settings) -> bool:
    called = [settings.endpoint_of(name) for name in settings.product_names]
    called += [settings.endpoints.get("sts")] if settings.accounts else []
    return all(endpoint is not None and _is_loopback(endpoint.host) for endpoint in called)


def _is_loopback(address: str) -> bool:
    host = urlsplit(f"//{address}").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _has_effect(answer: SubmitAnswer) -> bool:
    return not answer.without_effect


def _size(answer: SubmitAnswer) -> int:
    return len(msgspec.json.encode(answer.report)) + sum(
        len(path) for each in answer.accepted for path in each.object_paths
    )
