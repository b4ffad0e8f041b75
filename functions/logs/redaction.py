"""Makes text from outside fit for a log: bounded, printable, and without secrets, whoever wrote it.

Vendors and gateways repeat parts of a request in their answers, signatures and tokens included (docs/vendor.md 5.2).
All patterns here are linear in the length of the text.
"""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import quote

MAX_CHARACTERS = 2_000
_MAX_READ = 4 * MAX_CHARACTERS
_MAX_SECRET_CHARACTERS = 1_000
HIDDEN = "[hidden]"

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line separators, marks that reverse the direction of text, and halves of surrogate pairs."""
_NAMED = re.compile(
    r"((?:signature|credential|authorization|access_?-?key_?-?(?:id|secret)|secret|security-?_?token|token|password)"
    r"[\"']?\s{0,4}(?:=|:|%3d|%253d)\s{0,4}[\"']?(?:(?:bearer|basic|(?:acs3|oss4)-hmac-sha256)\s{1,4})?)"
    r"(?:[^\s&\"',;<>%]|%(?!26|2526))+",
    re.IGNORECASE,
)
"""A parameter, header or JSON member that holds a secret, raw or percent-encoded once or twice."""
_BEARER = re.compile(r"\b(bearer)\s{1,4}[^\s\"',;<>]+", re.IGNORECASE)
_KEY_ID = re.compile(r"\b(?:LTAI|STS\.|TMP\.)[A-Za-z0-9]{8,}")
_JWT = re.compile(r"(?<![\w-])eyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?")
_LONG_WORD = re.compile(r"[A-Za-z0-9+/=_-]{48,}")
"""Signatures in hexadecimal digits have 64 characters, security tokens hundreds."""
_MIN_SECRET_CHARACTERS = 8
_MAX_SECRETS = 96
"""The keys in use of some thirty accounts."""
_secrets: deque[str] = deque(maxlen=_MAX_SECRETS)


def remember_secret(*values: str | None) -> None:
    """Hide these values in every text from now on; of all that were remembered, the last `_MAX_SECRETS` count."""
    for value in values:
        if value and len(value) >= _MIN_SECRET_CHARACTERS and value not in _secrets:
            _secrets.append(value)


def clean_text(text: str) -> str:
    """`text` without unprintable characters and secrets, cut to MAX_CHARACTERS."""
    if len(text) > _MAX_READ:
        text = text[: _MAX_READ - _MAX_SECRET_CHARACTERS]
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    for secret in tuple(_secrets):
        text = text.replace(secret, HIDDEN).replace(quote(secret, safe=""), HIDDEN)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    for pattern in (_KEY_ID, _JWT):
        text = pattern.sub(HIDDEN, text)
    text = _LONG_WORD.sub(_hide_random, text)
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def _hide_random(match: re.Match[str]) -> str:
    """Hide what looks random; long words that people write, like paths, stay."""
    word = match[0]
    digits = sum(character.isdigit() for character in word)
    mixed = word != word.lower() and word != word.upper()
    is_hex = re.fullmatch(r"[0-9a-fA-F]+", word) is not None
    return HIDDEN if 0 < digits < len(word) and (mixed or is_hex) else word
