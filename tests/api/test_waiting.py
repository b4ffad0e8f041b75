"""Long-poll and event stream, over real sockets and the emulator."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from emulator.testing import Emulator, Row, Throttle, Transition
from tests.support.eventually import GIVE_UP_SECONDS, eventually
from tests.support.web_function import StreamEvent, Web, web_over

READS = Transition(by="reads", length=3)


def moving_task(emu: Emulator, *, fails: bool = False, product: str = "cdn") -> str:
    end = (
        Row("http://example.com/b", status="Failed", description="Origin Timeout") if fails else "http://example.com/b"
    )
    return emu.tasks.add(product, ["http://example.com/a", end], transition=READS, age=120)


def told(web: Web, path: str, **headers: str) -> list[StreamEvent]:
    with web.stream(path, **headers) as (response, events):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return list(events)


def test_a_hold_answers_when_the_task_is_over(emu: Emulator) -> None:
    task_id = moving_task(emu)
    with web_over(emu) as web:
        response = web.get(f"/v1/tasks?taskId=cdn:{task_id}&wait=50")
    assert response.json()["summary"]["outcome"] == "succeeded"
    assert "retry-after" not in response.headers


def test_a_hold_that_runs_out_is_a_200_with_the_report_as_it_is(emu: Emulator) -> None:
    with web_over(emu) as web:
        response = web.get("/v1/tasks?taskId=cdn:23456789&wait=1")
    assert response.status_code == 200
    assert response.headers["retry-after"] == "0"
    assert response.json()["tasks"][0]["status"] == "running"


def test_a_failed_row_ends_a_wait_until_failed(emu: Emulator) -> None:
    rows = ["http://example.com/a", "http://example.com/b"]
    task_id = emu.tasks.add("cdn", rows, transition=Transition(by="seconds", length=600), age=120)
    with web_over(emu) as web, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, f"/v1/tasks?taskId=cdn:{task_id}&wait=50&until=failed")
        eventually(emu.calls.count)
        emu.tasks.set_row("cdn", task_id, rows[1], status="Failed", description="Internal Error")
        report = waiting.result().json()
    assert report["tasks"][0]["status"] == "running"
    assert report["tasks"][0]["objectCounts"]["failed"] == 1


def test_until_changed_answers_at_once_when_the_version_is_another_and_else_when_it_becomes_one(emu: Emulator) -> None:
    with web_over(emu) as web:
        path = "/v1/tasks?taskId=cdn:23456789"
        version = web.get(path).json()["version"]
        assert web.get(f"{path}&wait=50&until=changed&after=other").json()["version"] == version
        with ThreadPoolExecutor(1) as pool:
            emu.calls.clear()
            waiting = pool.submit(web.get, f"{path}&wait=50&until=changed&after={version}")
            eventually(emu.calls.count)
            emu.tasks.set_row("cdn", "23456789", "http://example.com/bcd.jpg", status="Complete", progress=100.0)
            assert waiting.result().json()["version"] != version


def test_a_hold_by_post_is_the_same(emu: Emulator) -> None:
    with web_over(emu) as web:
        response = web.client.post("/v1/tasks/query", json={"taskId": [moving_task(emu)], "wait": 20})
    assert response.json()["summary"]["done"]


def test_an_unknown_id_ends_no_wait_while_it_may_appear(emu: Emulator) -> None:
    with web_over(emu) as web, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, "/v1/tasks?taskId=cdn:777&wait=50&until=failed")
        eventually(lambda: emu.calls.count() > 1)
        assert not waiting.done()
        emu.tasks.add("cdn", ["http://example.com/late"], task_id="777", age=120)
        assert waiting.result().json()["tasks"][0]["taskId"] == "777"


def test_a_stream_tells_the_report_then_what_changes_then_that_it_is_over(emu: Emulator) -> None:
    moving = moving_task(emu)
    with web_over(emu) as web:
        events = told(web, f"/v1/tasks?taskId=cdn:24840,cdn:{moving}")
    names = [event.name for event in events]
    assert names[0] == "report"
    assert set(names[1:-1]) == {"update"}
    assert names[-1] == "done"
    assert [task["id"] for task in events[0].data["tasks"]] == ["cdn:24840", f"cdn:{moving}"]
    assert all([task["id"] for task in event.data["tasks"]] == [f"cdn:{moving}"] for event in events[1:-1])
    assert all(event.data["summary"]["asked"] == 2 for event in events[:-1])
    assert events[-1].data == {"version": events[-2].data["version"], "outcome": "succeeded"}
    assert all(event.id == event.data["version"] for event in events[:-1])


def test_a_stream_is_resumed_without_telling_again_what_was_seen(emu: Emulator) -> None:
    with web_over(emu) as web:
        path = "/v1/tasks?taskId=cdn:23456789"
        version = web.get(path).json()["version"]
        with ThreadPoolExecutor(1) as pool:
            for resumed in (f"{path}&after={version}", path):
                headers = {} if "after" in resumed else {"Last-Event-ID": version}
                with web.stream(resumed, **headers) as (_, events):
                    assert next(events).name == "comment"
                    pool.submit(
                        emu.tasks.set_row,
                        "cdn",
                        "23456789",
                        "http://example.com/bcd.jpg",
                        progress=99.5 + len(headers) / 10,
                    )
                    assert next(events).name == "update"
                version = web.get(path).json()["version"]
            with web.stream(f"{path}&after=other") as (_, events):
                assert next(events).name == "report"


def test_resuming_what_is_over_answers_204(emu: Emulator) -> None:
    with web_over(emu) as web:
        version = web.get("/v1/tasks?taskId=cdn:24840").json()["version"]
        response = web.get("/v1/tasks?taskId=cdn:24840", Accept="text/event-stream", **{"Last-Event-ID": version})
    assert (response.status_code, response.content) == (204, b"")


def test_a_stream_of_what_is_over_tells_it_and_ends(emu: Emulator) -> None:
    with web_over(emu) as web:
        assert [event.name for event in told(web, "/v1/tasks?taskId=cdn:24840")] == ["report", "done"]


def test_a_stream_ends_before_the_function_s_timeout_and_says_when_to_come_back(emu: Emulator) -> None:
    with web_over(emu, timeout_seconds=6) as web:
        events = told(web, "/v1/tasks?taskId=cdn:23456789")
    assert [event.name for event in events] == ["report", "retry"]
    assert 1000 <= events[-1].data <= 3000 if isinstance(events[-1].data, int) else 1000 <= int(events[-1].data) <= 3000


def test_a_stream_is_never_compressed(emu: Emulator) -> None:
    path = "/v1/tasks?taskId=cdn:31000003&objects=2000"
    with web_over(emu) as web, web.stream(path, **{"Accept-Encoding": "gzip"}) as (response, events):
        assert next(events).name == "report"
        assert "content-encoding" not in response.headers
        assert response.headers["cache-control"] == "no-store, no-transform"


def test_when_nobody_answers_a_stream_is_refused_like_any_other_question(emu: Emulator) -> None:
    emu.faults.add("*", Throttle(retry_after_ms=60_000))
    with web_over(emu) as web:
        response = web.get("/v1/tasks?taskId=cdn:24840", Accept="text/event-stream")
    assert response.status_code == 503
    assert response.json()["reason"] == "upstream-throttled"


@pytest.mark.parametrize("path", ["/v1/tasks?objectType=file"])
def test_a_list_is_no_stream(emu: Emulator, path: str) -> None:
    with web_over(emu) as web:
        response = web.get(path, Accept="text/event-stream")
    assert (response.status_code, response.json()["reason"]) == (406, "streaming-unavailable")


def test_a_client_that_left_is_noticed_and_nothing_is_asked_for_it_any_more(emu: Emulator) -> None:
    with web_over(emu) as web:
        with web.stream("/v1/tasks?taskId=cdn:23456789") as (_, events):
            next(events)
        eventually(lambda: not web.server.server_state.connections)
        emu.calls.clear()
        web.get("/v1/tasks?taskId=dcdn:24840&wait=3&until=failed")
        assert emu.calls.count("cdn") <= 1, "a look that was under way may still end"


def test_fifty_viewers_cost_as_many_calls_as_one(emu: Emulator) -> None:
    with web_over(emu) as web:
        url = f"http://127.0.0.1:{web.port}/v1/tasks?taskId=cdn:23456789&wait=2"
        with ThreadPoolExecutor(50) as pool:
            waits = [pool.submit(httpx.get, url, trust_env=False, timeout=GIVE_UP_SECONDS) for _ in range(50)]
    assert {wait.result().status_code for wait in waits} == {200}
    assert emu.calls.busiest_second("cdn") <= 2, "one look a second, however many look on"


def test_sigterm_sends_streams_and_waits_away_at_once(emu: Emulator) -> None:
    with web_over(emu) as web, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, "/v1/tasks?taskId=cdn:23456789&wait=50")
        with web.stream("/v1/tasks?taskId=cdn:23456789") as (_, events):
            next(events)
            eventually(lambda: len(web.server.server_state.tasks) == 2)
            emu.calls.clear()
            web.server.should_exit = True
            assert [event.name for event in events][-1] == "retry"
        assert waiting.result().status_code == 200
    assert emu.calls.count() < 10, "not one for each of the seconds that it was to wait"
