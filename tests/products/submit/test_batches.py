"""How URLs are put into calls, and what a minute lets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from functions.products.submit.batches import by_domain, calls_for, domain_of

HOSTS = st.sampled_from([f"{letter}.example.com" for letter in "abcdefg"])
URLS = st.lists(st.builds("https://{}/{}".format, HOSTS, st.integers(0, 60)), max_size=60)


def urls(host: str, count: int) -> list[str]:
    return [f"https://{host}/{number}" for number in range(count)]


@given(paths=URLS, per_call=st.integers(1, 12), domains=st.integers(1, 4))
def test_every_url_travels_once_and_no_call_is_over_a_limit(paths: list[str], per_call: int, domains: int) -> None:
    calls = calls_for(paths, per_call, domains)
    assert sorted(path for call in calls for path in call) == sorted(set(paths))
    for call in calls:
        assert 1 <= len(call) <= per_call
        assert len({domain_of(path) for path in call}) <= domains
    fewest = max(-(-len(set(paths)) // per_call), -(-len(by_domain(paths)) // domains))
    assert len(calls) <= fewest * 2


def test_a_thousand_urls_of_one_domain_are_one_call() -> None:
    assert len(calls_for(urls("a.example.com", 1_000), 1_000, 10)) == 1


def test_a_call_is_filled_up_with_the_next_domain() -> None:
    calls = calls_for([*urls("a", 60), *urls("b", 60)], 100, 10)
    assert [len(call) for call in calls] == [100, 20]


def test_the_domain_is_told_with_and_without_a_scheme_and_past_another_urls_name() -> None:
    written = ["http://A.example.com/x", "a.example.com/x", "HTTPS://a.example.com/?u=http://b.example.com/"]
    assert {domain_of(path) for path in written} == {"a.example.com"}
