"""`make demo-fleet`: three instances of the web function behind one port, which act as one by a Redis server.

Ports come from PORT (9000) and EMULATOR_PORT (9100), as for `make demo`; the others are any that are free.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from functools import partial

import msgspec

from emulator.control.handler import PREFIX
from emulator.core.call_log import Call
from emulator.demo.children import LOG, Children, run_demo
from emulator.demo.ports import HOST, DemoError, Ports
from emulator.demo.redis_server import RedisServer, running_redis
from emulator.demo.scenario import MOVING_IDS, function_environment

INSTANCES = 3
_SECONDS = 10.0


def _show(ports: Ports, children: Children) -> None:
    """All of them, one after the other, until the demo is over. Raises DemoError."""
    try:
        with running_redis() as redis:
            _show_with(redis, ports, children)
    except RuntimeError as fault:
        raise DemoError(str(fault)) from None


def _show_with(redis: RedisServer, ports: Ports, children: Children) -> None:
    children.start("emulator", "emulator", "--host", HOST, "--port", str(ports.emulator))
    if not children.is_up(ports.emulator, f"{PREFIX}health"):
        return
    instances = [_free_port() for _ in range(INSTANCES)]
    for number, port in enumerate(instances, start=1):
        children.start(f"instance {number}", "functions.server", environment=_environment(ports, port, redis))
    if not all(children.is_up(port, "/healthz") for port in instances):
        return
    children.start("proxy", "emulator.demo.round_robin", str(ports.function), *map(str, instances))
    if not children.is_up(ports.function, "/healthz"):
        return
    sys.stdout.write(_invitation(ports, instances, redis))
    sys.stdout.flush()
    children.until_over(partial(_status_line, ports))


def _environment(ports: Ports, port: int, redis: RedisServer) -> dict[str, str]:
    """The function of `make demo` without OSS events and its second account."""
    usual = function_environment(ports, os.environ)
    kept = {name: value for name, value in usual.items() if not name.startswith(("TASK_STATUS_WEBHOOK", "FC_"))}
    left_out = {f"TASK_STATUS_{name}" for name in ("ACCOUNTS", "STORE", "RULES", "UPLOAD_URL")}
    return {
        **{name: value for name, value in kept.items() if name not in left_out},
        "TASK_STATUS_SHARED": redis.url,
        "TASK_STATUS_INSTANCES": str(INSTANCES),
        "PORT": str(port),
    }


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _status_line(ports: Ports) -> str:
    """How many calls all instances made together."""
    connection = http.client.HTTPConnection(HOST, ports.emulator, timeout=5)
    try:
        connection.request("GET", f"{PREFIX}calls")
        calls = msgspec.json.decode(connection.getresponse().read(), type=list[Call])
    finally:
        connection.close()
    recent = [call for call in calls if call.at > time.time() - _SECONDS]
    throttled = sum(call.code.startswith("Throttling") or call.code == "TooManyRequests" for call in calls)
    return f"{len(recent) / _SECONDS:.1f} vendor calls a second, {throttled} throttled so far; Ctrl-C ends the demo"


def _invitation(ports: Ports, instances: list[int], redis: RedisServer) -> str:
    """What the person reads and pastes."""
    each = "".join(f"    curl '{HOST}:{port}/v1/tasks?taskId={MOVING_IDS}&objects=1'\n" for port in instances)
    return f"""
{INSTANCES} instances of the web function answer on {ports.function_url} in turn, an emulated account behind them.

In a browser, in as many windows as you like: they cost together what one would.
    {ports.function_url}/?taskId={MOVING_IDS}

In another terminal:
  each instance for itself: the versions are equal, and what one was told the others need not ask for:
{each}  hold the Redis server, and let it go on: the page does not notice, and nothing is throttled:
    kill -STOP {redis.process_id}
    kill -CONT {redis.process_id}
  what all instances asked the vendor:
    curl {ports.emulator_url}{PREFIX}calls

What they write goes to {os.path.relpath(LOG)}. Ctrl-C ends the demo.
"""


if __name__ == "__main__":
    sys.exit(run_demo(_show))
