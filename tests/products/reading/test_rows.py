"""Reading rows out of every body the vendor has been seen to send, and out of those it might."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.errors import Reason, UpstreamFault
from functions.model import Row, Status
from functions.products.reading.rows import read_progress, read_tasks, read_time
from functions.products.reading.vocabulary import Vocabulary
from tests.support.samples import vendor_sample

GOOD = {
    "TaskId": "24840",
    "ObjectPath": "http://example.com/a.jpg",
    "ObjectType": "file",
    "Status": "Complete",
    "Process": "100%",
    "CreationTime": "2020-08-03T08:54:23Z",
    "Description": "",
}


def rows_of(body: Any) -> list[Row]:
    return [row for rows in read_tasks(body, Vocabulary(), product="cdn").rows.values() for row in rows]


def body_of(tasks: Any) -> dict[str, Any]:
    return {"RequestId": "R", "TotalCount": 1, "Tasks": tasks}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cdn_DescribeRefreshTaskById_2025", [("24840", Status.COMPLETE, 100.0, "Internal Error")]),
        (
            "cdn_DescribeRefreshTaskById_2021",
            [("12345678", Status.COMPLETE, 100.0, None), ("23456789", Status.RUNNING, 99.37, None)],
        ),
        ("dcdn_DescribeDcdnRefreshTaskById_2025", [("113681**", Status.COMPLETE, 100.0, "Internal Error")]),
        ("vod_DescribeVodRefreshTasks_2024", [("704225667", Status.COMPLETE, 100.0, "Internal Error")]),
        ("cdn_DescribeRefreshTasks_2025", [("704225667", Status.COMPLETE, 100.0, None)]),
        ("dcdn_DescribeDcdnRefreshTasks_2025", [("95248880", Status.COMPLETE, 10.0, "Internal Error")]),
    ],
)
def test_the_vendor_s_samples_read_as_documented(name: str, expected: list[tuple[Any, ...]]) -> None:
    rows = rows_of(vendor_sample(name))
    assert [(row.task_id, row.status, row.progress, row.description) for row in rows] == expected
    assert all(row.failure is None for row in rows), "a Description on a healthy row is no failure"


@pytest.mark.parametrize(
    "tasks",
    [
        [GOOD],
        {"CDNTask": [GOOD]},
        {"Task": [GOOD]},
        {"Task": GOOD},
        GOOD,
        {"DCDNTask": [GOOD]},
        [None, GOOD],
        [GOOD, "x"],
    ],
    ids=["array", "CDNTask", "Task", "single-in-Task", "single", "other-wrapper", "null-row", "mixed"],
)
def test_a_row_is_found_in_every_wrapper(tasks: Any) -> None:
    assert [row.task_id for row in rows_of(body_of(tasks))] == ["24840"]


@pytest.mark.parametrize(
    "body",
    [
        body_of([]),
        body_of(None),
        body_of({}),
        body_of(""),
        body_of({"Task": []}),
        body_of({"CDNTask": None}),
        body_of({"Task": {}}),
        body_of([None]),
        {"RequestId": "R", "TotalCount": 0},
    ],
    ids=["array", "null", "object", "text", "Task-empty", "CDNTask-null", "Task-object", "null-row", "missing"],
)
def test_no_tasks_reads_as_no_tasks(body: Any) -> None:
    assert rows_of(body) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        7,
        {},
        {"Hello": "world"},
        body_of("x"),
        body_of(7),
        body_of(True),
        body_of(["x"]),
        body_of([["x"]]),
        body_of([{"ObjectPath": "http://example.com/a.jpg"}]),
        body_of({"Task": "x"}),
        body_of({"Task": [], "CDNTask": []}),
        body_of({"Task": {"Inner": [GOOD]}}),
    ],
)
def test_a_body_that_is_not_understood_is_never_no_tasks(body: Any) -> None:
    with pytest.raises(UpstreamFault) as caught:
        rows_of(body)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (None, "the body is null, not an object"),
        ({"Hello": "world"}, "the body has none of the documented members"),
        (body_of(7), "Tasks is a int"),
        (body_of(["x"]), "1 rows without a usable TaskId"),
        (body_of({"Task": [], "CDNTask": []}), "Tasks is an object of an unknown shape"),
        (body_of({"Task": {"Inner": [GOOD]}}), "Tasks holds a dict"),
    ],
)
def test_a_body_that_is_not_understood_is_described_for_the_log(body: Any, detail: str) -> None:
    with pytest.raises(UpstreamFault) as caught:
        rows_of(body)
    assert (caught.value.product, caught.value.detail) == ("cdn", detail)


def test_a_good_row_survives_beside_one_that_names_no_task_and_the_loss_is_known() -> None:
    reading = read_tasks(body_of([GOOD, {"ObjectPath": "http://example.com/b.jpg"}]), Vocabulary(), product="cdn")
    assert list(reading.rows) == ["24840"]
    assert reading.unreadable == 1


def test_numbers_extra_keys_and_other_letter_case_do_no_harm() -> None:
    (row,) = rows_of(
        {"requestId": "R", "tasks": [{**GOOD, "TaskId": 24840, "Process": 99.5, "Status": "REFRESHING", "New": {}}]}
    )
    assert (row.task_id, row.progress, row.status, row.raw_status) == ("24840", 99.5, Status.RUNNING, "REFRESHING")
    (row,) = rows_of(body_of([{name.lower(): value for name, value in GOOD.items()}]))
    assert (row.task_id, row.status) == ("24840", Status.COMPLETE)


def test_two_thousand_rows_of_one_id_are_one_task() -> None:
    rows = [{**GOOD, "ObjectPath": f"http://example.com/{n}"} for n in range(2000)]
    reading = read_tasks(body_of(rows), Vocabulary(), product="cdn")
    assert [len(found) for found in reading.rows.values()] == [2000]


def test_a_directory_is_a_directory_whatever_dcdn_calls_it() -> None:
    (row,) = rows_of(vendor_sample("dcdn_DescribeDcdnRefreshTasks_2025"))
    assert row.object_type == "directory"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Complete", Status.COMPLETE),
        ("Refreshing", Status.RUNNING),
        ("Preloading", Status.RUNNING),
        ("Pending", Status.PENDING),
        ("PreloadPending", Status.PENDING),
        ("Failed", Status.FAILED),
        ("Timeout", Status.TIMEOUT),
        ("Canceled", Status.CANCELED),
        (" complete ", Status.COMPLETE),
        ("Levitating", Status.UNKNOWN),
        ("", Status.UNKNOWN),
        (None, Status.UNKNOWN),
        (["Complete"], Status.UNKNOWN),
    ],
)
def test_every_status_word_means_what_the_catalogue_says(word: Any, status: Status) -> None:
    (row,) = rows_of(body_of([{**GOOD, "Status": word}]))
    assert row.status is status


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("Internal Error", "internal-error"),
        ("InternalError", "internal-error"),
        ("Origin Timeout", "origin-timeout"),
        ("OriginTimeout", "origin-timeout"),
        ("Origin Return StatusCode 5XX", "origin-5xx"),
        ("OriginReturn StatusCode 5XX", "origin-5xx"),
        ("OriginReturnStatusCode 5XX", "origin-5xx"),
        ("Origin Return StatusCode 503", "origin-5xx"),
        ("Origin Return StatusCode 404", "other"),
        ("gremlins", "other"),
        ("", "other"),
        (None, "other"),
    ],
)
def test_a_failed_row_has_a_stable_reason(description: Any, reason: str) -> None:
    (row,) = rows_of(body_of([{**GOOD, "Status": "Failed", "Description": description}]))
    assert row.failure == reason


@pytest.mark.parametrize(
    ("figure", "progress"),
    [
        ("100%", 100.0),
        ("99.37%", 99.37),
        ("10", 10.0),
        (" 7 % ", 7.0),
        (100, 100.0),
        (99.5, 99.5),
        (250, 100.0),
        ("250%", 100.0),
        ("", None),
        ("-5%", None),
        (-5, None),
        ("abc", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (float("inf"), None),
        ("1e2", None),
        ([], None),
    ],
)
def test_progress_is_a_figure_from_0_to_100_or_none(figure: Any, progress: float | None) -> None:
    assert read_progress(figure) == progress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-08-03T08:54:23Z", datetime(2020, 8, 3, 8, 54, 23, tzinfo=UTC)),
        ("2020-08-03T08:54Z", datetime(2020, 8, 3, 8, 54, tzinfo=UTC)),
        ("2017-12-21T08:00:00:00Z", datetime(2017, 12, 21, 8, 0, tzinfo=UTC)),
        ("2020-08-03T16:54:23+08:00", datetime(2020, 8, 3, 8, 54, 23, tzinfo=UTC)),
        ("2020-08-03T08:54:23.123Z", datetime(2020, 8, 3, 8, 54, 23, tzinfo=UTC)),
        ("2022-05-20 08:23:22", None),
        ("2020-13-03T08:54:23Z", None),
        ("0001-01-01T00:00:00+23:00", None),
        ("", None),
        (1596444863, None),
        (None, None),
    ],
)
def test_a_creation_time_parses_or_is_null(text: Any, expected: datetime | None) -> None:
    assert read_time(text) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["Tasks", "Task", "CDNTask", "RequestId", "x", *GOOD]), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_no_body_at_all_makes_the_reader_fail_in_another_way(body: Any, tasks: Any) -> None:
    for candidate in (body, body_of(tasks), body_of([GOOD, tasks])):
        try:
            reading = read_tasks(candidate, Vocabulary(), product="cdn")
        except UpstreamFault as fault:
            assert fault.reason is Reason.MALFORMED  # noqa: PT017 -- one of two good ends
        else:
            assert all(0 <= row.progress <= 100 for rows in reading.rows.values() for row in rows if row.progress)


@given(JSON)
def test_a_good_row_is_never_lost_to_its_neighbour(neighbour: Any) -> None:
    assert "24840" in {row.task_id for row in rows_of(body_of([neighbour, GOOD]))}


@pytest.mark.parametrize("blanks", [30_000, 3_000_000])
def test_a_hostile_progress_is_read_in_linear_time(blanks: int) -> None:
    """Case V6: a quadratic pattern takes minutes for this, past the suite's timeout."""
    assert read_progress("1" + " " * blanks + "x") is None


def test_text_that_is_no_utf_8_can_be_answered() -> None:
    body = {"RequestId": "R", "Tasks": [{"TaskId": "1", "ObjectPath": "http://a/\ud800", "Status": "\ud800"}]}
    (row,) = read_tasks(body, Vocabulary(), product="cdn").rows["1"]
    assert (row.object_path, row.raw_status) == ("http://a/?", "?")


def test_a_number_of_any_size_is_survived() -> None:
    body = {"RequestId": "R", "TotalCount": "9" * 5_000, "Tasks": [{"TaskId": 10**40, "Process": "9" * 5_000}]}
    with pytest.raises(UpstreamFault):
        read_tasks(body, Vocabulary(), product="cdn")


@pytest.mark.parametrize("spell", [str.lower, str.upper, lambda name: name[0].lower() + name[1:]])
def test_a_row_whose_members_are_spelled_otherwise_loses_none_of_them(spell: Callable[[str], str]) -> None:
    full = {**GOOD, "Status": "Failed", "Description": "Internal Error"}
    assert rows_of(body_of([{spell(name): value for name, value in full.items()}])) == rows_of(body_of([full]))
