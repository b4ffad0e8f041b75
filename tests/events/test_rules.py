from __future__ import annotations

import tomllib
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from functions.errors import SettingsError
from functions.events.change import by_product, urls_of
from functions.events.parsing.events import ChangeKind, ObjectChange
from functions.events.rules import EXAMPLE, Rule, Rules, read_rules
from functions.urls import has_dot_segments

MAX_KEY_BYTES = 1_023
"""Object names end there (https://www.alibabacloud.com/help/en/oss/user-guide/object-naming-conventions)."""
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=MAX_KEY_BYTES)

FULL = """
# The example of the documentation.
[[rule]]
bucket = "pics"
prefix = "img/"
suffix = ".png"
product = "cdn"
url = "https://img.example.com/{key}"
created = ["refresh", "preload"]
removed = ["refresh"]

[[rule]]
bucket = "pics"
product = "dcdn"
url = ["https://a.example.com/{key}", "http://b.example.com:8080/x/{key}?v=1"]
"""


def changed(key: str, bucket: str = "pics") -> ObjectChange:
    return ObjectChange(bucket=bucket, key=key, event="ObjectCreated:PutObject", kind=ChangeKind.CREATED)


def rule(url: str | tuple[str, ...] = "https://img.example.com/{key}", product: str = "cdn") -> Rule:
    return Rule(bucket="pics", product=product, url=url)


def urls(of: Rule, key: str) -> tuple[str, ...]:
    return urls_of(of.actions_for(changed(key), submit=False))


def read(tmp_path: Path, text: str | bytes) -> Rules:
    path = tmp_path / "rules.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rules(path, ("cdn", "dcdn"))


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    first, second = read(tmp_path, FULL).rules
    assert first == Rule(
        bucket="pics",
        product="cdn",
        url="https://img.example.com/{key}",
        prefix="img/",
        suffix=".png",
        created=("refresh", "preload"),
        removed=("refresh",),
    )
    assert (second.product, second.created, second.removed, len(second.urls)) == ("dcdn", (), (), 2)


def test_an_object_has_on_each_product_the_urls_of_all_its_rules(tmp_path: Path) -> None:
    again = '[[rule]]\nbucket = "pics"\nproduct = "cdn"\nurl = ["https://img.example.com/{key}", "http://z/{key}"]\n'
    rules = read(tmp_path, FULL + again)
    actions = by_product(rules.actions(changed("img/1.png"), submit=False))
    assert {product: urls_of(own) for product, own in actions.items()} == {
        "cdn": ("https://img.example.com/img/1.png", "http://z/img/1.png"),
        "dcdn": ("https://a.example.com/img/1.png", "http://b.example.com:8080/x/img/1.png?v=1"),
    }


@pytest.mark.parametrize("change", [changed("img/1.gif"), changed("1.png"), changed("img/1.png", bucket="other")])
def test_bucket_prefix_and_suffix_must_all_match(tmp_path: Path, change: ObjectChange) -> None:
    assert "cdn" not in by_product(read(tmp_path, FULL).actions(change, submit=False))


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a/b.png", "a/b.png"),
        ("a+b", "a%2Bb"),
        ("a b", "a%20b"),
        ("a?b#c&d", "a%3Fb%23c&d"),
        ("logo@2x (1).png", "logo@2x%20(1).png"),
        ("100%", "100%25"),
        ("a%2Fb", "a%252Fb"),
        ("图片", "%E5%9B%BE%E7%89%87"),
        ("{key}", "%7Bkey%7D"),
        ("~_-.", "~_-."),
        ("/a//b/", "/a//b/"),
    ],
)
def test_a_key_is_percent_encoded_once(key: str, path: str) -> None:
    assert urls(rule(), key) == (f"https://img.example.com/{path}",)


@given(KEYS)
def test_any_key_survives_the_way_into_a_url_and_back(key: str) -> None:
    assume(not has_dot_segments(key))
    (url,) = urls(rule(), key)
    parts = urlsplit(url)
    assert unquote(parts.path.removeprefix("/"), errors="strict") == key
    assert (parts.netloc, parts.query, parts.fragment) == ("img.example.com", "", "")
    assert url.isascii()
    assert "+" not in url


@pytest.mark.parametrize("key", ["k" * MAX_KEY_BYTES, "图" * (MAX_KEY_BYTES // 3)])
def test_the_longest_keys_fit(key: str) -> None:
    assert len(key.encode()) == MAX_KEY_BYTES
    assert urls(rule(), key) == (f"https://img.example.com/{quote(key)}",)


def test_a_key_in_a_query_cannot_add_parameters() -> None:
    assert urls(rule("https://H/thumb?of={key}&w=9"), "a&w=1/b") == ("https://h/thumb?of=a%26w%3D1%2Fb&w=9",)


def test_without_a_file_there_are_no_rules() -> None:
    assert read_rules(None, ("cdn",)).actions(changed("k"), submit=True) == ()


BUCKET, PRODUCT, URL = 'bucket = "pics"\n', 'product = "cdn"\n', 'url = "https://img.example.com/{key}"\n'
GOOD = "[[rule]]\n" + BUCKET + PRODUCT + URL


@pytest.mark.parametrize(
    ("text", "place", "fault"),
    [
        ("[[rule]]\nbucket = pics\n", "line 2", "Invalid value"),
        (b'[[rule]]\nbucket = "\xff"\n', "", "utf-8"),
        ("[[rules]]\n" + BUCKET, "", "unknown field `rules`"),
        ("[rule]\n" + BUCKET, "", "Expected `array`, got `object` - at `$.rule`"),
        (GOOD + GOOD + "sufix = '.png'\n", "rule 2 (line 5)", "unknown field `sufix`"),
        ("[[rule]]\n" + PRODUCT + URL, "rule 1 (line 1)", "missing required field `bucket`"),
        ("rule = [{ bucket = 1 }]", "rule 1: ", "Expected `str`, got `int` - at `$.bucket`"),
        ("[[rule]]\nbucket = 'Pics*'\n" + PRODUCT + URL, "rule 1", "bucket: 'Pics*'"),
        ("[[rule]]\n" + BUCKET + URL + "product = 'vod'\n", "rule 1", "product: 'vod' is not enabled"),
        (GOOD + "created = ['purge']\n", "rule 1", "'purge' - at `$.created[0]`"),
        (GOOD + "removed = 'refresh'\n", "rule 1", "`$.removed`"),
        ("[[rule]]\n" + BUCKET + PRODUCT + "url = []\n", "rule 1", "url: the list is empty"),
        ("[[rule]]\n" + BUCKET + PRODUCT + "url = 'https://img.example.com/'\n", "rule 1", "with {key} in it"),
        ("[[rule]]\n" + BUCKET + PRODUCT + "url = 'img.example.com/{key}'\n", "rule 1", "must be http(s)://host/"),
        ("[[rule]]\n" + BUCKET + PRODUCT + "url = 'https://{key}/'\n", "rule 1", "must be http(s)://host/"),
        ("[[rule]]\n" + BUCKET + PRODUCT + "url = 'https://h/{name}/{key}'\n", "rule 1", "must be http(s)://host/"),
        ("[[rule]]\n" + BUCKET + PRODUCT + "url = 'https://h/图/{key}'\n", "rule 1", "in ASCII"),
    ],
)
def test_a_bad_file_stops_the_start_with_place_fault_and_example(
    tmp_path: Path, text: str | bytes, place: str, fault: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read(tmp_path, text)
    line = str(raised.value)
    assert line.startswith(f"TASK_STATUS_RULES={tmp_path / 'rules.toml'}: ")
    assert place in line
    assert fault in line
    assert line.endswith(EXAMPLE)
    assert "\n" not in line


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read_rules(tmp_path / "nowhere.toml", ("cdn",))


def test_the_example_in_the_refusal_is_itself_a_good_file(tmp_path: Path) -> None:
    assert len(tomllib.loads(EXAMPLE)["rule"]) == len(read(tmp_path, EXAMPLE).rules) == 1


def actions(change: ObjectChange, *rules: Rule, submit: bool = True) -> list[tuple[str, str, str]]:
    found = Rules(rules).actions(change, submit=submit)
    return [(action.kind, action.object_type, action.object_path) for action in found]


REMOVED = ObjectChange(bucket="pics", key="a/b.html", event="ObjectRemoved:DeleteObject", kind=ChangeKind.REMOVED)
BOTH = Rule(
    bucket="pics",
    product="cdn",
    url="http://h/{key}",
    created=("refresh", "preload"),
    removed=("refresh",),
)


def test_what_is_done_depends_on_what_happened() -> None:
    assert actions(changed("a b.html"), BOTH) == [
        ("refresh", "file", "http://h/a%20b.html"),
        ("preload", "file", "http://h/a%20b.html"),
    ]
    assert actions(REMOVED, BOTH) == [("refresh", "file", "http://h/a/b.html")]


def test_without_the_switch_or_a_rule_that_says_so_a_change_is_only_followed() -> None:
    assert actions(REMOVED, BOTH, submit=False) == [("follow", "file", "http://h/a/b.html")]
    assert actions(REMOVED, rule("http://h/{key}")) == [("follow", "file", "http://h/a/b.html")]


def test_rules_add_up_and_what_is_submitted_is_not_followed_besides() -> None:
    assert actions(REMOVED, rule("http://h/{key}"), BOTH, BOTH, rule("http://other/{key}")) == [
        ("refresh", "file", "http://h/a/b.html"),
        ("follow", "file", "http://other/a/b.html"),
    ]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("docs/index.html", ("directory", "http://h/docs/")),
        ("a b/c/index.html", ("directory", "http://h/a%20b/c/")),
        ("index.html", ("directory", "http://h/")),
        ("docs/myindex.html", ("file", "http://h/docs/myindex.html")),
        ("docs/index.html/x", ("file", "http://h/docs/index.html/x")),
        ("docs/", ("file", "http://h/docs/")),
    ],
)
def test_an_index_object_refreshes_its_directory(key: str, expected: tuple[str, str]) -> None:
    indexed = msgspec.structs.replace(BOTH, directory_index="index.html")
    refresh, preload = actions(changed(key), indexed)
    assert refresh == ("refresh", *expected)
    assert preload[:2] == ("preload", "file")


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('removed = ["preload"]', "nothing left to preload"),
        ('directory_index = "a/b"', "a file name"),
        ('directory_index = "index.html"\nurl = "http://h/{key}?v=1"', "must end with"),
    ],
)
def test_a_rule_that_cannot_be_meant_stops_the_start(tmp_path: Path, more: str, fault: str) -> None:
    url = "" if "url" in more else 'url = "http://h/{key}"\n'
    with pytest.raises(SettingsError, match=fault):
        read(tmp_path, f'[[rule]]\nbucket = "pics"\nproduct = "cdn"\n{url}{more}\n')
