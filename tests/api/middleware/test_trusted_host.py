"""A web page of another site reaches a service that lets everybody in by no name of its own (DNS rebinding)."""

from __future__ import annotations

import pytest

from functions.settings import AuthSettings, Settings
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks, problem

PATHS = ("/v1/tasks?taskId=1", "/healthz", "/", "/nothing")


@pytest.mark.parametrize("path", PATHS)
def test_where_everybody_is_let_in_another_name_is_refused(opened: Opener, tasks: StubTasks, path: str) -> None:
    server = opened(Settings())
    for host in (
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:9000",
        "",
        "[",
        "a@127.0.0.1.nip.io",
    ):
        problem(server.get(path, headers={"Host": host}), 421, "host-not-allowed")
    assert tasks.questions == []


@pytest.mark.parametrize(
    "host", ["localhost:9000", "LOCALHOST", "page.localhost", "127.8.8.8", "[::1]:9000", "localhost."]
)
def test_names_of_this_machine_are_its_own(opened: Opener, host: str) -> None:
    assert opened(Settings()).get("/v1/tasks?taskId=1", headers={"Host": host}).status_code == 200


def test_other_names_are_its_own_when_they_are_configured(opened: Opener) -> None:
    server = opened(Settings(allowed_hosts=("status.example.internal",)))
    assert server.get("/healthz", headers={"Host": "Status.example.internal:9000"}).status_code == 200
    problem(server.get("/healthz", headers={"Host": "example.internal"}), 421, "host-not-allowed")


@pytest.mark.parametrize(
    "settings",
    [
        Settings(auth=AuthSettings(mode="jwt")),
        Settings(on_function_compute=True, account_id="1234567890123456"),
    ],
)
def test_where_tokens_are_asked_for_or_the_service_is_public_any_name_will_do(
    opened: Opener, settings: Settings
) -> None:
    assert opened(settings).get("/healthz", headers={"Host": "status.example.com"}).status_code == 200
