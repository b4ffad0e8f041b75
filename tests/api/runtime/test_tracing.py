"""Traces go to a real collector where one is named, and cost nothing where none is."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from emulator.testing import Emulator
from tests.api.runtime.test_process import answered, running
from tests.support.real_service import KEY, environment_of

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(BaseHTTPRequestHandler):
    received: list[bytes] = []  # noqa: RUF012 -- the standard library wants handlers to be classes

    def do_POST(self) -> None:
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[str]:
    Collector.received.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def spans() -> list[Span]:
    requests = [ExportTraceServiceRequest.FromString(body) for body in Collector.received]
    return [
        span
        for request in requests
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def test_a_request_and_its_vendor_calls_are_spans_of_the_caller_s_trace(emu: Emulator, collector: str) -> None:
    environ = {**environment_of(emu), **KEY, "OTEL_EXPORTER_OTLP_ENDPOINT": collector}
    with running(**environ) as (process, url):
        answered(f"{url}/healthz")
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
        assert httpx.get(f"{url}/v1/tasks?taskId=cdn:24840", headers=headers, trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    ours = [span for span in spans() if span.trace_id.hex() == TRACE]
    request = next(span for span in ours if span.name == "GET")
    call = next(span for span in ours if span.name == "DescribeRefreshTaskById")
    assert (request.parent_span_id.hex(), call.parent_span_id) == (PARENT, request.span_id)
    told = {each.key: each.value.string_value or each.value.int_value for each in request.attributes}
    assert (told["http.response.status_code"], told["url.path"]) == (200, "/v1/tasks")


def test_without_a_collector_opentelemetry_is_not_loaded() -> None:
    code = "import sys, functions.server; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_its_packages_the_start_is_stopped_with_one_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    shadow = tmp_path_factory.mktemp("shadow") / "opentelemetry"
    shadow.mkdir()
    (shadow / "__init__.py").touch()
    environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "PYTHONPATH": str(shadow.parent)}
    with running(**environ) as (process, _):
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert err.startswith("OTEL_EXPORTER_OTLP_ENDPOINT: ")
    assert err.count("\n") == 1
