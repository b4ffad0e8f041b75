"""The control API: what tests do in Python, over HTTP, as JSON in camelCase, under `/_emulator/`.

    GET    health                    {"status": "ok"}
    POST   reset                     everything as at the start
    GET    tasks[?product=]          [TaskView]; POST: NewTask -> {"taskId"}
    GET    tasks/{product}/{id}      TaskView; DELETE: let it vanish; PATCH: TaskChange
    POST   media                     MediaItem: a video of VOD, for its refresh jobs
    GET    settings                  TaskSettings; PATCH: TaskSettings, absent members stay
    GET    faults                    [{"action", "fault", "times"}]; POST: the same, one; DELETE [?action=]
    GET    latency                   {action: {"base", "jitter"}}; POST: {"action", "base", "jitter"}; DELETE
    GET    limits                    {action: calls a second or null}; POST: LimitChange
    GET    calls[?action=]           [Call], action or product; DELETE
    POST   keys                      AccessKey; DELETE keys/{id}; POST keys/{id}/expire
    GET    summary                   Summary

    buckets, edges, events, webhooks see `emulator.control.event_commands`
    uploads from a page              see `emulator.control.upload_commands`

A fault is its fields beside `kind`: `{"action": "vod", "fault": {"kind": "refuse", "code": "OperationDenied",
"status": 403}, "times": 3}`. Answers are 200 with JSON, 204 with nothing, 400 or 404 with `{"error"}`.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

import msgspec

from emulator.control import commands, event_commands, upload_commands
from emulator.control.requests import CommandRequest
from emulator.core.http1_parser import Request
from emulator.core.responses import Response, Transmission, transmit
from emulator.emulation import Emulation

PREFIX = "/_emulator/"
COMMANDS = {**commands.COMMANDS, **event_commands.COMMANDS, **upload_commands.COMMANDS}


class ControlHandler:
    """Answers `/_emulator/...`; needs no signature and is in no call log."""

    def __init__(self, emulation: Emulation) -> None:
        """What it controls."""
        self._emulation = emulation

    def accepts(self, request: Request) -> bool:
        """Whether the path is one of the control API."""
        return request.path.startswith(PREFIX)

    def handle(self, request: Request, connection: int) -> Transmission:
        """The outcome of one command."""
        del connection
        return transmit(self._response(request))

    def reject(self, request: Request, message: str) -> Response:
        """400 for a request whose body is malformed."""
        del request
        return _error(400, message)

    def _response(self, request: Request) -> Response:
        resource, *names = [unquote(part) for part in request.path.removeprefix(PREFIX).split("/")]
        command = COMMANDS.get((request.method, resource, len(names)))
        if command is None:
            return _error(404, f"{request.method} {request.path} is no command; see emulator/control/handler.py")
        try:
            query, host = dict(parse_qsl(request.query)), request.headers.get("host", "")
            outcome = command(self._emulation, CommandRequest(names, query, request.body, host))
        except KeyError as fault:
            return _error(404, f"there is no {fault.args[0]!r}")
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as fault:
            return _error(400, str(fault))
        if isinstance(outcome, Response):
            return outcome
        return Response(204) if outcome is None else Response(200, msgspec.json.encode(outcome))


def _error(status: int, text: str) -> Response:
    return Response(status, msgspec.json.encode({"error": text}))
