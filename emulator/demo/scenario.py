"""What `make demo` shows: buckets and triggers in the emulator, the function's settings, the lines to paste."""

from __future__ import annotations

import base64
import http.client
import importlib.util
import os
import secrets
import shlex
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from emulator.control.handler import PREFIX
from emulator.control.models import NewTask, Summary
from emulator.core.accounts import DEFAULT_KEY
from emulator.core.roles import Role
from emulator.demo.ports import HOST, Ports
from emulator.edge.edges import EdgeSite
from emulator.events.oss_triggers import Notification
from emulator.events.timers import Timer
from emulator.events.webhooks import PATH as WEBHOOKS
from emulator.oss.buckets import BucketSettings
from emulator.oss.cors import CorsRule
from emulator.tasks.transition import Row, Transition
from emulator.vod.samples import JOB

HERE = Path(__file__).parent
BUCKET, STORE, FIRST_KEY = "demo", "demo-store", "img/hello.txt"
DOMAIN = "example.com"
"""Where rules.toml shows the bucket; the emulator's edge serves it."""
FIRST_OBJECT_PATH = f"/v1/tasks?object=oss://{BUCKET}/{FIRST_KEY}"
SWEEP_SECONDS = 2.0
"""Deployed, the sweep comes every minute: nobody waits that long for a demonstration."""
UPLOADED = HERE / "object.txt"
SHOWN_IDS = "24840,dcdn:113681,vod:704225667,999"
MOVING_IDS = "cdn:31000001,dcdn:31000002,cdn:31000003,vod:31000004"
OTHER_ID = "31000005"
"""In the account acme."""
ESA_IDS = "esa:1594095600000001,esa:1594095600000002"
HAS_ESA = importlib.util.find_spec("alibabacloud_esa20240910") is not None
"""ESA's SDK is an extra (requirements-esa.txt): the demo shows ESA where it is installed."""
PRODUCTS = ("cdn", "dcdn", "vod", *(("esa",) if HAS_ESA else ()))


DEVELOPMENT_ORIGINS = tuple(f"http://{host}:{port}" for host in ("localhost", HOST) for port in (3000, 5173, 8080))
"""Where Next.js, Vite and webpack serve a front end under development: it may ask the demo."""


def upload_page(ports: Ports) -> str:
    """The emulator's page that uploads a file and shows its tasks."""
    return f"{ports.emulator_url}{PREFIX}upload?bucket={BUCKET}&prefix=img/&service={ports.function_url}"


def function_environment(ports: Ports, environ: Mapping[str, str]) -> dict[str, str]:
    """The function believes it is on Function Compute, or it would not open `/invoke`; hence HOST, to stay private."""
    inherited = {name: value for name, value in environ.items() if not name.startswith(("TASK_STATUS_", "ALIBABA_"))}
    upstream = ports.emulator_url
    return {
        **inherited,
        **{f"TASK_STATUS_{service}_ENDPOINT": upstream for service in ("CDN", "DCDN", "VOD", "ESA", "OSS", "STS")},
        "TASK_STATUS_PRODUCTS": ",".join(PRODUCTS),
        "TASK_STATUS_AUTH": "none",
        "TASK_STATUS_CORS_ORIGINS": ",".join((upstream, *DEVELOPMENT_ORIGINS)),
        "TASK_STATUS_UPLOAD_URL": upload_page(ports),
        "TASK_STATUS_CHECKS": f"{DOMAIN}={upstream}={BUCKET}.localhost",
        "TASK_STATUS_EDGE_ENDPOINT": upstream,
        "TASK_STATUS_RULES": str(HERE / "rules.toml"),
        "TASK_STATUS_ACCOUNTS": str(HERE / "accounts.toml"),
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
    """Before the function starts: it looks at its store first of all. The edge serves the bucket any page may fill."""
    pages = CorsRule(allowed_origins=("*",), allowed_methods=("PUT", "GET"), allowed_headers=("*",))
    _post(ports, "buckets", BucketSettings(name=BUCKET, public_write=True, cors=(pages,)))
    _post(ports, "buckets", BucketSettings(name=STORE))
    _post(ports, "edges", EdgeSite(host=DOMAIN, bucket=BUCKET))


def add_account(ports: Ports) -> None:
    """A second account, whose role the function assumes, with a task that moves."""
    (account,) = tomllib.loads((HERE / "accounts.toml").read_text("utf-8"))["account"]
    _post(ports, "roles", Role(arn=account["role"], account=account["name"]))
    rows: list[Row | str] = [f"https://img.acme.example/{number}.jpg" for number in range(3)]
    moving = Transition(by="seconds", length=120.0)
    _post(
        ports, "tasks", NewTask(product="cdn", rows=rows, task_id=OTHER_ID, transition=moving, account=account["name"])
    )


def set_triggers(ports: Ports) -> None:
    """Once the function listens: changes in the bucket invoke it, and its timer begins to tick."""
    _post(ports, "notifications", Notification(bucket=BUCKET, url=ports.function_url))
    _post(ports, "timers", Timer(url=ports.function_url, seconds=SWEEP_SECONDS))


def upload_first_object(ports: Ports) -> None:
    """So that there is an object to look at before the person uploads one."""
    _ask(ports, "PUT", f"/{BUCKET}/{FIRST_KEY}", UPLOADED.read_bytes())


def status_line(ports: Ports) -> str:
    """What has happened so far, in one line."""
    summary = msgspec.json.decode(_ask(ports, "GET", f"{PREFIX}summary"), type=Summary)
    return f"{summary.changes} changes of objects, {summary.webhooks} webhooks so far; Ctrl-C ends the demo"


def _post(ports: Ports, resource: str, value: msgspec.Struct) -> None:
    _ask(ports, "POST", PREFIX + resource, msgspec.json.encode(value))


def _ask(ports: Ports, method: str, path: str, body: bytes | None = None) -> bytes:
    connection = http.client.HTTPConnection(HOST, ports.emulator, timeout=5)
    try:
        connection.request(method, path, body)
        response = connection.getresponse()
        content = response.read()
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise OSError(f"the emulator answered {method} {path}: {content.decode()}")
        return content
    finally:
        connection.close()


def invitation(ports: Ports, log: Path) -> str:
    """What the person reads and pastes."""
    function, emulator = ports.function_url, ports.emulator_url
    uploaded = shlex.quote(os.path.relpath(UPLOADED))
    return f"""
The web function answers on {function}, an emulated account stands behind it.

In a browser:
    {function}/?taskId={MOVING_IDS}
    {function}/?object=oss://{BUCKET}/{FIRST_KEY}
  upload a file of yours, and watch it being refreshed and preloaded:
    {upload_page(ports)}

In another terminal:
  tasks of three products, and an id that nobody knows:
    curl '{function}/v1/tasks?taskId={SHOWN_IDS}'
  tasks that move, one of which will fail, one of 2,000 URLs (ask again and again):
    curl '{function}/v1/tasks?taskId={MOVING_IDS}&objects=3'
  a media job of VOD, all its tasks as one report:
    curl '{function}/v1/tasks?job=vod:{JOB.job_id}'
{_invitation_to_esa(function)}  a task of another account, whose role the function assumes:
    curl '{function}/v1/tasks?taskId=acme/cdn:{OTHER_ID}'
  upload a file: it is refreshed, then preloaded, each in about 20 s, and at the end a webhook is sent:
    curl -T {uploaded} '{emulator}/{BUCKET}/{FIRST_KEY}'
    curl '{function}/v1/tasks?object=oss://{BUCKET}/{FIRST_KEY}'
    curl '{emulator}{WEBHOOKS}'
  ask whether the edge serves what the bucket has; upload something else and ask again, until its refresh is over:
    curl '{function}/v1/checks' -H 'Content-Type: application/json' -d '{{"url": "http://{DOMAIN}/{FIRST_KEY}"}}'

What both write goes to {os.path.relpath(log)}. Ctrl-C ends the demo.
"""


def _invitation_to_esa(function: str) -> str:
    if not HAS_ESA:
        return ""
    return f"""  tasks of ESA:
    curl '{function}/v1/tasks?taskId={ESA_IDS}'
"""
