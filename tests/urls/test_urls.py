"""One spelling for a URL. What browsers do with one is told by ada, the URL parser of Node.js (ada-url)."""

from __future__ import annotations

from urllib.parse import unquote

import ada_url
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.urls import (
    InvalidUrl,
    encode_key,
    has_dot_segments,
    host_of,
    is_within,
    normal_domain,
    normal_url,
    sendable_url,
    url_key,
)

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40) | st.text(
    st.sampled_from("ab/.%2eE4:@+,;=&!$'()*~[]|^`{}\\ é图"), max_size=40
)
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":0080"])
HOSTS = st.sampled_from(["example.com", "IMG.Example.COM", "bücher.example", "图片.example.com", "a-b.x1.example"])


@st.composite
def urls(draw: st.DrawFn) -> str:
    path = "".join(character for character in draw(TEXT) if character not in "?#")
    query = draw(st.just("") | TEXT.map(lambda text: "?" + text.replace("#", "")))
    fragment = draw(st.just("") | TEXT.map(lambda text: "#" + text))
    return (f"{draw(st.sampled_from(['http', 'HTTPS']))}://{draw(HOSTS)}{draw(PORTS)}/{path}{query}{fragment}").strip()


def browsers(url: str) -> str:
    return str(ada_url.URL(url).href)


@given(urls())
def test_a_browsers_spelling_of_a_url_is_the_same_url(url: str) -> None:
    assert sendable_url(browsers(url)) == sendable_url(url)
    assert normal_url(browsers(url)) == normal_url(url)


@given(urls())
def test_a_browser_leaves_both_forms_as_they_are(url: str) -> None:
    assert browsers(sendable_url(url)) == sendable_url(url)
    assert browsers(normal_url(url)) == normal_url(url)


@given(urls())
def test_both_forms_are_final_and_plain_ascii(url: str) -> None:
    assert sendable_url(sendable_url(url)) == sendable_url(url)
    assert normal_url(sendable_url(url)) == normal_url(normal_url(url)) == normal_url(url)
    assert normal_url(url).isascii()
    assert host_of(url) == ada_url.URL(url).hostname


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_a_keys_url_is_normal_and_leads_back_to_the_key(key: str) -> None:
    assume(not has_dot_segments(key))
    url = f"https://img.example.com/{encode_key(key)}"
    assert normal_url(url) == url
    assert unquote(url.removeprefix("https://img.example.com/"), errors="strict") == key


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("logo@2x.png", "logo@2x.png"),
        ("photo (1).png", "photo%20(1).png"),
        ("a,b;c=d&e!.js", "a,b;c=d&e!.js"),
        ("a+b", "a%2Bb"),
        ("a%2Fb?c#d", "a%252Fb%3Fc%23d"),
        ("图", "%E5%9B%BE"),
        ("{a}|[b]^`\\", "%7Ba%7D%7C%5Bb%5D%5E%60%5C"),
    ],
)
def test_a_key_is_spelled_as_browsers_spell_it(key: str, path: str) -> None:
    """Case U1."""
    assert encode_key(key) == path


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://h.example/logo%402x.png", "https://H.EXAMPLE/logo@2x.png"),
        ("https://h.example/%e5%9b%be", "https://h.example/图"),
        ("https://h.example/a+b", "https://h.example/a%2bb"),
        ("https://h.example", "https://h.example:443/"),
        ("https://h.example./x/%2E%2e/y", "https://h.example/y"),
        ("https://h.example/a/./b/%2E", "https://h.example/a/b/"),
        ("https://h.example/a/../..", "https://h.example/"),
        ("https://h.example/100%.png", "https://h.example/100%25.png"),
        ("https://h.example/a#/home", "https://h.example/a"),
    ],
)
def test_spellings_of_one_address_share_their_key(one: str, other: str) -> None:
    """Cases U1, U3."""
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://h.example/", "https://h.example/"),
        ("https://h.example/a", "https://h.example/A"),
        ("https://h.example/a%2Fb", "https://h.example/a/b"),
        ("https://h.example/?a%26b", "https://h.example/?a&b"),
        ("https://h.example/?a+b", "https://h.example/?a%2Bb"),
        ("https://h.example:8080/", "https://h.example/"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_what_may_be_sent_keeps_its_escapes() -> None:
    assert sendable_url("https://h.example/a%40b+c%e4?x=%7e") == "https://h.example/a%40b+c%E4?x=~"
    assert sendable_url("Img.Example.com/图") == "img.example.com/%E5%9B%BE"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/only/a/path",
        "ftp://h.example/",
        "mailto:a@h.example",
        "https://",
        "https:///x",
        "https://user:secret@h.example/",
        "https://good.example\\@evil.example/",
        "https://h.example:99999/",
        "https://h.example.441/",
        "https://0x7f.1/",
        "https://127.0.0.01/",
        "https://xn--a.example/",
        "https://h.example/a\nb",
        "https://h.example/\ud800",
        "https://(a|b).example/",
        "https://-.\u00ad.example/",
        "https://[::1]/",
    ],
)
def test_what_cannot_be_a_url_is_refused_without_repeating_it(text: str) -> None:
    if text == "https://good.example\\@evil.example/":
        assert host_of(text) == ada_url.URL(text).hostname == "good.example"
        return
    with pytest.raises(InvalidUrl) as raised:
        normal_url(text)
    assert "secret" not in str(raised.value)
    assert host_of(text) is None
    assert url_key(text) == text


@pytest.mark.parametrize("domain", ["*.example.com", ".example.com", "*.Example.COM."])
def test_a_wildcard_domain_has_one_name_in_every_spelling(domain: str) -> None:
    """Case U2."""
    assert normal_domain(domain) == ".example.com"
    assert is_within("img.example.com", domain)
    assert is_within("a.b.example.com", domain)
    assert not is_within("example.com", domain)
    assert not is_within("badexample.com", domain)


def test_a_plain_domain_is_itself_with_or_without_the_dot_at_its_end() -> None:
    """Case U2."""
    assert normal_domain("img.Example.com.") == "img.example.com"
    assert is_within("img.example.com", "img.example.com.")
    assert not is_within("a.img.example.com", "img.example.com")
