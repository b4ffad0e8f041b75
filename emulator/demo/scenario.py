"""What `make demo` shows: buckets and triggers in the emulator, the function's settings, the lines to paste."""

from __future__ import annotations

import base64
import http.client
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path

import msgspec

from emulator.control.handler import PREFIX
from emulator.core.accounts import DEFAULT_KEY
from emulator.events.timers import Timer
from emulator.events.triggers import Notification
from emulator.events.webhooks import PATH as WEBHOOKS
from emulator.oss.buckets import BucketSettings

HERE = Path(__file__).parent
HOST = "127.0.0.1"
BUCKET, STORE = "demo", "demo-store"
SWEEP_SECONDS = 2.0
"""Deployed, the sweep comes every minute: nobody waits that long for a demonstration."""
UPLOADED = HERE / "object.txt"
SHOWN_IDS = "24840,dcdn:113681,vod:704225667,999"
MOVING_IDS = "cdn:31000001,dcdn:31000002,cdn:31000003,vod:31000004"


class Ports(msgspec.Struct, frozen=True):
    """Where the two listen."""

    function: int
    emulator: int

    @property
    def function_url(self) -> str:
        """The function's base."""
        return f"http://{HOST}:{self.function}"

    @property
    def emulator_url(self) -> str:
        """The emulator's base."""
        return f"http://{HOST}:{self.emulator}"


def function_environment(ports: Ports, environ: Mapping[str, str]) -> dict[str, str]:
    """The function believes it is on Function Compute, or it would not open `/invoke`; hence HOST, to stay private."""
    inherited = {name: value for name, value in environ.items() if not name.startswith(("TASK_STATUS_", "ALIBABA_"))}
    upstream = ports.emulator_url
    return {
        **inherited,
        **{f"TASK_STATUS_{service}_ENDPOINT": upstream for service in ("CDN", "DCDN", "VOD", "OSS")},
        "TASK_STATUS_AUTH": "none",
        "TASK_STATUS_RULES": str(HERE / "rules.toml"),
        "TASK_STATUS_SUBMIT": "on",
        "TASK_STATUS_STORE": f"oss://{STORE}/state",
        "TASK_STATUS_WEBHOOK_URL": upstream + WEBHOOKS,
        "TASK_STATUS_WEBHOOK_SECRET": f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
        "ALIBABA_CLOUD_ACCESS_KEY_ID": DEFAULT_KEY.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": DEFAULT_KEY.secret,
        "FC_FUNCTION_NAME": "demo",
        "HOST": HOST,
        "PORT": str(ports.function),
    }


def make_buckets(ports: Ports) -> None:
    """Before the function starts: it looks at its store first of all."""
    _tell(ports, "buckets", BucketSettings(name=BUCKET, public_write=True))
    _tell(ports, "buckets", BucketSettings(name=STORE))


def pull_triggers(ports: Ports) -> None:
    """Once the function listens: changes in the bucket are told to it, and its timer begins to tick."""
    _tell(ports, "notifications", Notification(bucket=BUCKET, url=ports.function_url))
    _tell(ports, "timers", Timer(url=ports.function_url, seconds=SWEEP_SECONDS))


def _tell(ports: Ports, what: str, value: msgspec.Struct) -> None:
    connection = http.client.HTTPConnection(HOST, ports.emulator, timeout=5)
    try:
        connection.request("POST", PREFIX + what, msgspec.json.encode(value))
        answer = connection.getresponse()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise OSError(f"the emulator refused {what}: {answer.read().decode()}")
    finally:
        connection.close()


def invitation(ports: Ports) -> str:
    """What the person reads and pastes."""
    function, emulator = ports.function_url, ports.emulator_url
    uploaded = shlex.quote(os.path.relpath(UPLOADED))
    return f"""
The web function answers on {function}, an emulated account stands behind it. Try, in another terminal:

  tasks of three products, and an id that nobody knows:
    curl '{function}/v1/tasks?taskId={SHOWN_IDS}'
  tasks that move, one of which will fail, one of 2,000 URLs (ask again and again):
    curl '{function}/v1/tasks?taskId={MOVING_IDS}&objects=3'
  upload a file: it is refreshed, then preloaded, each in about 20 s, and at the end a webhook is sent:
    curl -T {uploaded} '{emulator}/{BUCKET}/img/hello.txt'
    curl '{function}/v1/tasks?object=oss://{BUCKET}/img/hello.txt'
    curl '{emulator}{WEBHOOKS}'
  the same with a bar, in a browser:
    {function}/?object=oss://{BUCKET}/img/hello.txt

Ctrl-C ends both.
"""
