"""Long-poll and event stream, over real sockets and the emulator."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from emulator.testing import Emulator, Row, Throttle, Transition
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
        response = web.get(f"/v1/tasks?taskId=cdn:{task_id}&wait=20")
    assert response.json()["summary"]["outcome"] == "succeeded"
    assert "retry-after" not in response.headers


def test_a_hold_that_runs_out_is_a_200_with_the_report_as_it_is(emu: Emulator) -> None:
    with web_over(emu) as web:
        started = time.monotonic()
        response = web.get("/v1/tasks?taskId=cdn:23456789&wait=1")
        assert 0.9 < time.monotonic() - started < 2
    assert response.status_code == 200
    assert response.headers["retry-after"] == "0"
    assert response.json()["tasks"][0]["status"] == "running"


def test_a_failed_row_ends_a_wait_until_failed_within_one_poll(emu: Emulator) -> None:
    rows = ["http://example.com/a", "http://example.com/b"]
    task_id = emu.tasks.add("cdn", rows, transition=Transition(by="seconds", length=600), age=120)
    with web_over(emu) as web, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, f"/v1/tasks?taskId=cdn:{task_id}&wait=20&until=failed")
        time.sleep(0.5)
        emu.tasks.set_row("cdn", task_id, rows[1], status="Failed", description="Internal Error")
        failed_at = time.monotonic()
        report = waiting.result().json()
        assert time.monotonic() - failed_at < 1.5
    assert report["tasks"][0]["status"] == "running"
    assert report["tasks"][0]["objectCounts"]["failed"] == 1


def test_until_changed_answers_at_once_when_the_version_is_another_and_else_when_it_becomes_one(emu: Emulator) -> None:
    with web_over(emu) as web:
        path = "/v1/tasks?taskId=cdn:23456789"
        version = web.get(path).json()["version"]
        assert web.get(f"{path}&wait=20&until=changed&after=other").json()["version"] == version
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(web.get, f"{path}&wait=20&until=changed&after={version}")
            time.sleep(0.3)
            emu.tasks.set_row("cdn", "23456789", "http://example.com/bcd.jpg", status="Complete", progress=100.0)
            assert waiting.result().json()["version"] != version


def test_a_hold_by_post_is_the_same(emu: Emulator) -> None:
    with web_over(emu) as web:
        response = web.client.post("/v1/tasks/query", json={"taskId": [moving_task(emu)], "wait": 20})
    assert response.json()["summary"]["done"]


def test_an_unknown_id_ends_no_wait_while_it_may_appear(emu: Emulator) -> None:
    with web_over(emu) as web, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, "/v1/tasks?taskId=cdn:777&wait=20&until=failed")
        time.sleep(0.5)
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
        started = time.monotonic()
        events = told(web, "/v1/tasks?taskId=cdn:23456789")
        assert time.monotonic() - started < 1.5
    assert [event.name for event in events] == ["report", "retry"]
    assert 1000 <= events[-1].data <= 3000 if isinstance(events[-1].data, int) else 1000 <= int(events[-1].data) <= 3000


def test_a_stream_is_never_compressed_and_its_first_event_comes_at_once(emu: Emulator) -> None:
    with web_over(emu) as web:
        started = time.monotonic()
        with web.stream("/v1/tasks?taskId=cdn:31000003&objects=2000", **{"Accept-Encoding": "gzip"}) as (
            response,
            events,
        ):
            assert next(events).name == "report"
            assert "content-encoding" not in response.headers
            assert response.headers["cache-control"] == "no-store, no-transform"
        assert time.monotonic() - started < 3


def test_when_nobody_answers_a_stream_is_refused_like_any_other_question(emu: Emulator) -> None:
    emu.faults.add("*", Throttle(retry_after_ms=60_000))
    with web_over(emu, deadline_seconds=0.5) as web:
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
        time.sleep(0.3)
        calls = emu.calls.count()
        time.sleep(1.5)
        assert emu.calls.count() == calls


def test_fifty_viewers_cost_as_many_calls_as_one(emu: Emulator) -> None:
    with web_over(emu) as web:
        url = f"http://127.0.0.1:{web.port}/v1/tasks?taskId=cdn:23456789&wait=2"
        started = time.monotonic()
        with ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda _: httpx.get(url, trust_env=False, timeout=30).status_code, range(50)))
        seconds = time.monotonic() - started
    assert set(answers) == {200}
    assert emu.calls.count() <= seconds + 2, "one look a second, however many look on"


def test_sigterm_sends_streams_and_waits_away_at_once(emu: Emulator) -> None:
    with web_over(emu) as web, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(web.get, "/v1/tasks?taskId=cdn:23456789&wait=50")
        with web.stream("/v1/tasks?taskId=cdn:23456789") as (_, events):
            next(events)
            threading.Timer(0.2, setattr, (web.server, "should_exit", True)).start()
            started = time.monotonic()
            assert [event.name for event in events][-1] == "retry"
        assert waiting.result().status_code == 200
        assert time.monotonic() - started < 3
