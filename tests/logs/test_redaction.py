"""Text from outside is hostile: what is written of it is bounded, printable and without secrets (cases V5, V6)."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.logs.redaction import HIDDEN, MAX_CHARACTERS, clean_text, remember_secret

KEY_ID = "LTAI5tFooBarBaz12345678"
SIGNATURE = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
TOKEN = "CAIS" + "aZ3+/b9Xy" * 30 + "=="
STRING_TO_SIGN = f"POST&%2F&AccessKeyId%3D{KEY_ID}%26Action%3DDescribe%26SecurityToken%3D{quote(quote(TOKEN, safe=''))}"


@pytest.mark.parametrize(
    "text",
    [
        f"the signature Signature={SIGNATURE} does not match",
        f'{{"Signature": "{SIGNATURE}", "AccessKeyId": "{KEY_ID}"}}',
        f"ACS3-HMAC-SHA256 Credential={KEY_ID},SignedHeaders=host;x-acs-date,Signature={SIGNATURE}",
        f"Authorization: OSS4-HMAC-SHA256 Credential={KEY_ID}/d/r/oss/aliyun_v4_request,Signature={SIGNATURE}",
        f"Authorization: Bearer eyJhbGciOi.{TOKEN[:20]}.x",
        "authorization: bearer some-opaque-token",
        f"server string to sign is:{STRING_TO_SIGN}",
        f"x-acs-security-token: {TOKEN}",
        f"SecurityToken={quote(TOKEN, safe='')}&x=1",
        f"no name before it: {TOKEN} or {SIGNATURE} or {KEY_ID}",
        f"a token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{SIGNATURE}",
    ],
)
def test_no_secret_is_left(text: str) -> None:
    cleaned = clean_text(text)
    for secret in (KEY_ID, SIGNATURE, TOKEN[:40], quote(TOKEN, safe="")[:40], "some-opaque-token", "eyJhbGciOi"):
        assert secret not in cleaned
    assert HIDDEN in cleaned


def test_what_is_known_to_be_secret_is_hidden_whatever_it_looks_like() -> None:
    remember_secret("an ordinary secret/", None, "", "short")
    assert clean_text("it says: an ordinary secret/ and short") == f"it says: {HIDDEN} and short"
    assert clean_text(quote("an ordinary secret/", safe="")) == HIDDEN


@pytest.mark.parametrize(
    "text",
    [
        "The parameters you provided are invalid.",
        "https://img.example.com/assets/products/2026/11/25/a-very-long-name-of-a-picture/logo.png",
        "RequestId: 174F6032-AA26-470D-B90E-36F0EB205BEE",
        "24840,113681,704225667",
        "签名不匹配",
    ],
)
def test_what_people_need_to_read_stays(text: str) -> None:
    assert clean_text(text) == text


@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=300))
def test_whatever_comes_in_is_printable_utf_8(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert not [character for character in cleaned if ord(character) < ord(" ") or 0x7F <= ord(character) < 0xA0]


def test_it_is_bounded() -> None:
    assert len(clean_text("word " * 10_000)) == MAX_CHARACTERS + 1


@pytest.mark.parametrize(
    "unit", [" ", "-eyJ", "token", "token =", "LTAI", "bearer ", "a" * 47 + " ", "%", "signature:%2"]
)
def test_every_pattern_is_linear(unit: str) -> None:
    # A quadratic pattern would take these millions of characters past the suite's timeout.
    for _ in range(100):
        clean_text(unit * (8_000 // len(unit)))
