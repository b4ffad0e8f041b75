"""HTTP/1.1 as clients use it, and what the emulator does with what is none."""

from __future__ import annotations

import time

import pytest

from emulator.core.responses import Response, transmit
from emulator.testing import Emulator, running_emulator
from tests.emulator.wire import SignedRequest, connected, exchange, read_answer

ASK = SignedRequest(params={"TaskId": "24840"})


def test_it_starts_on_a_free_port_and_leaves_no_connection_open() -> None:
    with running_emulator() as emu:
        assert emu.url == f"http://127.0.0.1:{emu.port}"
        connection = connected(emu)
        connection.sendall(ASK.bytes_for(emu))
        read_answer(connection)
    with connection:
        assert connection.recv(1) == b""


def test_a_taken_port_is_an_error(emu: Emulator) -> None:
    with pytest.raises(OSError, match="in use"), running_emulator(port=emu.port):
        pass


def test_a_connection_serves_many_calls(emu: Emulator) -> None:
    with connected(emu) as connection:
        for _ in range(3):
            connection.sendall(ASK.bytes_for(emu))
            assert read_answer(connection).status == 200
    assert {call.connection for call in emu.calls.all()} == {1}


def test_an_answer_is_one_send() -> None:
    (chunk,) = transmit(Response(200, b"{}")).chunks
    assert chunk.data.startswith(b"HTTP/1.1 200 OK\r\n")
    assert chunk.data.endswith(b"\r\n\r\n{}")


def test_requests_may_come_in_pieces_or_all_at_once(emu: Emulator) -> None:
    first, second = ASK.bytes_for(emu), ASK.bytes_for(emu)
    with connected(emu) as connection:
        for part in (first[:5], first[5:-3], first[-3:] + second):
            connection.sendall(part)
            time.sleep(0.005)
        received = b""
        while received.count(b"HTTP/1.1 200 OK") < 2:
            received += connection.recv(65_536)


@pytest.mark.parametrize("size", [1, 7, 4_096])
def test_a_body_in_chunks_is_put_together(emu: Emulator, size: int) -> None:
    request = SignedRequest(params={}, form={"TaskId": "24840"}).bytes_for(emu)
    head, _, body = request.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.startswith(b"content-length")]
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    coded = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    whole = b"\r\n".join([*kept, b"transfer-encoding: chunked", b"", coded]) + b"0\r\ntrailer: 1\r\n\r\n"
    with connected(emu) as connection:
        for at in range(0, len(whole), 11):
            connection.sendall(whole[at : at + 11])
        assert read_answer(connection).status == 200
        connection.sendall(ASK.bytes_for(emu))
        assert read_answer(connection).status == 200


@pytest.mark.parametrize(
    ("header", "format_of_it"),
    [("x-acs-action: DescribeRefreshTasks", b'"Code":"BadRequest"'), ("x-oss-date: 1", b"<Code>BadRequest</Code>")],
)
def test_a_malformed_body_is_rejected_in_the_format_of_its_service(
    emu: Emulator, header: str, format_of_it: bytes
) -> None:
    with connected(emu) as connection:
        connection.sendall(f"POST /b/k HTTP/1.1\r\n{header}\r\ncontent-length: -1\r\n\r\n".encode())
        answer = read_answer(connection)
    assert answer.status == 400
    assert format_of_it in answer.body


def test_connection_close_is_honoured(emu: Emulator) -> None:
    with connected(emu) as connection:
        connection.sendall(ASK.bytes_for(emu, after_signing={"connection": "close"}))
        read_answer(connection)
        assert connection.recv(1) == b""


def test_a_client_that_waits_for_continue_gets_it(emu: Emulator) -> None:
    request = SignedRequest(action="RefreshObjectCaches", params={}, form={"ObjectPath": "http://a.example.com/1"})
    head, _, body = request.bytes_for(emu, after_signing={"expect": "100-continue"}).partition(b"\r\n\r\n")
    with connected(emu) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection).status == 200


def test_a_query_of_a_thousand_long_urls_is_taken(emu: Emulator) -> None:
    paths = "\n".join(f"http://a.example.com/{number:0>1000}" for number in range(1_000))
    request = SignedRequest(action="RefreshDcdnObjectCaches", product="dcdn", params={"ObjectPath": paths})
    assert request.send(emu).status == 200


def test_get_is_a_method_of_the_vendors_too(emu: Emulator) -> None:
    assert SignedRequest(params={"TaskId": "24840"}, method="GET").send(emu).status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/3\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n-3\r\nabc\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\r\nabc\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n" + b"0" * 2_000,
    ],
)
def test_what_is_no_request_ends_the_connection(emu: Emulator, request_bytes: bytes) -> None:
    with connected(emu) as connection:
        connection.sendall(request_bytes)
        assert read_answer(connection).status == 400
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("target", "code"), [("/", b'"Code":"InvalidApi.NotFound"'), ("/nobucket/key", b"<Code>NoSuchBucket</Code>")]
)
def test_what_is_not_there_is_told_in_the_format_of_its_service(emu: Emulator, target: str, code: bytes) -> None:
    answer = exchange(emu, f"GET {target} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    assert answer.status == 404
    assert code in answer.body


def test_ten_full_tasks_are_answered_whole(emu: Emulator) -> None:
    ids = [emu.tasks.add("cdn", [f"http://a.example.com/{n}" for n in range(2_000)]) for _ in range(10)]
    answer = SignedRequest(params={"TaskId": ",".join(ids)}).send(emu)
    assert b'"TotalCount":20000' in answer.body
