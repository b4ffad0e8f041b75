"""What callers may write, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.api.parsing.parameters import PARAMETERS
from functions.api.parsing.query import to_query
from functions.api.parsing.raw import from_json, from_query_string
from functions.errors import InvalidRequest
from functions.model import Status
from functions.settings import Settings
from functions.tasks.query import EVERYTHING, ListQuery, LookupQuery, RequestedId, Scope, TaskQuery, Until

TWO_PRODUCTS = Settings(products=("cdn", "vod"))


def get(query: str, settings: Settings | None = None) -> TaskQuery:
    return to_query(from_query_string(query.encode()), settings or Settings(), EVERYTHING)


def post(body: object, settings: Settings | None = None) -> TaskQuery:
    return to_query(from_json(json.dumps(body).encode()), settings or Settings(), EVERYTHING)


def faults(error: pytest.ExceptionInfo[InvalidRequest]) -> list[tuple[str, str | None]]:
    return [(fault.parameter, fault.value) for fault in error.value.faults]


def lookup(query: str) -> LookupQuery:
    found = get(query)
    assert isinstance(found, LookupQuery)
    return found


def listing(query: str) -> ListQuery:
    found = get(query)
    assert isinstance(found, ListQuery)
    return found


def test_ids_may_be_repeated_and_joined_and_keep_their_order_once_each() -> None:
    ids = lookup("taskId=24840,dcdn:113681&taskId=7%2C24840&taskId=cdn:24840").ids
    assert [str(each) for each in ids] == ["24840", "dcdn:113681", "7", "cdn:24840"]
    assert ids[1] == RequestedId("113681", "dcdn")


def test_everything_left_out_has_its_documented_default() -> None:
    assert lookup("taskId=1") == LookupQuery(ids=(RequestedId("1"),), products=("cdn", "dcdn", "vod"))
    assert listing("") == ListQuery(products=("cdn", "dcdn", "vod"))


def test_a_lookup_takes_all_its_parameters() -> None:
    assert lookup("taskId=1&product=vod,cdn&objects=0&wait=55&until=changed&after=9f3c") == LookupQuery(
        ids=(RequestedId("1"),), products=("cdn", "vod"), objects=0, wait=55, until=Until.CHANGED, after="9f3c"
    )


def test_a_list_takes_all_its_parameters() -> None:
    found = listing(
        "product=cdn&objectPath=http://e.com/a,b.jpg%3Fx%3D1&domainName=img.example.com&objectType=file,regex"
        "&action=refresh&status=bad,running&startTime=2026-11-22T11:31:00%2B08:00&endTime=2026-11-22T04:00:00Z"
        "&pageSize=100&pageToken=abc.def&objects=20000"
    )
    assert found == ListQuery(
        products=("cdn",),
        object_paths=("http://e.com/a,b.jpg?x=1",),
        domain_name="img.example.com",
        object_types=("file", "regex"),
        action="refresh",
        statuses=(Status.FAILED, Status.TIMEOUT, Status.CANCELED, Status.RUNNING),
        start=datetime(2026, 11, 22, 3, 31, tzinfo=UTC),
        end=datetime(2026, 11, 22, 4, tzinfo=UTC),
        page_size=100,
        page_token="abc.def",
        objects=20_000,
    )


def test_a_json_object_asks_the_same_question_as_a_query_string() -> None:
    assert post(
        {"taskId": ["24840", "vod:9"], "product": ["cdn", "vod"], "objects": 5, "wait": 3.0, "until": "failed"}
    ) == get("taskId=24840,vod:9&product=cdn,vod&objects=5&wait=3&until=failed")
    assert post({"objectPath": ["http://e.com/a,b"], "status": ["bad"], "pageSize": 7}) == get(
        "objectPath=http://e.com/a,b&status=bad&pageSize=7"
    )


def test_only_json_names_more_than_one_url() -> None:
    found = post({"objectPath": ["http://e.com/a", "http://e.com/b"]})
    assert isinstance(found, ListQuery)
    assert found.object_paths == ("http://e.com/a", "http://e.com/b")


def test_the_scope_travels_with_the_question() -> None:
    scope = Scope(products=frozenset({"cdn"}))
    assert to_query(from_query_string(b"taskId=1"), Settings(), scope).scope == scope
    assert to_query(from_query_string(b""), Settings(), scope).scope == scope


@pytest.mark.parametrize(("timeout", "wait"), [(60.0, 55), (30.0, 25), (6.0, 1), (600.0, 55)])
def test_a_wait_ends_five_seconds_before_the_function_does(timeout: float, wait: int) -> None:
    found = get("taskId=1&wait=55", Settings(timeout_seconds=timeout))
    assert isinstance(found, LookupQuery)
    assert found.wait == wait


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("taskId=", [("taskId", "")]),
        ("taskId", [("taskId", "")]),
        ("taskId=abc", [("taskId", "abc")]),
        ("taskId=-1", [("taskId", "-1")]),
        ("taskId=" + "9" * 31, [("taskId", "9" * 31)]),
        ("taskId=%D9%A1", [("taskId", "\u0661")]),
        ("taskId=cdn:", [("taskId", "cdn:")]),
        ("taskId=esa:1", [("taskId", "esa:1")]),
        ("taskId=dcdn:1", [("taskId", "dcdn:1")]),
        ("taskId=cdn:1,vod:2,3&product=vod", [("taskId", "cdn:1")]),
        ("taskId=1&product=", [("product", "")]),
        ("taskId=1&product=dcdn", [("product", "dcdn")]),
        ("taskId=1&product=esa", [("product", "esa")]),
        ("taskId=1&wait=56", [("wait", "56")]),
        ("taskId=1&wait=-1", [("wait", "-1")]),
        ("taskId=1&wait=1.5", [("wait", "1.5")]),
        ("taskId=1&wait=", [("wait", "")]),
        ("taskId=1&wait=1&wait=2", [("wait", "2")]),
        ("taskId=1&objects=20001", [("objects", "20001")]),
        ("taskId=1&until=soon", [("until", "soon")]),
        ("taskId=1&until=changed", [("after", None)]),
        ("taskId=1&after=", [("after", "")]),
        ("taskId=1&status=failed&pageSize=5", [("status", "failed"), ("pageSize", "5")]),
        ("taskId=1&token=s3cret", [("token", None)]),
        ("task_id=1", [("task_id", None)]),
        ("wait=5&until=failed&after=x", [("wait", "5"), ("until", "failed"), ("after", "x")]),
        ("pageSize=0", [("pageSize", "0")]),
        ("pageSize=101", [("pageSize", "101")]),
        ("pageToken=" + "a" * 1_537, [("pageToken", "a" * 100 + "…")]),
        ("status=broken", [("status", "broken")]),
        ("action=purge", [("action", "purge")]),
        ("objectType=File", [("objectType", "File")]),
        ("objectPath=", [("objectPath", "")]),
        ("objectPath=http://e.com/a&objectPath=http://e.com/b", [("objectPath", "http://e.com/b")]),
        ("domainName=http://e.com", [("domainName", "http://e.com")]),
        ("startTime=2026-11-22", [("startTime", "2026-11-22")]),
        ("startTime=2026-11-22T03:31:00", [("startTime", "2026-11-22T03:31:00")]),
        ("startTime=2026-11-22T11:31:00+08:00", [("startTime", "2026-11-22T11:31:00 08:00")]),
        ("endTime=0001-01-01T00:00:00%2B14:00", [("endTime", "0001-01-01T00:00:00+14:00")]),
        ("startTime=2026-11-22T03:00:00Z&endTime=2026-11-22T03:00:00Z", [("endTime", "2026-11-22T03:00:00Z")]),
        ("object=oss://pics/a.jpg", [("object", "oss://pics/a.jpg")]),
        ("taskId=%FF", [("", None)]),
    ],
)
def test_a_fault_names_its_parameter_and_value(query: str, expected: list[tuple[str, str | None]]) -> None:
    with pytest.raises(InvalidRequest) as error:
        get(query, TWO_PRODUCTS)
    assert faults(error) == expected
    assert all(fault.detail for fault in error.value.faults)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("taskId=abc", "an id is 1 to 30 digits, or product:digits like cdn:24840"),
        ("action=purge", "it must be one of refresh, preload"),
        ("pageSize=0", "it must be a whole number from 1 to 100"),
    ],
)
def test_a_fault_says_what_the_value_must_be(query: str, detail: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        get(query)
    assert [fault.detail for fault in error.value.faults] == [detail]


def test_each_of_the_two_times_may_come_alone() -> None:
    assert listing("startTime=2026-11-22T03:31:00Z").start == datetime(2026, 11, 22, 3, 31, tzinfo=UTC)
    assert listing("endTime=2026-11-22T03:31:00Z").end == datetime(2026, 11, 22, 3, 31, tzinfo=UTC)


def test_a_default_value_is_taken_where_it_does_not_apply() -> None:
    """Case R3: generated clients send it along."""
    lookup = get("taskId=1&pageSize=20&objects=20&wait=0&until=done")
    assert isinstance(lookup, LookupQuery)
    assert isinstance(get("pageSize=20&objects=20&wait=0&until=done"), ListQuery)
    assert isinstance(post({"pageSize": 20, "objects": 20, "wait": 0, "until": "done"}), ListQuery)


def test_a_library_that_cannot_send_last_event_id_may_name_it_in_the_address() -> None:
    """Case F5."""
    query = get("taskId=1&after=v1&lastEventId=v2")
    assert isinstance(query, LookupQuery)
    assert query.after == "v2"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"taskId": "24840"}, [("taskId", '"24840"')]),
        ({"taskId": []}, [("taskId", "[]")]),
        ({"taskId": None}, [("taskId", "null")]),
        ({"taskId": [24840, True, "1", {"a": 1}, 1.5]}, [("taskId", "true"), ("taskId", "{…}"), ("taskId", "1.5")]),
        ({"taskId": ["1"], "wait": "5"}, [("wait", '"5"')]),
        ({"taskId": ["1"], "wait": True}, [("wait", "true")]),
        ({"taskId": ["1"], "wait": 1.5}, [("wait", "1.5")]),
        ({"taskId": ["1"], "wait": 10**30}, [("wait", str(10**30))]),
        ({"taskId": ["1"], "until": ["done"]}, [("until", "[…]")]),
        ({"product": "cdn"}, [("product", '"cdn"')]),
        ({"nonsense": 1}, [("nonsense", None)]),
    ],
)
def test_a_wrong_type_in_json_is_a_fault(body: dict[str, Any], expected: list[tuple[str, str | None]]) -> None:
    with pytest.raises(InvalidRequest) as error:
        post(body)
    assert faults(error) == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"a": NaN}', b"\xff", b'"\xff"', b'{"a":' + b"[" * 100_000, b'{"wait": 1e400}'],
)
def test_a_body_that_is_no_json_object_is_one_fault(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as error:
        from_json(body)
    assert error.value.reason == "invalid-json"


def test_every_fault_is_reported_at_once() -> None:
    with pytest.raises(InvalidRequest) as error:
        get("taskId=x,1,y&product=esa&wait=99&until=changed&objects=-3&status=bad&colour=red")
    assert faults(error) == [
        ("colour", None),
        ("status", "bad"),
        ("product", "esa"),
        ("taskId", "x"),
        ("taskId", "y"),
        ("objects", "-3"),
        ("wait", "99"),
        ("after", None),
    ]


def test_a_thousand_ids_are_the_most() -> None:
    thousand = [str(number) for number in range(1_000)]
    found = post({"taskId": thousand + thousand})
    assert isinstance(found, LookupQuery)
    assert len(found.ids) == 1_000
    with pytest.raises(InvalidRequest) as error:
        post({"taskId": [*thousand, "1000"]})
    assert faults(error) == [("taskId", None)]


def test_an_answer_is_not_larger_than_the_faults_of_a_thousand_values() -> None:
    with pytest.raises(InvalidRequest) as error:
        post({"taskId": [f"x{number}" for number in range(5_000)]})
    assert len(error.value.faults) == 1_000


@pytest.mark.parametrize("name", PARAMETERS)
def test_an_empty_value_of_any_parameter_is_a_fault(name: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        get(f"{name}=")
    assert name in [parameter for parameter, _ in faults(error)]
