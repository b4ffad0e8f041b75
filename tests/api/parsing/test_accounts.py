"""Accounts in questions, submissions and tokens; one that the caller may not see is one that does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from functions.accounts import Account
from functions.api.auth.claims import scope_from
from functions.api.parsing.query import to_query, to_quota_products
from functions.api.parsing.raw import from_query_string
from functions.api.parsing.submission import to_submission
from functions.errors import InvalidRequest
from functions.settings import Settings
from functions.tasks.query import EVERYTHING, LookupQuery, Scope, TaskQuery

ROLE = "acs:ram::1234567890123456:role/task-status"
ACCOUNTS = (
    Account(name="acme", role=ROLE, products=("cdn", "vod")),
    Account(name="globex", role=ROLE, products=("cdn", "dcdn")),
)
SETTINGS = Settings(accounts=ACCOUNTS)
OWN = ("cdn", "dcdn", "vod")


def read(parameters: Mapping[str, str], scope: Scope = EVERYTHING, settings: Settings = SETTINGS) -> TaskQuery:
    return to_query(from_query_string(urlencode(parameters).encode()), settings, scope)


def refused(
    parameters: Mapping[str, str], scope: Scope = EVERYTHING, settings: Settings = SETTINGS
) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        read(parameters, scope, settings)
    return [(fault.parameter, fault.detail) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("parameters", "products"),
    [
        ({}, OWN),
        ({"account": "own"}, OWN),
        ({"account": "acme"}, ("acme/cdn", "acme/vod")),
        ({"account": "acme,own"}, (*OWN, "acme/cdn", "acme/vod")),
        ({"account": "acme", "product": "cdn"}, ("acme/cdn",)),
        ({"account": "acme,globex", "product": "dcdn"}, ("globex/dcdn",)),
        ({"account": "own,globex", "product": "cdn"}, ("cdn", "globex/cdn")),
        ({"product": "acme/cdn,dcdn"}, ("dcdn", "acme/cdn")),
        ({"account": "acme", "product": "acme/vod"}, ("acme/vod",)),
    ],
)
def test_account_and_product_choose_together(parameters: dict[str, str], products: tuple[str, ...]) -> None:
    assert read(parameters).products == products
    assert to_quota_products(from_query_string(urlencode(parameters).encode()), SETTINGS, EVERYTHING) == products


def test_an_id_with_an_account_adds_no_product_for_those_without() -> None:
    query = read({"taskId": "1,acme/cdn:2,ACME/CDN:3"})
    assert isinstance(query, LookupQuery)
    assert query.products == OWN
    assert [(asked.product, asked.task_id) for asked in query.ids] == [
        (None, "1"),
        ("acme/cdn", "2"),
        ("acme/cdn", "3"),
    ]


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"account": "initech"}, "account"),
        ({"account": "Acme"}, "account"),
        ({"account": ""}, "account"),
        ({"product": "initech/cdn"}, "product"),
        ({"product": "acme/dcdn"}, "product"),
        ({"account": "acme", "product": "dcdn"}, "product"),
        ({"account": "acme", "product": "globex/cdn"}, "product"),
        ({"taskId": "initech/cdn:1"}, "taskId"),
        ({"taskId": "acme/dcdn:1"}, "taskId"),
        ({"taskId": "acme/1"}, "taskId"),
        ({"taskId": "a/b/cdn:1"}, "taskId"),
        ({"account": "acme", "taskId": "cdn:1"}, "taskId"),
        ({"job": "globex/vod:abc"}, "job"),
    ],
)
def test_what_is_not_there_is_one_fault(parameters: dict[str, str], parameter: str) -> None:
    assert [name for name, _ in refused(parameters)] == [parameter]


@pytest.mark.parametrize(
    "parameters", [{"account": "?"}, {"product": "?/cdn"}, {"taskId": "?/cdn:1"}, {"job": "?/vod:x"}]
)
def test_an_account_that_is_hidden_is_refused_in_the_words_for_one_that_is_not_there(
    parameters: dict[str, str],
) -> None:
    narrow = Scope(accounts=frozenset({"own", "acme"}))
    of_hidden, of_none = (
        refused({key: value.replace("?", name) for key, value in parameters.items()}, narrow)
        for name in ("globex", "initech")
    )
    assert of_hidden == of_none
    assert "globex" not in str(of_hidden)


def test_without_accounts_only_the_own_one_can_be_named() -> None:
    assert read({"account": "own"}, settings=Settings()).products == OWN
    assert refused({"account": "acme"}, settings=Settings()) == [
        ("account", "there is no such account; it must be one of own")
    ]


def submission(scope: Scope = EVERYTHING, **members: Any) -> str:
    body = {"action": "refresh", "objectPaths": ["https://a.example.com/x"], **members}
    return to_submission(body, SETTINGS, scope).product


def test_a_submission_names_its_account_in_either_way() -> None:
    assert submission(product="cdn") == "cdn"
    assert submission(product="acme/cdn") == "acme/cdn"
    assert submission(product="cdn", account="acme") == "acme/cdn"
    assert submission(product="cdn", account="own") == "cdn"


@pytest.mark.parametrize(
    "members",
    [
        {"product": "initech/cdn"},
        {"product": "dcdn", "account": "acme"},
        {"product": "cdn", "account": "initech"},
        {"product": "cdn", "account": 1},
        {"product": "acme/cdn", "account": "acme"},
    ],
)
def test_a_submission_to_what_is_not_there_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        submission(**members)
    assert caught.value.reason == "invalid-request"


def test_a_submission_beyond_the_token_is_forbidden() -> None:
    own_cdn = scope_from({"exp": 1, "products": ["cdn"]})
    with pytest.raises(InvalidRequest) as caught:
        submission(own_cdn, product="acme/cdn")
    assert caught.value.reason == "forbidden"


@pytest.mark.parametrize(
    ("claims", "allowed"),
    [
        ({}, {*OWN, "acme/cdn", "acme/vod", "globex/cdn", "globex/dcdn"}),
        ({"accounts": ["own"]}, {*OWN}),
        ({"accounts": ["acme"]}, {"acme/cdn", "acme/vod"}),
        ({"accounts": []}, set()),
        ({"products": ["cdn"]}, {"cdn"}),
        ({"products": ["cdn", "acme/vod"]}, {"cdn", "acme/vod"}),
        ({"products": ["cdn"], "accounts": ["own", "globex"]}, {"cdn", "globex/cdn"}),
        ({"products": ["acme/cdn"], "accounts": ["globex"]}, set()),
        ({"products": [], "accounts": ["acme"]}, set()),
    ],
)
def test_a_token_allows_products_of_accounts(claims: dict[str, Any], allowed: set[str]) -> None:
    audience = scope_from(claims).audience
    assert set(filter(audience.allows, SETTINGS.product_names)) == allowed
