"""The page and the client as files: what they come as, and what a browser may do with them."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest

from functions.api.routes.static_files import MEDIA_TYPES, WEB, file_routes
from functions.settings import AuthSettings, Settings
from tests.support.http_stub_service import StubTasks, serving

PAGE_BYTES = 110_000
"""What the page may weigh in all, as it lies on the disk: 60,000 were enough while it only showed tasks; it submits,
filters and exports them, too, and explains every state in two languages."""
SENT_BYTES = 45_000
"""What of it goes over the wire, compressed: less than a common framework alone."""


@pytest.fixture(scope="module")
def site() -> Iterator[httpx.Client]:
    """Somebody without a token, of a service that asks for one."""
    closed = Settings(auth=AuthSettings(mode="jwt", jwt_secret="x" * 32))
    with (
        serving(closed, StubTasks(), linger=True) as server,
        httpx.Client(base_url=server.base_url, trust_env=False) as anyone,
    ):
        yield anyone


def test_the_page_is_open_and_may_run_and_ask_nothing_but_its_own(site: httpx.Client) -> None:
    page = site.get("/")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert set(policy.split("; ")) >= {
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    }
    assert page.headers["referrer-policy"] == "no-referrer"
    assert site.get("/v1/tasks?taskId=1").status_code == 401


def test_every_file_comes_as_what_it_is(site: httpx.Client) -> None:
    for path in (route.path for route in file_routes()):
        response = site.get(path)
        name = "index.html" if path == "/" else path[1:]
        assert response.content == (WEB / name).read_bytes()
        assert response.headers["content-type"] == MEDIA_TYPES[name[name.rindex(".") :]]
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["access-control-allow-origin"]
    assert site.get("/task-status.js").text.count("export") >= 3
    assert "export declare class TaskStatusClient" in site.get("/task-status.d.ts").text


def test_a_browser_that_has_the_current_file_is_told_so(site: httpx.Client) -> None:
    first = site.get("/task-status.js")
    assert first.headers["cache-control"] == "no-cache"
    again = site.get("/task-status.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert site.get("/page/page.js", headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_scripts_are_compressed_for_who_takes_it(site: httpx.Client) -> None:
    assert site.get("/task-status/requests.js").headers["content-encoding"] == "gzip"


def test_nothing_else_is_to_be_had(site: httpx.Client) -> None:
    for path in ("/index.html", "/page", "/page/", "/web/index.html", "/..%2fsettings.py", "/task-status/../server.py"):
        assert site.get(path).status_code == 404, path


def test_the_page_stays_light_with_everything_it_loads() -> None:
    loaded = [path.read_bytes() for path in WEB.rglob("*") if path.suffix in {".html", ".js", ".css"}]
    assert sum(map(len, loaded)) < PAGE_BYTES
    assert sum(len(gzip.compress(content)) for content in loaded) < SENT_BYTES


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_made_from_texts() -> None:
    for path in WEB.rglob("*.*"):
        if path.suffix in {".html", ".js", ".css"}:
            text = path.read_text("utf-8")
            for word in (
                "innerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "@import",
                "//cdn.",
                "localStorage",
            ):
                assert word not in text, (path.name, word)


def test_a_function_that_only_takes_events_has_no_page() -> None:
    with serving(Settings(doors=("events",)), StubTasks(), linger=True) as server:
        assert server.get("/").status_code == 404
