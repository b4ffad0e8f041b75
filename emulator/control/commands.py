"""The control API's commands for tasks, media, faults, latency, limits, calls, roles and keys."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from emulator.control.models import LimitChange, NewFault, NewLatency, NewTask, Summary, TaskChange, TaskSettings
from emulator.control.requests import Command, CommandRequest
from emulator.core.accounts import AccessKey
from emulator.core.roles import Role
from emulator.emulation import Emulation
from emulator.products import PRODUCTS
from emulator.tasks.records import TaskView
from emulator.vod.media import MediaItem

PRODUCT_NAMES = tuple(product.name for product in PRODUCTS)


def _tasks(emulation: Emulation, request: CommandRequest) -> list[TaskView]:
    only = request.query.get("product")
    return [task for name in PRODUCT_NAMES if only in (None, name) for task in emulation.tasks.all(name)]


def _task(emulation: Emulation, request: CommandRequest) -> TaskView:
    product, task_id = request.names
    found = emulation.tasks.get(product, task_id)
    if found is None:
        raise KeyError(f"{product}:{task_id}")
    return found


def _add_task(emulation: Emulation, request: CommandRequest) -> Mapping[str, str]:
    new = request.read(NewTask)
    if new.product not in PRODUCT_NAMES:
        raise KeyError(new.product)
    task_id = emulation.tasks.add(
        new.product,
        new.rows,
        task_id=new.task_id,
        object_type=new.object_type,
        age=new.age,
        transition=new.transition,
        account=new.account,
    )
    return {"taskId": task_id}


def _change_task(emulation: Emulation, request: CommandRequest) -> None:
    product, task_id = request.names
    change = request.read(TaskChange)
    tasks = emulation.tasks
    if change.transition is not None:
        tasks.set_transition(product, task_id, change.transition)
    tasks.add_rows(product, task_id, change.rows)
    if change.object_path is not None:
        tasks.set_row(
            product,
            task_id,
            change.object_path,
            status=change.status,
            progress=change.progress,
            description=change.description,
        )


def _settings(emulation: Emulation, request: CommandRequest) -> TaskSettings:
    del request
    return TaskSettings(**{name: getattr(emulation.tasks, name) for name in TaskSettings.__struct_fields__})


def _set_settings(emulation: Emulation, request: CommandRequest) -> None:
    for name, value in msgspec.structs.asdict(request.read(TaskSettings)).items():
        if value is not msgspec.UNSET:
            setattr(emulation.tasks, name, value)


def _add_fault(emulation: Emulation, request: CommandRequest) -> None:
    new = request.read(NewFault)
    emulation.faults.add(new.action, new.fault, times=new.times)


def _set_latency(emulation: Emulation, request: CommandRequest) -> None:
    new = request.read(NewLatency)
    emulation.latency.set(new.action, new.base, new.jitter)


def _set_limits(emulation: Emulation, request: CommandRequest) -> None:
    change, limits = request.read(LimitChange), emulation.limits
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


def _calls(emulation: Emulation, request: CommandRequest) -> object:
    name = request.query.get("action")
    return emulation.calls.all() if name is None else emulation.calls.of(name)


def _summary(emulation: Emulation, request: CommandRequest) -> Summary:
    del request
    changes = sum(attempt.kind == "oss" and not attempt.failed for attempt in emulation.oss.deliveries)
    return Summary(changes=changes, webhooks=len(emulation.webhooks.received))


COMMANDS: Mapping[tuple[str, str, int], Command] = {
    ("GET", "health", 0): lambda _emulation, _request: {"status": "ok"},
    ("GET", "summary", 0): _summary,
    ("POST", "reset", 0): lambda emulation, _request: emulation.reset(),
    ("GET", "tasks", 0): _tasks,
    ("POST", "tasks", 0): _add_task,
    ("GET", "tasks", 2): _task,
    ("PATCH", "tasks", 2): _change_task,
    ("DELETE", "tasks", 2): lambda emulation, request: emulation.tasks.remove(*request.names),
    ("POST", "media", 0): lambda emulation, request: emulation.media.put(request.read(MediaItem)),
    ("GET", "settings", 0): _settings,
    ("PATCH", "settings", 0): _set_settings,
    ("GET", "faults", 0): lambda emulation, _request: emulation.faults.all(),
    ("POST", "faults", 0): _add_fault,
    ("DELETE", "faults", 0): lambda emulation, request: emulation.faults.clear(request.query.get("action")),
    ("GET", "latency", 0): lambda emulation, _request: emulation.latency.all(),
    ("POST", "latency", 0): _set_latency,
    ("DELETE", "latency", 0): lambda emulation, _request: emulation.latency.clear(),
    ("GET", "limits", 0): lambda emulation, _request: dict(emulation.limits.actions()),
    ("POST", "limits", 0): _set_limits,
    ("GET", "calls", 0): _calls,
    ("DELETE", "calls", 0): lambda emulation, _request: emulation.calls.clear(),
    ("POST", "roles", 0): lambda emulation, request: emulation.roles.add(request.read(Role)),
    ("POST", "keys", 0): lambda emulation, request: emulation.accounts.add(request.read(AccessKey)),
    ("DELETE", "keys", 1): lambda emulation, request: emulation.accounts.remove(*request.names),
    ("POST", "keys", 2): lambda emulation, request: _key_command(emulation, *request.names),
}


def _key_command(emulation: Emulation, key_id: str, verb: str) -> None:
    if verb != "expire":
        raise KeyError(verb)
    emulation.accounts.expire(key_id)
