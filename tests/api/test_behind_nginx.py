"""A reverse proxy as people have it in front, buffering and compressing, holds no event of a stream back.

`make test` has installed nginx (`.ci/browser`).
"""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from emulator.testing import Emulator, Transition
from tests.support.web_function import events_of, web_over

NEVER = Transition(by="reads", length=1_000_000)
CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_proxied any;
    gzip_min_length 0;
    gzip_types text/event-stream application/json;
    proxy_buffering on;
    server {{
        listen unix:{folder}/socket;
        location / {{ proxy_pass http://127.0.0.1:{port}; proxy_http_version 1.1; }}
    }}
}}
"""


@contextmanager
def nginx_before(port: int, folder: Path) -> Iterator[httpx.Client]:
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port))
    process = subprocess.Popen(
        ["/usr/sbin/nginx", "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    )
    try:
        _wait_for(folder / "socket", process)
        transport = httpx.HTTPTransport(uds=str(folder / "socket"))
        with httpx.Client(transport=transport, base_url="http://localhost", timeout=30) as client:
            yield client
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            if path.exists() and probe.connect_ex(str(path)) == 0:
                return
    raise AssertionError((path.parent / "error.log").read_text())


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its worker runs as another user where the tests run as root."""
    path = tmp_path_factory.mktemp("nginx")
    for each in (path, *path.parents):
        if "pytest" in each.name:
            each.chmod(0o755)
    return path


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_stream_s_events_come_while_it_is_open(emu: Emulator, folder: Path, encoding: str) -> None:  # case R4
    rows = ["http://example.com/a", "http://example.com/b"]
    task_id = emu.tasks.add("cdn", rows, transition=NEVER, age=120)
    headers = {"Accept": "text/event-stream", "Accept-Encoding": encoding}
    with (
        web_over(emu, fresh_seconds=0.1) as web,
        nginx_before(web.port, folder) as client,
        client.stream("GET", f"/v1/tasks?taskId=cdn:{task_id}", headers=headers) as response,
    ):
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store, no-transform"
        events = events_of(response)
        assert next(events).name == "report"
        emu.tasks.set_row("cdn", task_id, rows[0], status="Failed", description="Internal Error")
        assert next(event.name for event in events if event.name != "comment") == "update"


def test_answers_are_compressed_once(emu: Emulator, folder: Path) -> None:
    with web_over(emu) as web, nginx_before(web.port, folder) as client:
        response = client.get("/v1/tasks?taskId=cdn:31000003&objects=2000", headers={"Accept-Encoding": "gzip"})
        assert response.headers["content-encoding"] == "gzip"
        assert response.json()["summary"]["found"] == 1
