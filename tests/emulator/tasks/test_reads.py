"""By id and by list: shapes per operation, rules and refusals (docs/vendor.md 1.1-1.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.tasks.backend import TaskBackend
from emulator.tasks.selection import Selection
from emulator.tasks.transition import Row
from emulator.testing import Emulator, ManualClock
from tests.emulator.wire import Answer, SignedRequest

LISTS = {"cdn": "DescribeRefreshTasks", "dcdn": "DescribeDcdnRefreshTasks", "vod": "DescribeVodRefreshTasks"}
BY_IDS = {"cdn": "DescribeRefreshTaskById", "dcdn": "DescribeDcdnRefreshTaskById"}
MEMBERS = {"cdn": "CDNTask", "dcdn": "Task", "vod": "Task"}
PAGE_SIZES = {"cdn": 100, "dcdn": 50, "vod": 50}
every_product = pytest.mark.parametrize("product", LISTS)
every_by_id = pytest.mark.parametrize("product", BY_IDS)


def by_id(emu: Emulator, product: str, ids: str) -> Answer:
    return SignedRequest(action=BY_IDS[product], product=product, params={"TaskId": ids}).send(emu)


def listed(emu: Emulator, product: str, **params: object) -> Answer:
    words = {name: str(value) for name, value in params.items()}
    return SignedRequest(action=LISTS[product], product=product, params=words).send(emu)


def rows_of(answer: Answer, product: str) -> list[dict[str, str]]:
    assert answer.status == 200, answer.body
    found: list[dict[str, str]] = _body(answer)["Tasks"][MEMBERS[product]]
    return found


def _body(answer: Answer) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(answer.body)
    return decoded


def at(clock: ManualClock, seconds: float = 0) -> str:
    return (datetime.fromtimestamp(clock.now(), UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


# By id


def test_the_samples_are_known_to_exactly_their_products(emu: Emulator) -> None:
    ids = {"24840": "cdn", "12345678": "cdn", "23456789": "cdn", "113681": "dcdn", "704225667": "vod", "999": ""}
    for task_id, owner in ids.items():
        known = {product for product in LISTS if rows_of(listed(emu, product, TaskId=task_id), product)}
        known |= {product for product in BY_IDS if _body(by_id(emu, product, task_id))["Tasks"]}
        assert known == ({owner} if owner else set()), task_id
        emu.limits.restore()


@every_by_id
def test_by_id_answers_an_array_of_the_documented_strings(emu: Emulator, product: str) -> None:
    body = _body(by_id(emu, product, {"cdn": "24840", "dcdn": "113681"}[product]))
    (row,) = body["Tasks"]
    assert body["TotalCount"] == 1
    assert set(row) == {"TaskId", "ObjectPath", "ObjectType", "Status", "Process", "CreationTime", "Description"}
    assert (row["Status"], row["Process"], row["Description"]) == ("Complete", "100%", "Internal Error")


def test_progress_has_decimals_as_in_the_sample_of_2021(emu: Emulator) -> None:
    (row,) = _body(by_id(emu, "cdn", "23456789"))["Tasks"]
    assert (row["Status"], row["Process"]) == ("Refreshing", "99.37%")


def test_every_row_of_every_id_comes_in_one_body_and_unknown_ids_are_missing(still: Emulator) -> None:
    for task_id in ("1", "2"):
        still.tasks.add("cdn", [f"http://a.example.com/{n}" for n in range(2_000)], task_id=task_id)
    body = _body(by_id(still, "cdn", "2,999,1,2"))
    assert body["TotalCount"] == 4_000
    assert {row["TaskId"] for row in body["Tasks"]} == {"1", "2"}


@every_by_id
def test_a_task_is_gone_after_three_days(still: Emulator, clock: ManualClock, product: str) -> None:
    still.tasks.add(product, ["http://a.example.com/1"], task_id="1")
    clock.advance(3 * 86_400)
    assert _body(by_id(still, product, "1"))["TotalCount"] == 1
    clock.advance(1)
    assert _body(by_id(still, product, "1"))["TotalCount"] == 0
    assert rows_of(listed(still, product), product) == []


@pytest.mark.parametrize(("product", "code"), [("cdn", "InvalidParameters"), ("dcdn", "InvalidTaskId")])
def test_ten_ids_a_call_and_not_one_more(emu: Emulator, product: str, code: str) -> None:
    assert by_id(emu, product, ",".join("1" * n for n in range(1, 11))).status == 200
    answer = by_id(emu, product, ",".join("1" * n for n in range(1, 12)))
    assert (answer.status, answer.code) == (400, code)


@every_by_id
@pytest.mark.parametrize("ids", ["abc", "1,", "1,,2", "1, 2", "-1", "1.5", "١٢"])
def test_ids_are_digits(emu: Emulator, product: str, ids: str) -> None:
    answer = by_id(emu, product, ids)
    assert (answer.status, answer.code) == (400, "InvalidTaskId.Malformed")


@every_by_id
def test_the_id_is_required(emu: Emulator, product: str) -> None:
    answer = SignedRequest(action=BY_IDS[product], product=product, params={}).send(emu)
    assert (answer.status, answer.code) == (400, "MissingTaskId")


def test_a_wrong_version_or_action_is_not_found(emu: Emulator) -> None:
    wrong_version = SignedRequest(action="DescribeRefreshTasks", product="vod", params={})
    wrong_action = SignedRequest(action="DescribeEverything", params={})
    for request in (wrong_version, wrong_action):
        answer = request.send(emu)
        assert (answer.status, answer.code) == (404, "InvalidAction.NotFound")


def test_an_error_body_has_the_vendors_members(emu: Emulator) -> None:
    body = _body(by_id(emu, "dcdn", "x"))
    assert set(body) == {"RequestId", "HostId", "Code", "Message", "Recommend"}
    assert body["HostId"] == "dcdn.aliyuncs.com"
    assert body["Message"] == "The specified TaskId is invalid."


# List


@every_product
def test_a_list_has_its_paging_members_and_its_own_wrapper(emu: Emulator, product: str) -> None:
    body = _body(listed(emu, product))
    assert set(body) == {"RequestId", "PageNumber", "PageSize", "TotalCount", "Tasks"}
    assert list(body["Tasks"]) == [MEMBERS[product]]
    assert (body["PageNumber"], body["PageSize"]) == (1, 20)


@pytest.mark.parametrize(
    ("product", "object_type", "figure", "described"),
    [("cdn", "directory", "50%", False), ("dcdn", "path", "50", True), ("vod", "directory", "50%", True)],
)
def test_lists_differ_in_words(still: Emulator, product: str, object_type: str, figure: str, described: bool) -> None:
    still.tasks.add(product, [Row("http://a.example.com/d/", "Refreshing", 50)], object_type="directory")
    (row,) = rows_of(listed(still, product, ObjectType="directory"), product)
    assert (row["ObjectType"], row["Process"], "Description" in row) == (object_type, figure, described)


@every_product
def test_page_sizes_end_where_documented(still: Emulator, product: str) -> None:
    most = PAGE_SIZES[product]
    still.limits.lift()
    still.tasks.add(product, [f"http://a.example.com/{n}" for n in range(120)])
    assert len(rows_of(listed(still, product), product)) == 20
    assert len(rows_of(listed(still, product, PageSize=most), product)) == most
    for wrong in (
        {"PageSize": most + 1},
        {"PageSize": 0},
        {"PageNumber": 0},
        {"PageNumber": 100_001},
        {"PageSize": "x"},
    ):
        assert listed(still, product, **wrong).code == "InvalidParameters"


@every_product
def test_newest_first_and_rows_of_one_task_go_over_several_pages(
    still: Emulator, clock: ManualClock, product: str
) -> None:
    for task_id in ("1", "2", "3"):
        still.tasks.add(product, [f"http://a.example.com/{task_id}/{n}" for n in range(9)], task_id=task_id)
        clock.advance(1)
    pages = [rows_of(listed(still, product, PageSize=10, PageNumber=number), product) for number in (1, 2, 3, 4)]
    assert [[row["TaskId"] for row in page] for page in pages] == [
        ["3"] * 9 + ["2"],
        ["2"] * 8 + ["1"] * 2,
        ["1"] * 7,
        [],
    ]


@every_product
def test_filters_work_on_rows_not_on_tasks(still: Emulator, product: str) -> None:
    paths = ["http://a.example.com/1", "http://a.example.com/2", "http://b.example.com/3"]
    rows = [Row(paths[0]), Row(paths[1], "Failed", 10), Row(paths[2])]
    still.tasks.add(product, rows)

    def shown(**filters: str) -> list[str]:
        still.limits.restore()
        return [row["ObjectPath"] for row in rows_of(listed(still, product, **filters), product)]

    assert shown(Status="Failed", ObjectType="file") == [paths[1]]
    assert shown(DomainName="b.example.com", ObjectType="file") == [paths[2]]
    assert shown(ObjectPath=paths[0]) == [paths[0]]
    assert shown(ObjectPath="http://a.example.com/") == []
    assert shown(ObjectType="preload") == []


@every_product
@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ({"DomainName": "a.example.com"}, "MissingParameter.ObjectType"),
        ({"Status": "Complete"}, "MissingParameter.ObjectType"),
        ({"Status": "Pending", "ObjectType": "file"}, "InvalidStatus.ValueNotSupported"),
        ({"ObjectType": "path"}, "InvalidObjectType.ValueNotSupported"),
        ({"TaskId": "1,2"}, "InvalidTaskId.Malformed"),
        ({"StartTime": "2026-11-22T00:00:00Z"}, "MissingTimeParameter"),
        ({"EndTime": "2026-11-22T00:00:00Z"}, "MissingTimeParameter"),
        ({"StartTime": "2026-11-22T00:00Z", "EndTime": "2026-11-22T00:00:00Z"}, "InvalidStartTime.Malformed"),
        ({"StartTime": "2026-11-22T00:00:00Z", "EndTime": "2026-13-22T00:00:00Z"}, "InvalidEndTime.Malformed"),
    ],
)
def test_couplings_and_words_are_enforced(still: Emulator, product: str, filters: dict[str, str], code: str) -> None:
    answer = listed(still, product, **filters)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.parametrize(
    ("product", "status", "allowed"),
    [("cdn", "Timeout", True), ("dcdn", "Canceled", True), ("vod", "Timeout", False), ("vod", "Failed", True)],
)
def test_statuses_that_can_be_filtered_differ(still: Emulator, product: str, status: str, allowed: bool) -> None:
    assert (listed(still, product, Status=status, ObjectType="file").status == 200) is allowed


@every_product
def test_ranges_lie_in_order_and_within_three_days(still: Emulator, clock: ManualClock, product: str) -> None:
    cases: list[tuple[float, float, str]] = [
        (-3 * 86_400, 0, ""),
        (-3 * 86_400 - 1, 0, "InvalidTime"),
        (-10, -10, "InvalidEndTime.Mismatch"),
        (-10, -20, "InvalidEndTime.Mismatch"),
        (100, 200, "InvalidStartTime.ValueNotSupported"),
    ]
    for start, end, code in cases:
        assert listed(still, product, StartTime=at(clock, start), EndTime=at(clock, end)).code == code


@pytest.mark.parametrize(("inclusive", "found"), [(False, ["2"]), (True, ["3", "2"])])
def test_the_end_of_a_range_is_out_of_it_unless_switched(
    still: Emulator, clock: ManualClock, inclusive: bool, found: list[str]
) -> None:
    still.tasks.end_time_inclusive = inclusive
    for task_id in ("1", "2", "3"):
        still.tasks.add("cdn", ["http://a.example.com/1"], task_id=task_id)
        clock.advance(10)
    answer = listed(still, "cdn", StartTime=at(clock, -20), EndTime=at(clock, -10))
    assert [row["TaskId"] for row in rows_of(answer, "cdn")] == found


ROWS = st.lists(
    st.builds(
        Row,
        st.sampled_from([f"http://{host}.example.com/{n}" for host in "ab" for n in range(9)]),
        st.sampled_from(["Complete", "Failed"]),
    ),
    unique_by=lambda row: row.object_path,
    min_size=1,
)


@settings(deadline=None, max_examples=60)
@given(
    tasks=st.lists(st.tuples(ROWS, st.integers(0, 5))),
    size=st.integers(1, 12),
    domain=st.sampled_from([None, "a.example.com"]),
    status=st.sampled_from([None, "Failed"]),
)
def test_pages_of_any_size_add_up_to_what_matches(
    tasks: list[tuple[list[Row], int]], size: int, domain: str | None, status: str | None
) -> None:
    backend = TaskBackend(ManualClock())
    for rows, age in tasks:
        backend.add("cdn", rows, age=age)

    def page(number: int) -> tuple[int, list[str]]:
        chosen = Selection(domain_name=domain, status=status, page_number=number, page_size=size)
        found = backend.select("emulator", "cdn", chosen)
        return found.total, [f"{record.identity.task_id} {row.object_path}" for record, row in found.rows]

    expected = [
        f"{task.task_id} {row.object_path}"
        for task in backend.all("cdn")
        for row in task.rows
        if status in (None, row.status) and (domain is None or f"//{domain}/" in row.object_path)
    ]
    paged = [row for number in range(1, len(expected) // size + 2) for row in page(number)[1]]
    assert paged == expected
    assert page(1)[0] == len(expected)
