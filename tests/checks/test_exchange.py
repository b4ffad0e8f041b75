"""What an edge or an origin may do to a check: nothing beyond its time and its share of memory."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from functions.checks.exchange import MAX_BODY_BYTES, MAX_HEAD_BYTES, Answer, Requester, _trust
from functions.checks.report import Fault
from functions.checks.site import Target
from tests.support import virtual_time
from tests.support.certificate import self_signed
from tests.support.stand_in import Exchange, Reply, drip, hang, http, raw, reset_in_the_middle, standing_in

SECONDS = 8.0
HOST = "img.example.com"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def nobody(name: str, port: int) -> Sequence[str]:
    raise AssertionError(f"{name}:{port} need not be resolved")


def target(port: int, *, tls: bool = False, server_name: str = HOST) -> Target:
    return Target(host="127.0.0.1", port=port, tls=tls, server_name=server_name, host_header=HOST)


async def ask(to: Target, method: str = "GET") -> Answer:
    return await Requester(nobody).ask(to, method, "/", asyncio.get_running_loop().time() + SECONDS)


def answer(reply: Reply | bytes, method: str = "GET") -> Answer:
    with standing_in({"it": raw(reply) if isinstance(reply, bytes) else reply}) as stand_in:
        return asyncio.run(ask(target(stand_in.ports["it"]), method))


def test_a_whole_body_gives_its_digest() -> None:
    for sent in (http(200, b"abc"), CHUNKED + b"3\r\nabc\r\n0\r\n\r\n"):
        body = answer(sent).body
        assert body is not None
        assert (body.sha256, body.size, body.whole) == (hashlib.sha256(b"abc").hexdigest(), 3, True)


def test_a_body_that_ends_with_the_connection_is_whole() -> None:
    body = answer(raw(b"HTTP/1.1 200 OK\r\n\r\nabc", then_close=True)).body
    assert body is not None
    assert (body.size, body.whole) == (3, True)


@pytest.mark.parametrize("size", [MAX_BODY_BYTES + 1, 8 * MAX_BODY_BYTES])
def test_of_a_huge_body_only_the_beginning_is_read(size: int) -> None:
    body = answer(http(200, b"x" * size)).body
    assert body is not None
    assert (body.size, body.whole) == (MAX_BODY_BYTES, False)
    assert body.sha256 == hashlib.sha256(b"x" * MAX_BODY_BYTES).hexdigest()


def test_a_body_of_just_the_size_that_is_read_is_whole() -> None:
    body = answer(http(200, b"x" * MAX_BODY_BYTES)).body
    assert body is not None
    assert (body.size, body.whole) == (MAX_BODY_BYTES, True)


def test_the_body_of_a_head_is_not_waited_for() -> None:
    got = answer(http(200, b"", 'ETag: "1"', length=10**12), "HEAD")
    assert (got.status, got.headers["etag"], got.body) == (200, '"1"', None)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"nothing like HTTP",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        http(200, b"abc", length=10),
        CHUNKED + b"3\r\nab",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * (MAX_HEAD_BYTES // 4),
        CHUNKED + b"0\r\n" + b"X-A: b\r\n" * (MAX_BODY_BYTES // 2),
        CHUNKED + b"1;" + b"x" * (4 * MAX_BODY_BYTES),
    ],
)
def test_what_is_cut_or_endless_or_no_http_is_malformed(sent: bytes) -> None:
    assert answer(raw(sent, then_close=True)).fault is Fault.MALFORMED


def test_answers_before_the_answer_are_passed_over() -> None:
    got = answer(b'HTTP/1.1 103 Early Hints\r\nETag: "early"\r\n\r\n' + http(200, b"abc"))
    assert (got.status, got.headers.get("etag")) == (200, None)


def test_a_redirect_is_an_answer_like_others() -> None:
    async def redirect(exchange: Exchange) -> None:
        assert exchange.head.startswith("GET / ")
        await exchange.send(http(302, b"", "Location: /elsewhere"))

    assert answer(redirect).headers["location"] == "/elsewhere"


def test_a_connection_that_breaks_or_is_refused_is_unreachable() -> None:
    assert answer(reset_in_the_middle).fault in {Fault.UNREACHABLE, Fault.MALFORMED}
    with standing_in({"it": hang}) as gone:
        port = gone.ports["it"]
    assert asyncio.run(ask(target(port))).fault is Fault.UNREACHABLE


@pytest.mark.parametrize("reply", [hang, drip(b"HTTP/1.1 200 OK\r\n"), raw(http(200, b"abc", length=10**6))])
def test_all_of_it_has_one_deadline(reply: Reply) -> None:
    async def timed(port: int) -> tuple[Answer, float]:
        return await ask(target(port)), asyncio.get_running_loop().time()

    with standing_in({"it": reply}) as stand_in:
        got, now = virtual_time.run(timed(stand_in.ports["it"]))
    assert got.fault is Fault.TIMEOUT
    assert now == pytest.approx(SECONDS)


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Lets checks trust what is in a file."""

    def trust(certificate: Path) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        _trust.cache_clear()

    yield trust
    _trust.cache_clear()


def test_tls_names_the_host_and_wants_its_certificate(tmp_path: Path, trusting: Callable[[Path], None]) -> None:
    certificate = self_signed(tmp_path, HOST)
    trusting(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    named: list[str] = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with standing_in({"it": raw(http(200, b"abc"))}, context) as stand_in:
        port = stand_in.ports["it"]
        assert asyncio.run(ask(target(port, tls=True))).status == 200
        assert asyncio.run(ask(target(port, tls=True, server_name="other.example.com"))).fault is Fault.CERTIFICATE
    assert named == [HOST, "other.example.com"]


def test_a_certificate_that_nobody_trusted_vouches_for_is_refused(
    tmp_path: Path, trusting: Callable[[Path], None]
) -> None:
    trusting(self_signed(tmp_path, "another.example.com"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path, HOST))
    with standing_in({"it": raw(http(200, b"abc"))}, context) as stand_in:
        port = stand_in.ports["it"]
        assert asyncio.run(ask(target(port, tls=True))).fault is Fault.CERTIFICATE
