"""Function Compute's own paths and headers: believed there, and nowhere else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from functions.settings import AuthSettings, Settings
from functions.tasks.query import LookupQuery
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks, problem

ON_FC = Settings(on_function_compute=True, auth=AuthSettings(mode="jwt"))
ON_ACCOUNT = msgspec.structs.replace(ON_FC, account_id="1234567890123456")
INVOKE = {"x-fc-control-path": "/invoke", "Content-Type": "application/octet-stream"}
TRIPLE = {
    "x-fc-access-key-id": "STS.key",
    "x-fc-access-key-secret": "its-secret",
    "x-fc-security-token": "its-token",
}


class Answer(msgspec.Struct, frozen=True):
    body: bytes
    failed: bool


class Events:
    def __init__(self, *, failed: bool = False, fault: Exception | None = None) -> None:
        self.events: list[bytes] = []
        self._failed = failed
        self._fault = fault

    async def handle(self, event: bytes) -> Answer:
        self.events.append(event)
        if self._fault:
            raise self._fault
        return Answer(b'{"objects":[]}', self._failed)


class WaitingTasks(StubTasks):
    """A service whose lookups can be watched."""

    def __init__(self) -> None:
        super().__init__()
        self.released = 0

    def watch(self, query: LookupQuery) -> Any:
        raise NotImplementedError

    def end_waits(self) -> None:
        self.released += 1

    def close_waits(self) -> None:
        self.released += 1


class Sink:
    def __init__(self) -> None:
        self.offered: list[tuple[str, str, str | None]] = []

    def offer(self, access_key_id: str, access_key_secret: str, security_token: str | None) -> None:
        self.offered.append((access_key_id, access_key_secret, security_token))


def test_an_event_is_handed_over_as_the_bytes_it_came_in(opened: Opener) -> None:
    events = Events()
    response = opened(ON_FC, events=events).post("/invoke", content=b'\xff{"events": []}', headers=INVOKE)
    assert (response.status_code, response.content) == (200, b'{"objects":[]}')
    assert response.headers["content-type"] == "application/json"
    assert "x-fc-status" not in response.headers
    assert events.events == [b'\xff{"events": []}']


def test_an_event_that_failed_is_told_so_that_it_comes_again(opened: Opener) -> None:
    response = opened(ON_FC, events=Events(failed=True)).post("/invoke", content=b"{}", headers=INVOKE)
    assert response.headers["x-fc-status"] == "404"


def test_an_event_that_broke_the_handler_is_told_too(opened: Opener) -> None:
    response = opened(ON_FC, events=Events(fault=RuntimeError())).post("/invoke", content=b"{}", headers=INVOKE)
    problem(response, 500, "internal-error")
    assert response.headers["x-fc-status"] == "404"


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        (ON_FC, {}),
        (ON_FC, {"x-fc-control-path": "/http-invoke"}),
        (Settings(), INVOKE),
        (Settings(on_function_compute=True, doors=("http",)), INVOKE),
    ],
)
def test_nobody_else_finds_that_path(opened: Opener, settings: Settings, headers: dict[str, str]) -> None:
    events = Events()
    server = opened(settings, events=events)
    problem(server.post("/invoke", content=b"{}", headers=headers), 404, "not-found")
    problem(server.put("/invoke", content=b"{}", headers={}), 404, "not-found")
    assert events.events == []


PRE_STOP = {"x-fc-control-path": "/pre-stop"}


def test_before_the_instance_goes_waits_end_and_nothing_is_closed(opened: Opener) -> None:  # case A4
    tasks = WaitingTasks()
    server = opened(ON_FC, tasks=tasks)
    problem(server.get("/pre-stop"), 404, "not-found")
    assert tasks.released == 0
    assert server.get("/pre-stop", headers=PRE_STOP).json() == {"status": "released"}
    assert (tasks.released, tasks.closed) == (1, 0)
    assert server.get("/healthz").status_code == 200


def test_off_function_compute_there_is_no_pre_stop(opened: Opener) -> None:
    problem(opened().get("/pre-stop", headers={"x-fc-control-path": "/pre-stop"}), 404, "not-found")


MARKED = {**TRIPLE, "x-fc-control-path": "/http-invoke", "x-fc-account-id": "1234567890123456"}


def test_the_credentials_of_every_request_are_taken_over(opened: Opener) -> None:
    sink = Sink()
    opened(ON_ACCOUNT, credentials=sink).get("/healthz", headers=MARKED)
    assert sink.offered == [("STS.key", "its-secret", "its-token")]


@pytest.mark.parametrize(
    "sent",
    [
        [],
        *([pair for pair in MARKED.items() if pair[0] != name] for name in MARKED),
        *([*MARKED.items(), (name, "another")] for name in MARKED),
        [*(MARKED | {"x-fc-account-id": "6543210987654321"}).items()],
        [*(MARKED | {"x-fc-security-token": ""}).items()],
    ],
)
def test_credentials_that_function_compute_did_not_mark_are_refused(  # case A4
    opened: Opener, sent: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    sink = Sink()
    assert opened(ON_ACCOUNT, credentials=sink).get("/healthz", headers=sent).status_code == 200
    assert sink.offered == []
    warnings = {record.getMessage() for record in caplog.records if record.levelname == "WARNING"}
    assert ("credentials in headers refused" in warnings) == bool(sent)


@pytest.mark.parametrize("path", ["/invoke", "/pre-stop"])
def test_a_control_path_of_another_account_is_not_there(  # case A4
    opened: Opener, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = opened(ON_ACCOUNT, events=Events())
    for account in ({}, {"x-fc-account-id": "6543210987654321"}):
        response = server.request(
            "POST" if path == "/invoke" else "GET", path, headers={"x-fc-control-path": path, **account}
        )
        problem(response, 404, "not-found")
    assert any("account's number" in record.getMessage() for record in caplog.records)


def test_elsewhere_anybody_could_have_sent_them(opened: Opener) -> None:
    sink = Sink()
    response = opened(Settings(), credentials=sink).get("/healthz", headers={**TRIPLE, "x-fc-request-id": "forged"})
    assert sink.offered == []
    assert response.headers["x-request-id"] != "forged"


def test_the_platform_s_request_id_is_ours(opened: Opener) -> None:
    server = opened(ON_FC)
    for path in ("/healthz", "/nothing", "/v1/tasks"):
        assert (
            server.get(path, headers={"x-fc-request-id": "1-64f6cd87-abc"}).headers["x-request-id"] == "1-64f6cd87-abc"
        )


def test_function_compute_gets_no_header_that_it_forbids(opened: Opener) -> None:
    headers = opened(ON_FC).get("/healthz").headers
    assert not {"server", "date"} & set(headers)
    assert "date" in opened().get("/healthz").headers
