"""What can go wrong, as a client meets it: on the wire, and through the real SDK (docs/vendor.md 7.4, 7.6)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from alibabacloud_cdn20180510 import models
from alibabacloud_tea_openapi.exceptions import ThrottlingException

from emulator.testing import (
    Answer,
    Drip,
    Emulator,
    Hang,
    Huge,
    Redirect,
    Refuse,
    Reset,
    Slow,
    Text,
    Throttle,
    Truncate,
)
from tests.emulator.clients import cdn, refusal
from tests.emulator.wire import SignedRequest, connected, exchange, read_answer
from tests.support.eventually import eventually

BY_ID = "DescribeRefreshTaskById"
ASK = SignedRequest(params={"TaskId": "24840"})


def sdk_call(emu: Emulator) -> Callable[[], Any]:
    client = cdn(emu)
    return lambda: client.describe_refresh_task_by_id(models.DescribeRefreshTaskByIdRequest(task_id="24840"))


@pytest.mark.parametrize(("product", "refused"), [("cdn", (429, "TooManyRequests")), ("vod", (503, "Throttling"))])
def test_throttling_speaks_the_products_own_words(emu: Emulator, product: str, refused: tuple[int, str]) -> None:
    emu.faults.add("*", Throttle())
    action = {"cdn": BY_ID, "vod": "DescribeVodRefreshTasks"}[product]
    answer = SignedRequest(action=action, product=product, params={"TaskId": "1"}).send(emu)
    assert (answer.status, answer.code) == refused


def test_throttling_can_carry_the_vendors_hint(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Throttle(retry_after_ms=1_500))
    with pytest.raises(ThrottlingException) as caught:
        sdk_call(emu)()
    assert caught.value.retry_after == 1_500


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429, 500, 503])
def test_any_refusal_with_any_status(emu: Emulator, status: int) -> None:
    emu.faults.add(BY_ID, Refuse(code="Made.Up", status=status, message="m", headers={"x-made-up": "1"}))
    answer = ASK.send(emu)
    body = msgspec.json.decode(answer.body)
    assert (answer.status, body["Code"], body["Message"]) == (status, "Made.Up", "m")
    assert answer.headers["x-made-up"] == "1"


def test_a_fault_is_over_after_its_times_and_others_follow_in_order(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Refuse(code="First", status=500), times=2)
    emu.faults.add("cdn", Refuse(code="Second", status=500), times=1)
    assert [ASK.send(emu).code for _ in range(4)] == ["First", "First", "Second", ""]
    assert emu.faults.all() == ()


def test_a_fault_meets_only_whom_it_is_meant_for(emu: Emulator) -> None:
    emu.faults.add("dcdn", Refuse())
    emu.faults.add("DescribeRefreshTasks", Refuse())
    assert ASK.send(emu).status == 200
    emu.faults.clear("dcdn")
    assert len(emu.faults.all()) == 1
    emu.faults.clear()
    assert SignedRequest(action="DescribeRefreshTasks", params={}).send(emu).status == 200


@pytest.mark.parametrize("body", [None, [], {}, "x", 1, {"Tasks": {"CDNTask": [None, {"TaskId": 1}]}}])
def test_any_json_can_be_the_body(emu: Emulator, body: object) -> None:
    emu.faults.add(BY_ID, Answer(body=body))
    answer = ASK.send(emu)
    assert (answer.status, msgspec.json.decode(answer.body)) == (200, body)


def test_html_and_empty_bodies(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Text(), times=1)
    emu.faults.add(BY_ID, Text(content="", status=200), times=1)
    html, empty = ASK.send(emu), ASK.send(emu)
    assert (html.status, html.headers["content-type"], html.body[:6]) == (502, "text/html", b"<html>")
    assert (empty.status, empty.body) == (200, b"")


def test_a_redirect_says_where_to(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Redirect(location="/there"))
    answer = ASK.send(emu)
    assert (answer.status, answer.headers["location"]) == (302, "/there")


def test_a_truncated_body_is_shorter_than_announced(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Truncate(keep=0.5))
    answer = ASK.send(emu)
    assert len(answer.body) == int(answer.headers["content-length"]) // 2


@pytest.mark.parametrize("when", ["before-work", "before-answer"])
def test_a_reset_before_the_answer_leaves_nothing_to_read(emu: Emulator, when: Any) -> None:
    emu.faults.add("*", Reset(when=when))
    submit = SignedRequest(action="PushObjectCache", params={"ObjectPath": "http://a.example.com/1"})
    before = len(emu.tasks.all("cdn"))
    with connected(emu) as connection:
        connection.sendall(submit.bytes_for(emu))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert len(emu.tasks.all("cdn")) - before == (when == "before-answer")
    assert emu.calls.all()[-1].status == 0


def test_a_reset_amid_the_answer_cuts_it_off(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Reset(when="mid-answer"))
    with connected(emu) as connection:
        connection.sendall(ASK.bytes_for(emu))
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        with pytest.raises(ConnectionResetError):
            _drain(connection)


def test_a_reset_after_the_answer_kills_the_kept_connection(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Reset(when="after-answer"))
    with connected(emu) as connection:
        connection.sendall(ASK.bytes_for(emu))
        assert read_answer(connection).status == 200
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_hang_never_answers_but_does_its_work(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Hang())
    with connected(emu) as connection:
        connection.settimeout(0.1)
        connection.sendall(ASK.bytes_for(emu))
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert emu.calls.all()[-1].status == 0


@pytest.mark.parametrize("part", ["body", "head"])
def test_a_drip_comes_bit_by_bit_and_is_right(emu: Emulator, part: Any) -> None:
    emu.faults.add(BY_ID, Drip(part=part, pause=0.002, size=16))
    with connected(emu) as connection:
        connection.sendall(ASK.bytes_for(emu))
        first = connection.recv(65_536)
        rest = _all_of(connection, first)
    assert (b"\r\n\r\n" in first) is (part == "body")
    assert msgspec.json.decode(rest)["TotalCount"] == 1


def _drain(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def _all_of(connection: socket.socket, received: bytes) -> bytes:
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65_536)
    return body


def test_a_huge_body_is_as_long_as_it_says_and_json(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Huge(size=3_000_001))
    answer = ASK.send(emu)
    assert len(answer.body) == int(answer.headers["content-length"]) == 3_000_001
    assert msgspec.json.decode(answer.body)["Tasks"] == []


def test_a_reader_who_leaves_early_does_no_harm(emu: Emulator) -> None:
    emu.faults.add(BY_ID, Huge(), times=1)
    with connected(emu) as connection:
        connection.sendall(ASK.bytes_for(emu))
        connection.recv(1_000)
    assert ASK.send(emu).status == 200


@pytest.mark.parametrize(
    "slow", [lambda emu: emu.latency.set(BY_ID, 600), lambda emu: emu.faults.add(BY_ID, Slow(delay=600))]
)
def test_latency_does_not_limit_concurrency(emu: Emulator, slow: Callable[[Emulator], None]) -> None:
    slow(emu)
    requests = [ASK.bytes_for(emu) for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(exchange, emu, request) for request in requests]
        eventually(lambda: emu.calls.count() == 20)
        assert not any(answer.done() for answer in answers)
        emu.drop_connections()


def test_the_most_exact_latency_wins(emu: Emulator) -> None:
    for name, base in (("*", 1.0), ("cdn", 2.0), (BY_ID, 3.0)):
        emu.latency.set(name, base)
    drawn = [emu.latency.draw(*call) for call in ((BY_ID, "cdn"), ("DescribeRefreshTasks", "cdn"), ("X", "vod"))]
    assert drawn == [3.0, 2.0, 1.0]
    emu.latency.clear()
    assert emu.latency.draw(BY_ID, "cdn") == 0.0


def test_not_activated_reaches_the_sdk_as_it_would(emu: Emulator) -> None:
    emu.faults.add(
        "cdn", Refuse(code="OperationDenied", status=403, message="Your account does not open CDN service yet.")
    )
    assert refusal(sdk_call(emu)) == (403, "OperationDenied")


def test_dropped_connections_are_dead_for_those_who_kept_them(emu: Emulator) -> None:
    with connected(emu) as connection:
        connection.sendall(ASK.bytes_for(emu))
        read_answer(connection)
        assert emu.drop_connections() == 1
        assert connection.recv(1) == b""
    assert ASK.send(emu).status == 200
