"""The control door: what tests do in Python, over HTTP, as JSON in camelCase, under `/_emulator/`.

    GET    health                    {"status": "ok"}
    POST   reset                     everything as at the start
    GET    tasks[?product=]          [TaskView]; POST: NewTask -> {"taskId"}
    GET    tasks/{product}/{id}      TaskView; DELETE: let it vanish; PATCH: TaskChange
    GET    world                     WorldSettings; PATCH: WorldSettings, absent members stay
    GET    faults                    [{"action", "fault", "times"}]; POST: the same, one; DELETE [?action=]
    GET    latency                   {action: {"base", "jitter"}}; POST: {"action", "base", "jitter"}; DELETE
    GET    limits                    {action: calls a second or null}; POST: LimitChange
    GET    calls[?action=]           [Call], action or product; DELETE
    POST   keys                      AccessKey; DELETE keys/{id}; POST keys/{id}/expire

    OSS, its triggers, webhooks      see `emulator.control_oss`

A fault is its fields beside `kind`: `{"action": "vod", "fault": {"kind": "refuse", "code": "OperationDenied",
"status": 403}, "times": 3}`. Answers are 200 with JSON, 204 with nothing, 400 or 404 with `{"error"}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import msgspec

from emulator import control_oss
from emulator.accounts import AccessKey
from emulator.control_asked import Asked, Command
from emulator.control_shapes import LimitChange, NewFault, NewLatency, NewTask, TaskChange, WorldSettings
from emulator.delivery import Script, whole
from emulator.http1 import Reply, Request
from emulator.products import PRODUCTS
from emulator.state import Emulation
from emulator.tasks.record import TaskView

PREFIX = "/_emulator/"
PRODUCT_NAMES = tuple(product.name for product in PRODUCTS)


class ControlDoor:
    """Answers `/_emulator/...`; needs no signature and is in no call log."""

    def __init__(self, emulation: Emulation) -> None:
        """What it controls."""
        self._emulation = emulation

    def claims(self, request: Request) -> bool:
        """Whether the path is ours."""
        return request.path.startswith(PREFIX)

    def answer(self, request: Request, connection: int) -> Script:
        """The outcome of one command."""
        del connection
        resource, *names = [unquote(part) for part in request.path.removeprefix(PREFIX).split("/")]
        command = COMMANDS.get((request.method, resource, len(names)))
        if command is None:
            return whole(_error(404, f"{request.method} {request.path} is no command; see emulator/control.py"))
        try:
            outcome = command(self._emulation, Asked(names, dict(parse_qsl(request.query)), request.body))
        except KeyError as fault:
            return whole(_error(404, f"there is no {fault.args[0]!r}"))
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as fault:
            return whole(_error(400, str(fault)))
        return whole(Reply(204) if outcome is None else Reply(200, msgspec.json.encode(outcome)))


def _error(status: int, text: str) -> Reply:
    return Reply(status, msgspec.json.encode({"error": text}))


def _tasks(emulation: Emulation, asked: Asked) -> list[TaskView]:
    only = asked.query.get("product")
    return [task for name in PRODUCT_NAMES if only in (None, name) for task in emulation.world.tasks(name)]


def _task(emulation: Emulation, asked: Asked) -> TaskView:
    product, task_id = asked.names
    found = emulation.world.task(product, task_id)
    if found is None:
        raise KeyError(f"{product}:{task_id}")
    return found


def _add_task(emulation: Emulation, asked: Asked) -> Mapping[str, str]:
    new = asked.read(NewTask)
    if new.product not in PRODUCT_NAMES:
        raise KeyError(new.product)
    task_id = emulation.world.add_task(
        new.product, new.rows, task_id=new.task_id, object_type=new.object_type, age=new.age, course=new.course
    )
    return {"taskId": task_id}


def _change_task(emulation: Emulation, asked: Asked) -> None:
    product, task_id = asked.names
    change = asked.read(TaskChange)
    world = emulation.world
    if change.course is not None:
        world.set_course(product, task_id, change.course)
    world.add_rows(product, task_id, change.rows)
    if change.object_path is not None:
        world.set_row(
            product,
            task_id,
            change.object_path,
            status=change.status,
            progress=change.progress,
            description=change.description,
        )


def _world(emulation: Emulation, asked: Asked) -> WorldSettings:
    del asked
    return WorldSettings(**{name: getattr(emulation.world, name) for name in WorldSettings.__struct_fields__})


def _set_world(emulation: Emulation, asked: Asked) -> None:
    for name, value in msgspec.structs.asdict(asked.read(WorldSettings)).items():
        if value is not msgspec.UNSET:
            setattr(emulation.world, name, value)


def _add_fault(emulation: Emulation, asked: Asked) -> None:
    new = asked.read(NewFault)
    emulation.faults.add(new.action, new.fault, times=new.times)


def _set_latency(emulation: Emulation, asked: Asked) -> None:
    new = asked.read(NewLatency)
    emulation.latency.set(new.action, new.base, new.jitter)


def _set_limits(emulation: Emulation, asked: Asked) -> None:
    change, limits = asked.read(LimitChange), emulation.limits
    if change.lift:
        limits.lift()
    elif change.restore:
        limits.restore()
    elif change.action is not None:
        limits.set_qps(change.action, change.qps)
    elif change.product is not None and change.kind is not None:
        limits.set_quota(change.product, change.kind, change.total, change.used)
    else:
        raise ValueError("one of lift, restore, action with qps, or product with kind and total is needed")


def _calls(emulation: Emulation, asked: Asked) -> object:
    name = asked.query.get("action")
    return emulation.calls.all() if name is None else emulation.calls.of(name)


COMMANDS: Mapping[tuple[str, str, int], Command] = {
    ("GET", "health", 0): lambda _emulation, _asked: {"status": "ok"},
    ("POST", "reset", 0): lambda emulation, _asked: emulation.reset(),
    ("GET", "tasks", 0): _tasks,
    ("POST", "tasks", 0): _add_task,
    ("GET", "tasks", 2): _task,
    ("PATCH", "tasks", 2): _change_task,
    ("DELETE", "tasks", 2): lambda emulation, asked: emulation.world.remove_task(*asked.names),
    ("GET", "world", 0): _world,
    ("PATCH", "world", 0): _set_world,
    ("GET", "faults", 0): lambda emulation, _asked: emulation.faults.all(),
    ("POST", "faults", 0): _add_fault,
    ("DELETE", "faults", 0): lambda emulation, asked: emulation.faults.clear(asked.query.get("action")),
    ("GET", "latency", 0): lambda emulation, _asked: emulation.latency.all(),
    ("POST", "latency", 0): _set_latency,
    ("DELETE", "latency", 0): lambda emulation, _asked: emulation.latency.clear(),
    ("GET", "limits", 0): lambda emulation, _asked: dict(emulation.limits.actions()),
    ("POST", "limits", 0): _set_limits,
    ("GET", "calls", 0): _calls,
    ("DELETE", "calls", 0): lambda emulation, _asked: emulation.calls.clear(),
    ("POST", "keys", 0): lambda emulation, asked: emulation.accounts.add(asked.read(AccessKey)),
    ("DELETE", "keys", 1): lambda emulation, asked: emulation.accounts.remove(*asked.names),
    ("POST", "keys", 2): lambda emulation, asked: _key_command(emulation, *asked.names),
    **control_oss.COMMANDS,
}


def _key_command(emulation: Emulation, key_id: str, verb: str) -> None:
    if verb != "expire":
        raise KeyError(verb)
    emulation.accounts.expire(key_id)
