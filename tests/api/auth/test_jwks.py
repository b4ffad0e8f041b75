"""Tokens signed with published keys: algorithms pinned by key, sets read again in measure."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.datastructures import Headers

from functions.api.auth import jwks
from functions.api.auth.bearer import authenticator_for
from functions.api.auth.jwks import (
    COOLDOWN_SECONDS,
    FRESH_SECONDS,
    MAX_BYTES,
    KeySet,
    KeySetUnreadable,
    key_source,
    parse_keys,
)
from functions.api.problems import RequestRefused
from functions.errors import SettingsError
from functions.model import Moment
from functions.settings import AuthSettings
from tests.support.certificate import self_signed
from tests.support.token_clock import NEVER

CLAIMS = {"exp": NEVER, "products": ["cdn"]}
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC = ec.generate_private_key(ec.SECP256R1())
SHORT_RSA = jwt.get_algorithm_by_name("RS256").to_jwk(
    rsa.generate_private_key(65_537, 1_024).public_key(),  # noqa: S505 -- too short on purpose
    as_dict=True,
)
ED = ed25519.Ed25519PrivateKey.generate()
PRIVATE: dict[str, Any] = {"RS256": RSA, "ES256": EC, "EdDSA": ED}
SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"


def jwk(algorithm: str, **more: Any) -> dict[str, Any]:
    public = jwt.get_algorithm_by_name(algorithm).to_jwk(PRIVATE[algorithm].public_key(), as_dict=True)
    return {**public, "kid": algorithm, **more}


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys or [jwk(algorithm) for algorithm in PRIVATE]}).encode()


def signed(algorithm: str, key: Any = None, kid: str | None = None, **claims: Any) -> str:
    headers = {"kid": kid or algorithm}
    return jwt.encode({**CLAIMS, **claims}, key or PRIVATE[algorithm], algorithm, headers=headers)


def admitted(auth: AuthSettings, token: str) -> str:
    """`in`, or the reason why not."""
    try:
        asyncio.run(authenticator_for(auth).authenticate(Headers({"authorization": f"Bearer {token}"})))
    except RequestRefused as refusal:
        return refusal.reason
    return "in"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def now(self) -> Moment:
        return Moment(wall=self.seconds, mono=self.seconds)


class Source:
    """A key set that can change, fail, and be counted."""

    def __init__(self) -> None:
        self.body = key_set(jwk("RS256"))
        self.reads = 0

    def __call__(self) -> bytes:
        self.reads += 1
        if not self.body:
            raise OSError("down")
        return self.body


@pytest.fixture
def published(tmp_path: Path) -> Callable[..., AuthSettings]:
    def publish(*keys: dict[str, Any], **more: Any) -> AuthSettings:
        path = tmp_path / "jwks.json"
        path.write_bytes(key_set(*keys))
        return AuthSettings(mode="jwt", jwks=str(path), **more)

    return publish


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_a_token_of_each_kind_of_key_opens(published: Callable[..., AuthSettings], algorithm: str) -> None:
    assert admitted(published(), signed(algorithm)) == "in"


@pytest.mark.parametrize("named", ["Ed25519", "EdDSA", None])
@pytest.mark.parametrize("token_says", ["Ed25519", "EdDSA"])
def test_ed25519_goes_by_both_of_its_names(  # case R6
    published: Callable[..., AuthSettings], named: str | None, token_says: str
) -> None:
    key = {**jwk("EdDSA"), **({"alg": named} if named else {})}
    header, claims = ({"alg": token_says, "kid": "EdDSA"}, CLAIMS)
    signing_input = ".".join(encoded(json.dumps(part).encode()) for part in (header, claims))
    token = f"{signing_input}.{encoded(ED.sign(signing_input.encode()))}"
    assert admitted(published(key), token) == "in"


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def forged(key: bytes, kid: str) -> str:
    """HS256 by hand: PyJWT refuses to sign with a public key."""
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": kid}, CLAIMS)
    )
    signing_input = b".".join(parts)
    mac = base64.urlsafe_b64encode(hmac.digest(key, signing_input, "sha256")).rstrip(b"=")
    return (signing_input + b"." + mac).decode()


def test_the_key_s_own_algorithm_is_the_only_one(published: Callable[..., AuthSettings]) -> None:
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    auth = published()
    # the classic: the public key taken for a shared secret
    assert admitted(auth, forged(pem, "RS256")) == "token-algorithm"
    assert admitted(auth, signed("RS512", key=RSA, kid="RS256")) == "token-algorithm"
    assert admitted(auth, signed("ES256", kid="RS256")) == "token-algorithm"
    assert admitted(published(jwk("RS256", alg="RS512")), signed("RS512", key=RSA, kid="RS256")) == "in"


def test_another_s_key_and_unknown_keys_are_told_apart(published: Callable[..., AuthSettings]) -> None:
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    assert admitted(published(), signed("RS256", key=stranger)) == "token-signature"
    assert admitted(published(), signed("RS256", kid="nobody")) == "token-key-unknown"


def test_without_a_key_id_the_only_key_is_meant(published: Callable[..., AuthSettings]) -> None:
    anonymous = jwt.encode(CLAIMS, EC, "ES256")
    assert admitted(published(jwk("ES256")), anonymous) == "in"
    assert admitted(published(), anonymous) == "token-key-unknown"


def test_a_secret_beside_a_key_set_opens_for_its_own_tokens_only(published: Callable[..., AuthSettings]) -> None:
    auth = published(jwt_secret=SECRET)
    assert admitted(auth, signed("HS256", key=SECRET, kid="RS256")) == "in"
    assert admitted(auth, signed("RS256")) == "in"
    assert admitted(auth, signed("HS256", key=SECRET + "x")) == "token-signature"


def test_keys_that_must_not_check_tokens_are_left_out() -> None:
    left_out = [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
        jwk("RS256", use="enc"),
        jwk("RS256", alg="HS256"),
        {"kty": "RSA", "kid": "broken"},
        {"kid": "no type"},
        {"kty": "EC", "crv": "P-1", "kid": "odd"},
        {"kty": ["RSA"], "kid": "odd type"},
        jwk("RS256", use=["sig"]),
        {**jwk("EdDSA"), "alg": "ES256"},
        SHORT_RSA,  # case A7
    ]
    usable = parse_keys(key_set(*left_out, jwk("ES256", use="sig")))
    assert [key.key_id for key in usable] == ["ES256"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"keys": 5}', b'{"keys": []}', b"<html>", b"[" * 90_000, b" " * (MAX_BYTES + 1)]
)
def test_what_is_no_key_set_is_told(body: bytes) -> None:
    with pytest.raises(KeySetUnreadable, match=r".+"):
        parse_keys(body)


def test_a_set_beyond_the_size_is_not_read_however_good_its_keys_are() -> None:
    body = key_set(jwk("ES256"))
    assert parse_keys(body.ljust(MAX_BYTES))
    with pytest.raises(KeySetUnreadable, match="more than"):
        parse_keys(body.ljust(MAX_BYTES + 1))


def test_a_set_is_read_once_in_five_minutes() -> None:
    source, clock = Source(), Clock()
    keys = KeySet(source, clock)

    async def asking() -> None:
        await asyncio.gather(*(keys.find("RS256") for _ in range(20)))
        clock.seconds += 299
        await keys.find("RS256")
        assert source.reads == 1
        clock.seconds += 1
        await keys.find("RS256")
        assert source.reads == 2

    asyncio.run(asking())


def test_a_key_that_was_added_is_found_and_made_up_ones_cost_one_read_per_cooldown() -> None:
    source, clock = Source(), Clock()
    keys = KeySet(source, clock)

    async def asking() -> None:
        await keys.find("RS256")
        source.body = key_set(jwk("RS256"), jwk("ES256"))
        clock.seconds += COOLDOWN_SECONDS
        assert (await keys.find("ES256")).key_id == "ES256"
        reads = source.reads
        for number in range(50):
            with pytest.raises(RequestRefused, match="token-key-unknown"):
                await keys.find(f"made-up-{number}")
        assert source.reads == reads

    asyncio.run(asking())


def test_when_the_source_fails_the_old_keys_go_on(caplog: pytest.LogCaptureFixture) -> None:
    source, clock = Source(), Clock()
    keys = KeySet(source, clock)

    async def asking() -> None:
        await keys.find("RS256")
        for body in (b"", b"<html>", b'{"keys": []}'):  # case A7
            source.body = body
            clock.seconds += FRESH_SECONDS
            assert (await keys.find("RS256")).key_id == "RS256"

    asyncio.run(asking())
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "key set unreadable"
    ] * 3


def test_without_any_keys_it_is_our_trouble_and_passes() -> None:
    source, clock = Source(), Clock()
    keys, good, source.body = KeySet(source, clock), source.body, b""

    async def asking() -> None:
        for _ in range(3):
            with pytest.raises(RequestRefused) as error:
                await keys.find("RS256")
            assert (error.value.reason, error.value.retry_after) == ("keys-unavailable", 10)
        assert source.reads == 1
        source.body = good
        clock.seconds += COOLDOWN_SECONDS
        assert (await keys.find("RS256")).key_id == "RS256"

    asyncio.run(asking())


@pytest.mark.parametrize(
    "setting", ["http://id.example.com/jwks.json", "ftp://id", "file:///etc/passwd", "/nowhere.json"]
)
def test_a_key_set_comes_by_https_or_from_a_file(setting: str) -> None:
    with pytest.raises(SettingsError, match="TASK_STATUS_JWKS"):
        key_source(setting)


class Published(BaseHTTPRequestHandler):
    answers: dict[str, tuple[int, bytes]] = {  # noqa: RUF012 -- the standard library wants handlers to be classes
        "/jwks.json": (200, key_set()),
        "/large": (200, b" " * (MAX_BYTES * 2)),
        "/gone": (404, b""),
        "/moved": (302, b""),
        "/dripping": (200, b""),
    }
    user_agents: list[str | None] = []  # noqa: RUF012 -- the same

    def do_GET(self) -> None:
        self.user_agents.append(self.headers["User-Agent"])
        if self.path == "/dripping":
            self._drip()
        status, body = self.answers[self.path]
        self.send_response(status)
        self.send_header("Location", "/jwks.json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        """One byte of a header that never ends, again and again, until the other side has gone."""
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def https(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real HTTPS server with a certificate that this process trusts."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = self_signed(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = HTTPServer(("127.0.0.1", 0), Published)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SSL_CERT_FILE", str(certificate))
        yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/jwks.json", "in"),
        ("/large", "keys-unavailable"),
        ("/gone", "keys-unavailable"),
        ("/moved", "keys-unavailable"),
    ],
)
def test_a_set_is_fetched_by_https_without_following_redirects(https: str, path: str, outcome: str) -> None:
    assert admitted(AuthSettings(mode="jwt", jwks=https + path), signed("RS256")) == outcome
    assert set(Published.user_agents) == {"cdn-task-status"}  # case A7


def test_a_source_that_drips_is_left_in_time(  # case A7
    https: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.3)
    assert admitted(AuthSettings(mode="jwt", jwks=f"{https}/dripping"), signed("RS256")) == "keys-unavailable"
    assert [record.members["cause"] for record in caplog.records if hasattr(record, "members")] == [
        "no answer: timeout"
    ]


def test_the_log_names_the_status_of_a_source_that_refuses(https: str, caplog: pytest.LogCaptureFixture) -> None:
    admitted(AuthSettings(mode="jwt", jwks=f"{https}/gone"), signed("RS256"))
    assert [record.members["cause"] for record in caplog.records if hasattr(record, "members")] == [
        "its address answered 404"
    ]
