"""Whatever a token holds, its bearer is answered or refused: never a 500, never an exception."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.server import Components, create_app
from functions.settings import AuthSettings, Settings
from tests.support.http_stub_service import validate
from tests.support.token_clock import NEVER
from tests.support.virtual_service import Account, instance_over
from tests.support.virtual_time import run

SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
SETTINGS = Settings(auth=AuthSettings(mode="jwt", jwt_secret=SECRET))
PATHS = ("/v1/tasks?taskId=1,vod:2&wait=1", "/v1/tasks", "/v1/quota", "/v1/capabilities")
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12))
words = st.one_of(scalars, st.sampled_from(["cdn", "*.example.com", "\ud800", "a" * 300, "refresh"]))
anything = st.recursive(
    words, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=5
)
NAMES = ["products", "domains", "actions", "sub", "iss", "aud", "jti", "iat", "nbf", "exp", "x"]


def status(path: str, authorization: bytes) -> int:
    async def send() -> httpx.Response:
        app = create_app(Components(settings=SETTINGS, tasks=instance_over(Account())))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
            return await client.get(path, headers=[(b"authorization", authorization)])

    response = run(send())
    validate(response)
    return response.status_code


def signed(claims: dict[str, Any]) -> bytes:
    """As `jwt.encode` does, for any claims."""
    payload = json.dumps({"exp": NEVER, **claims}).encode()
    return b"Bearer " + jwt.PyJWS().encode(payload, SECRET, "HS256", headers={"typ": "JWT"}).encode()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PATHS), st.dictionaries(st.sampled_from(NAMES), anything, max_size=3))
@example(PATHS[0], {"x": "\ud800"})
@example(PATHS[1], {"products": ["\ud800"]})
@example(PATHS[1], {"products": "\ud800"})
@example(PATHS[1], {"sub": "\ud800"})
@example(PATHS[0], {"exp": float("inf")})
@example(PATHS[0], {"exp": 10**400})
def test_no_claims_cause_a_500(path: str, claims: dict[str, Any]) -> None:  # case A7
    assert status(path, signed(claims)) in {200, 401, 403}


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text("eyJ.-_A9=", max_size=60).map(str.encode)))
def test_no_bytes_in_place_of_a_token_cause_a_500(token: bytes) -> None:
    readable = bytes(byte for byte in token if byte not in b"\r\n\0")
    assert status(PATHS[0], b"Bearer " + readable) == 401


@pytest.mark.parametrize("exp", [NEVER * 1_000, 1e12, 10**30])
def test_an_expiry_in_milliseconds_is_refused(exp: float) -> None:  # case R6
    assert status(PATHS[0], signed({"exp": exp})) == 401
