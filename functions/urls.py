"""URLs in one spelling, whoever wrote them: a browser, a person, an object's key, the vendor.

`sendable_url` mends what no client may send and changes nothing else: two caches may tell `%40` from `@`. `normal_url`
goes on to the one form that all spellings of an address share, and is for comparing and searching.

RFC 3986: https://www.rfc-editor.org/rfc/rfc3986, how browsers read: https://url.spec.whatwg.org/#url-parsing.
Regular expressions (`objectType` regex) are no URLs: do not bring them here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

import msgspec

_UNRESERVED = r"A-Za-z0-9._~\-"
_NORMAL = _UNRESERVED + "!$&'()*,;=:@"
"""What a path holds raw in the normal form: all that RFC 3986 allows there but `+`."""
_UNDONE = re.compile(f"[{_UNRESERVED}]")
_UNDONE_IN_PATH = re.compile(f"[{_NORMAL}]")


def _foreign(allowed: str) -> re.Pattern[str]:
    return re.compile(f"%[0-9A-Fa-f]{{2}}|[^{allowed}]")


_PATH, _NORMAL_PATH = _foreign(f"{_NORMAL}+/"), _foreign(f"{_NORMAL}/")
# Browsers escape the apostrophe in a query, though RFC 3986 allows it.
_QUERY = _foreign(f"{_NORMAL}+/?".replace("'", ""))
_URL = re.compile(
    r"(?:(https?)://)?(?![a-z][a-z0-9+.-]*://)([^/\\?#]+)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL
)
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_BYTE}(?:\.{_BYTE}){{3}}")
_PORT = re.compile("[0-9]{0,5}")
_UNSENDABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65_535
_KEY_SAFE = "/:@!$&'()*,;=~"


class InvalidUrl(ValueError):  # noqa: N818 -- named for what it is, like the project's other faults
    """Raised for what cannot be a URL of a CDN; the text says why and repeats nothing of it."""


class _Parts(msgspec.Struct, frozen=True):
    origin: str
    host: str
    path: str
    query: str


def sendable_url(text: str) -> str:
    """The URL as RFC 3986 writes it, for a vendor or a server. Raises InvalidUrl.

    Host in lower case, non-ASCII and forbidden characters as UTF-8 escapes, `%e4` as `%E4`, dot segments resolved, the
    fragment dropped (no client sends it). A URL without a scheme stays without one.
    """
    parts = _split(text)
    return parts.origin + _escaped(parts.path, _PATH, _UNDONE) + _escaped(parts.query, _QUERY, _UNDONE)


def normal_url(text: str) -> str:
    """The one spelling of an address: like `sendable_url`, with allowed path characters raw. Raises InvalidUrl.

    `%40` becomes `@`. `+` becomes `%2B`, because OSS reads a bare `+` in a path as a blank (docs/function-compute.md
    5.1). Escapes in a query stay: `%26` and `&` differ there. http and https stay different: caches hold both.
    """
    parts = _split(text)
    path = _escaped(parts.path, _NORMAL_PATH, _UNDONE_IN_PATH)
    return parts.origin + path + _escaped(parts.query, _QUERY, _UNDONE)


@lru_cache(maxsize=8_192)
def url_key(text: str) -> str:
    """What all spellings of a URL have in common; the text itself where it is none, like a regular expression."""
    try:
        return normal_url(text)
    except InvalidUrl:
        return text


def with_other_scheme(url: str) -> str | None:
    """The same address with https for http, or the other way round; None for a URL without a scheme."""
    scheme, separator, rest = url.partition("://")
    other = {"http": "https", "https": "http"}.get(scheme.lower())
    return f"{other}://{rest}" if separator and other else None


def encode_key(key: str) -> str:
    """An object's key as the path of a URL in normal form, without the leading slash; each character escaped once."""
    return quote(key, safe=_KEY_SAFE)


def has_dot_segments(key: str) -> bool:
    """Whether a client would resolve part of the key away: `a/../b` is another address than its text says."""
    return not {".", ".."}.isdisjoint(key.split("/"))


def host_of(url: str) -> str | None:
    """The host of a URL with or without a scheme, in lower case; None where it cannot be told."""
    try:
        return _split(url).host
    except InvalidUrl:
        return None


def normal_domain(text: str) -> str:
    """A domain as the vendor names it: lower case, no dot at the end, `.example.com` for `*.example.com`."""
    return text.strip().lower().removesuffix(".").removeprefix("*")


def is_within(host: str, domain: str) -> bool:
    """Whether a domain, like `img.example.com` or a wildcard in either spelling, covers a host."""
    domain = normal_domain(domain)
    return host.endswith(domain) if domain.startswith(".") else host == domain


def _split(text: str) -> _Parts:
    text = text.strip(" \t\r\n\f")
    if _UNSENDABLE.search(text):
        raise InvalidUrl("it has control characters, or is not Unicode text")
    match = _URL.fullmatch(text)
    if not match:
        raise InvalidUrl("it must be like https://www.example.com/path")
    scheme, authority, path, query = (group or "" for group in match.groups())
    scheme = scheme.lower()
    host, port = _host_and_port(authority, scheme)
    return _Parts(
        origin=f"{scheme}://{host}{port}" if scheme else host + port,
        host=host,
        path="/" + "/".join(_resolved(path.replace("\\", "/").split("/")[1:])),
        query=query,
    )


def _host_and_port(authority: str, scheme: str) -> tuple[str, str]:
    if "@" in authority:
        raise InvalidUrl("a user name or a password has no place in it")
    host, _, port = authority.partition(":")
    host = _ascii_host(host).removesuffix(".")
    if not _HOST.fullmatch(host):
        raise InvalidUrl("it has no plain host name")
    # Browsers take it for an address: 0x7f.1 is 127.0.0.1 to them (https://url.spec.whatwg.org/#ends-in-a-number-checker).
    if _ENDS_IN_NUMBER.fullmatch(host) and not _IPV4.fullmatch(host):
        raise InvalidUrl("its host name ends in a number")
    if not _PORT.fullmatch(port) or int(port or 0) > _HIGHEST_PORT:
        raise InvalidUrl("its port is not one")
    return host, f":{int(port)}" if port and int(port) != _DEFAULT_PORTS.get(scheme) else ""


def _ascii_host(host: str) -> str:
    if host.isascii() and "xn--" not in host.lower():
        return host.lower()
    import idna  # noqa: PLC0415 -- its tables take longer to load than all of this module, and few hosts need them

    try:
        return idna.encode(host, uts46=True).decode().lower()
    except idna.IDNAError:
        raise InvalidUrl("its host name is not one that DNS knows") from None


def _resolved(segments: list[str]) -> list[str]:
    """The segments of a path after its leading slash, without `.` and `..` (RFC 3986 5.2.4)."""
    resolved: list[str] = []
    for segment in segments:
        dots = re.sub("%2e", ".", segment, flags=re.IGNORECASE)
        if dots == "..":
            del resolved[-1:]
        elif dots != ".":
            resolved.append(segment)
    if segments and dots in {".", ".."}:
        resolved.append("")
    return resolved


def _escaped(text: str, foreign: re.Pattern[str], undone: re.Pattern[str]) -> str:
    """What is `foreign` escaped; escapes in upper case, or undone where `undone` matches their character."""

    def spelled(match: re.Match[str]) -> str:
        found = match[0]
        if len(found) == 1:
            return quote(found, safe="")
        character = chr(int(found[1:], 16))
        return character if undone.fullmatch(character) else found.upper()

    return foreign.sub(spelled, text)
