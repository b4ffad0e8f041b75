"""Whatever is asked, the server answers: never a 500, never an exception."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

import httpx
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from functions.api.parsing.parameters import PARAMETERS
from functions.server import Components, create_app
from functions.settings import Settings
from tests.support.http_stub_service import StubTasks, validate

APP = create_app(Components(settings=Settings(allowed_hosts=("server",)), tasks=StubTasks()))
names = st.one_of(st.sampled_from(sorted(PARAMETERS)), st.text(max_size=10))
WORDS = ["1", "cdn:1", "-1", "55", "bad", "done", "changed", ",", ":", "0x1", "1e9"]
TIMES = ["2026-11-22T03:31:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"]
hints = st.sampled_from([*WORDS, *TIMES, "", "9" * 31, "http://e.com/a b", "\u0661", "\ud7ff", "\x00"])
values = st.one_of(hints, st.text(max_size=30), st.integers().map(str))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), values)
anything = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(values, inner)), max_leaves=6)


def sent(request: httpx.Request) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://server") as client:
            return await client.send(request)

    response = asyncio.run(send())
    assert response.status_code in {200, 400}, response.text
    validate(response)
    return response


@given(st.lists(st.tuples(names, values), max_size=6))
def test_no_pairs_in_a_query_string_cause_a_500(pairs: list[tuple[str, str]]) -> None:
    sent(httpx.Request("GET", "http://server/v1/tasks?" + urlencode(pairs)))


@given(st.text(alphabet="taskId=&;,%+:FfC0198Z.-", max_size=60))
def test_no_text_for_a_query_string_causes_a_500(raw: str) -> None:
    sent(httpx.Request("GET", httpx.URL("http://server/v1/tasks", query=raw.encode())))


@given(st.dictionaries(names, anything, max_size=5))
def test_no_json_object_causes_a_500(question: dict[str, object]) -> None:
    body = json.dumps(question).encode()
    headers = {"Content-Type": "application/json"}
    sent(httpx.Request("POST", "http://server/v1/tasks/query", content=body, headers=headers))


@given(st.one_of(st.binary(max_size=80), anything.map(msgspec.json.encode)))
def test_no_bytes_for_a_body_cause_a_500(body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    sent(httpx.Request("POST", "http://server/v1/tasks/query", content=body, headers=headers))


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_no_header_breaks_negotiation(text: str) -> None:
    headers = {"Accept-Encoding": text, "If-None-Match": text, "X-Forwarded-Proto": text, "Origin": text}
    request = httpx.Request("GET", "http://server/healthz", headers={name: text.strip() for name in headers})
    assert sent(request).status_code == 200
