"""A page token may hold anything: without a secret everybody can seal one."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.errors import InvalidRequest
from functions.settings import AuthSettings, Settings
from functions.tasks.listing.cursor import Cursor
from functions.tasks.listing.page_token import _VERSION, PageTokens, _digest
from functions.tasks.query import ListQuery
from functions.tasks.results import ListAnswer
from tests.support.virtual_service import Account, instance_over, with_pages_of
from tests.support.virtual_time import run

QUERY = ListQuery(products=("cdn", "vod"))
TOKENS = PageTokens(Settings())
ints = st.one_of(st.integers(-(2**63), 2**64 - 1), st.integers(1_760_000_000, 1_800_000_000), st.integers(-3, 3))
texts = st.one_of(st.text(max_size=8), st.sampled_from(["24840", "9" * 30, "9" * 31, "\uff11"]))
cursors = st.one_of(
    st.lists(st.one_of(ints, texts, st.none(), st.booleans(), st.floats(), st.lists(texts, max_size=2)), max_size=6),
    st.tuples(ints, st.integers(-3, 1), st.one_of(st.none(), texts), st.lists(texts, max_size=2), st.booleans()),
    ints,
    texts,
)


def sealed(body: bytes) -> str:
    return base64.urlsafe_b64encode(TOKENS._seal(body) + body).rstrip(b"=").decode()


def ask(token: str) -> None:
    """Ask for the page; a refusal of the token is the only fault there may be."""

    async def main() -> InvalidRequest | ListAnswer:
        account = Account()
        for number in range(6):
            account.tasks.add("cdn", [f"http://a.com/{number}"], age=number // 2)
        service = instance_over(account, specs=with_pages_of(2))
        try:
            return await service.list(msgspec.structs.replace(QUERY, page_token=token))
        except InvalidRequest as refused:
            return refused

    answer = run(main())
    assert not isinstance(answer, InvalidRequest) or answer.reason == "page-token-invalid"


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.one_of(st.sampled_from(["cdn", "vod", "dcdn", "esa"]), texts), cursors, max_size=3))
@example({"cdn": [2**62, -1]})
@example({"cdn": [-(10**9), 0, None, [], True]})
@example({"esa": [1_760_000_000]})
def test_no_cursor_causes_anything_but_a_refusal(cursors: dict[str, Any]) -> None:  # case A7
    ask(sealed(msgspec.msgpack.encode([_VERSION, _digest(QUERY), cursors])))


@given(st.binary(max_size=60))
@example(msgspec.msgpack.encode([_VERSION, _digest(QUERY), {}])[:-1] + b"\x81\xa3\xff\xfe\xfd\x91\x01")
def test_no_bytes_cause_anything_but_a_refusal(body: bytes) -> None:  # case A7
    with pytest.raises(InvalidRequest) as refused:
        TOKENS.read(sealed(body), QUERY)
    assert refused.value.reason == "page-token-invalid"


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60))
def test_no_text_causes_anything_but_a_refusal(token: str) -> None:
    with pytest.raises(InvalidRequest):
        TOKENS.read(token, QUERY)


def test_a_token_goes_on_whatever_order_the_same_filters_are_named_in() -> None:
    filters = {
        "statuses": ("failed", "running"),
        "object_types": ("file", "regex"),
        "object_paths": ("a.com/1", "b.com/2"),
    }
    first = msgspec.structs.replace(QUERY, **filters)
    again = msgspec.structs.replace(QUERY, **{name: words[::-1] for name, words in filters.items()})
    assert TOKENS.read(TOKENS.write(first, {}), again) == {}
    other = msgspec.structs.replace(first, statuses=("failed",))
    with pytest.raises(InvalidRequest):
        TOKENS.read(TOKENS.write(first, {}), other)


def test_a_cursor_that_somebody_else_sealed_is_refused_where_there_is_a_secret() -> None:
    secret = Settings(auth=AuthSettings(mode="jwt", jwt_secret="a-secret-of-at-least-32-bytes-to-sign-with"))
    own = PageTokens(secret).write(QUERY, {"cdn": Cursor(1_760_000_000)})
    assert PageTokens(secret).read(own, QUERY) == {"cdn": Cursor(1_760_000_000)}
    for forged in (TOKENS.write(QUERY, {"cdn": Cursor(1_760_000_000)}), ("A" if own[0] != "A" else "B") + own[1:]):
        with pytest.raises(InvalidRequest, match="it has been changed"):
            PageTokens(secret).read(forged, QUERY)
