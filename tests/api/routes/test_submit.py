"""`POST /v1/tasks`: what can be wrong with a submission, who may send one, and what it is answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from emulator.testing import Emulator, Refuse, Reset, Throttle
from functions.errors import RejectReason
from functions.model import TaskKey
from functions.products.submit.rejections import Accepted, Refused, RejectionCause
from functions.settings import AuthSettings, Settings, read_settings
from functions.tasks.query import ANONYMOUS_SCOPE
from functions.tasks.submit import Submission, SubmitAnswer, report_on
from functions.tasks.wiring import build_service
from functions.upstream.credentials import CredentialSource
from functions.upstream.endpoint import Endpoint
from tests.api.conftest import Opener
from tests.support.http_stub_service import StubTasks, problem, serving
from tests.support.real_service import KEY, environment_of
from tests.support.token_clock import NEVER

PATH = "/v1/tasks"
URL = "https://www.example.com/a.jpg"
SECRET = "a-secret-of-at-least-32-bytes-to-sign-with"
GUARDED = Settings(submit=True, auth=AuthSettings(mode="jwt", jwt_secret=SECRET))
EMULATED = Settings(
    submit=True, endpoints=dict.fromkeys(("cdn", "dcdn", "vod"), Endpoint("127.0.0.1:9100", protocol="HTTP"))
)


def body(**members: Any) -> dict[str, Any]:
    whole = {"action": "refresh", "product": "cdn", "objectPaths": [URL], **members}
    return {name: value for name, value in whole.items() if value != "absent"}


def token(**claims: Any) -> dict[str, str]:
    signed = jwt.encode({"exp": NEVER, "sub": "me", **claims}, SECRET, "HS256")
    return {"Authorization": f"Bearer {signed}"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[tuple[httpx.Client, StubTasks]]:
    tasks = StubTasks()
    with serving(GUARDED, tasks) as client:
        yield client, tasks


@pytest.fixture
def submitting(opened: Opener) -> httpx.Client:
    """A server over the emulator, where everybody may submit."""
    return opened(EMULATED)


def test_what_is_submitted_is_accepted_and_can_be_looked_up_where_it_says(
    submitting: httpx.Client, tasks: StubTasks
) -> None:
    response = submitting.post(PATH, json=body(objectType="directory", objectPaths=["https://www.example.com/img/"]))
    assert response.status_code == 202
    assert response.json() == {
        "tasks": [
            {"id": "cdn:4711", "product": "cdn", "taskId": "4711", "action": "refresh", "objectType": "directory"}
        ],
        "rejected": [],
    }
    assert response.headers["location"] == "/v1/tasks?taskId=cdn:4711"
    assert response.headers["retry-after"] == "1"
    assert response.headers["server-timing"] == 'cdn;dur=12.3;desc="1 call"'
    assert tasks.submissions == [
        Submission(
            action="refresh",
            product="cdn",
            object_type="directory",
            object_paths=("https://www.example.com/img/",),
            scope=ANONYMOUS_SCOPE,
        )
    ]
    assert submitting.get(response.headers["location"]).status_code == 200


@pytest.mark.parametrize("kind", ["absent", "file", "preload"])
def test_a_prefetch_is_one_of_files_whatever_it_is_called(
    submitting: httpx.Client, tasks: StubTasks, kind: str
) -> None:
    response = submitting.post(PATH, json=body(action="preload", objectType=kind))
    assert response.json()["tasks"][0]["objectType"] == "preload"
    assert tasks.submissions[0].object_type == "file"


FAULTS: dict[str, tuple[dict[str, Any], list[tuple[str, str | None]]]] = {
    "nothing at all": (
        {"action": "absent", "product": "absent", "objectPaths": "absent"},
        [("action", None), ("product", None), ("objectPaths", None)],
    ),
    "unknown members": ({"objectpaths": [URL], "token": "secret"}, [("objectpaths", None), ("token", None)]),
    "an unknown action": ({"action": "purge"}, [("action", '"purge"')]),
    "an action that is no word": ({"action": 1}, [("action", "1")]),
    "a product that is none": ({"product": "esa"}, [("product", '"esa"')]),
    "a kind of another action": ({"action": "preload", "objectType": "regex"}, [("objectType", '"regex"')]),
    "a preload as the kind of a refresh": ({"objectType": "preload"}, [("objectType", '"preload"')]),
    "no URLs": ({"objectPaths": []}, [("objectPaths", "[…]")]),
    "one URL without an array": ({"objectPaths": URL}, [("objectPaths", f'"{URL}"')]),
    "URLs that are none": (
        {"objectPaths": [URL, 1, None, "https://me@www.example.com/", "nothing", "ftp://www.example.com/"]},
        [
            ("objectPaths", "1"),
            ("objectPaths", "null"),
            ("objectPaths", "https://me@www.example.com/"),
            ("objectPaths", "nothing"),
            ("objectPaths", "ftp://www.example.com/"),
        ],
    ),
    "two URLs in one": ({"objectPaths": [f"{URL}\n{URL}"]}, [("objectPaths", f"{URL}\n{URL}")]),
    "a directory without a slash": ({"objectType": "directory"}, [("objectPaths", URL)]),
    "too many": ({"objectPaths": [f"{URL}?{number}" for number in range(1_001)]}, [("objectPaths", None)]),
    "everything at once": (
        {"action": "x", "product": "y", "objectType": "z", "objectPaths": ["-"]},
        [("action", '"x"'), ("product", '"y"'), ("objectType", '"z"'), ("objectPaths", "-")],
    ),
}


@pytest.mark.parametrize(("members", "expected"), FAULTS.values(), ids=FAULTS)
def test_all_faults_are_named_and_nothing_is_submitted(
    submitting: httpx.Client, tasks: StubTasks, members: dict[str, Any], expected: list[tuple[str, str | None]]
) -> None:
    document = problem(submitting.post(PATH, json=body(**members)), 400, "invalid-request")
    assert sorted((each["parameter"], each["value"] or "") for each in document["errors"]) == sorted(
        (name, value or "") for name, value in expected
    )
    assert all(each["detail"] for each in document["errors"])
    assert "secret" not in str(document)
    assert tasks.submissions == []


def test_a_url_is_submitted_as_clients_send_it(submitting: httpx.Client, tasks: StubTasks) -> None:  # case U3
    given = ["https://WWW.example.com/#/home", "https://www.example.com/100%.png", "https://www.example.com/图 1.png"]
    assert submitting.post(PATH, json=body(objectPaths=given)).status_code == 202
    assert tasks.submissions[0].object_paths == (
        "https://www.example.com/",
        "https://www.example.com/100%25.png",
        "https://www.example.com/%E5%9B%BE%201.png",
    )


def test_a_pattern_is_no_url_and_stays_as_it_is(submitting: httpx.Client, tasks: StubTasks) -> None:
    pattern = r"https://www.example.com/a/.*\.jpg"
    assert submitting.post(PATH, json=body(objectType="regex", objectPaths=[pattern])).status_code == 202
    assert tasks.submissions[0].object_paths == (pattern,)


def test_a_backslash_is_read_as_browsers_do(guarded: tuple[httpx.Client, StubTasks]) -> None:
    sent = body(objectPaths=["https://evil.example\\@www.example.com/"])
    problem(guarded[0].post(PATH, json=sent, headers=token(domains=["www.example.com"])), 403, "forbidden")


def test_a_thousand_urls_and_their_repetitions_fit(submitting: httpx.Client, tasks: StubTasks) -> None:
    paths = [f"{URL}?{number}" for number in range(1_000)]
    assert submitting.post(PATH, json=body(objectPaths=paths + paths)).status_code == 202
    assert tasks.submissions[0].object_paths == tuple(paths)


def test_the_body_must_be_one_json_object_and_no_larger_than_others(submitting: httpx.Client) -> None:
    as_json = {"Content-Type": "application/json"}
    problem(submitting.post(PATH, content=b"[]", headers=as_json), 400, "invalid-json")
    problem(submitting.post(PATH, content=b"{", headers=as_json), 400, "invalid-json")
    problem(submitting.post(PATH, content=b" " * 300_000, headers=as_json), 413, "body-too-large")
    problem(submitting.post(PATH, content=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported-media-type")
    problem(submitting.post(PATH + "?product=cdn", json=body()), 400, "invalid-request")
    stream = {"Accept": "text/event-stream"}
    problem(submitting.post(PATH, json=body(), headers=stream), 406, "streaming-unavailable")


def test_both_methods_are_named_to_who_uses_another(submitting: httpx.Client) -> None:
    assert submitting.put(PATH).headers["allow"] == "GET, HEAD, OPTIONS, POST"


SHUT = {
    "by default": (Settings(), "submitting-off", "TASK_STATUS_SUBMIT=on"),
    "without the switch, however guarded": (
        Settings(auth=GUARDED.auth),
        "submitting-off",
        "TASK_STATUS_SUBMIT=on",
    ),
    "to everybody, on the real products": (Settings(submit=True), "submitting-unguarded", "TASK_STATUS_AUTH=jwt"),
    "to everybody, on one real product": (
        Settings(submit=True, endpoints={"cdn": Endpoint("127.0.0.1"), "dcdn": Endpoint("[::1]:80")}),
        "submitting-unguarded",
        "TASK_STATUS_AUTH=jwt",
    ),
    "to everybody, on another machine": (
        Settings(submit=True, products=("cdn",), endpoints={"cdn": Endpoint("127.0.0.1.example.com")}),
        "submitting-unguarded",
        "TASK_STATUS_AUTH=jwt",
    ),
}


@pytest.mark.parametrize(("settings", "reason", "names"), SHUT.values(), ids=SHUT)
def test_submitting_is_shut(opened: Opener, tasks: StubTasks, settings: Settings, reason: str, names: str) -> None:
    document = problem(opened(settings).post(PATH, json=body(), headers=token()), 403, reason)
    assert names in document["detail"]
    assert tasks.submissions == []


@pytest.mark.parametrize("host", ["127.0.0.1:9100", "127.8.8.8", "localhost:80", "[::1]:9100"])
def test_the_emulator_may_be_submitted_to_by_everybody(opened: Opener, host: str) -> None:
    settings = Settings(submit=True, products=("cdn",), endpoints={"cdn": Endpoint(host)})
    assert opened(settings).post(PATH, json=body()).status_code == 202


def test_who_is_not_let_in_learns_nothing_else(guarded: tuple[httpx.Client, StubTasks]) -> None:
    problem(guarded[0].post(PATH, json=body()), 401, "missing-token")


ALLOWED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({}, {"objectType": "regex"}),
    ({"actions": ["refresh"]}, {}),
    ({"actions": ["refresh"]}, {"objectType": "ignoreparams"}),
    ({"actions": ["preload"]}, {"action": "preload"}),
    ({"actions": ["refresh", "directory"]}, {"objectType": "directory", "objectPaths": ["https://a.example.com/"]}),
    ({"actions": ["refresh", "regex"]}, {"objectType": "regex"}),
    ({"products": ["cdn"]}, {}),
    ({"domains": ["www.example.com"]}, {}),
    ({"domains": ["WWW.example.com"]}, {"objectPaths": ["www.EXAMPLE.com/a"]}),
    ({"domains": ["*.example.com"]}, {"objectPaths": ["http://a.b.example.com:8080/x?u=http://evil.example/"]}),
    ({"domains": ["www.example.com"]}, {"objectType": "regex", "objectPaths": ["www.example.com/(a|b)"[:17]]}),
]
FORBIDDEN: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    ({"actions": []}, {}, ["action"]),
    ({"actions": ["preload", "directory", "regex"]}, {}, ["action"]),
    ({"actions": ["refresh"]}, {"action": "preload"}, ["action"]),
    ({"actions": ["refresh"]}, {"objectType": "directory", "objectPaths": ["a.example.com/"]}, ["objectType"]),
    ({"actions": ["refresh", "directory"]}, {"objectType": "regex"}, ["objectType"]),
    ({"actions": ["regex"]}, {"objectType": "regex"}, ["action"]),
    ({"products": []}, {}, ["product"]),
    ({"products": ["dcdn", "vod"]}, {}, ["product"]),
    ({"domains": []}, {}, ["objectPaths"]),
    ({"domains": ["example.com"]}, {}, ["objectPaths"]),
    ({"domains": ["*.example.com"]}, {"objectPaths": ["https://example.com/"]}, ["objectPaths"]),
    ({"domains": ["www.example.com"]}, {"objectPaths": [URL, "evil.example/x", URL + "?"]}, ["objectPaths"]),
    ({"domains": ["www.example.com"]}, {"objectPaths": ["evil.example/?http://www.example.com/"]}, ["objectPaths"]),
    (
        {"domains": ["www.example.com"]},
        {"objectType": "regex", "objectPaths": ["www.example.com/|evil.example/.*"]},
        ["objectPaths"],
    ),
    (
        {"actions": ["preload"], "products": ["vod"], "domains": ["a"]},
        {"objectType": "regex"},
        ["product", "action", "objectType", "objectPaths"],
    ),
]


@pytest.mark.parametrize(("claims", "members"), ALLOWED)
def test_a_token_allows(
    guarded: tuple[httpx.Client, StubTasks], claims: dict[str, Any], members: dict[str, Any]
) -> None:
    assert guarded[0].post(PATH, json=body(**members), headers=token(**claims)).status_code == 202


@pytest.mark.parametrize(("claims", "members", "parameters"), FORBIDDEN)
def test_a_token_does_not_allow(
    guarded: tuple[httpx.Client, StubTasks], claims: dict[str, Any], members: dict[str, Any], parameters: list[str]
) -> None:
    client, tasks = guarded
    before = len(tasks.submissions)
    document = problem(client.post(PATH, json=body(**members), headers=token(**claims)), 403, "forbidden")
    assert [each["parameter"] for each in document["errors"]] == parameters
    assert len(tasks.submissions) == before


def test_an_odd_host_cannot_be_smuggled_past_the_claim(guarded: tuple[httpx.Client, StubTasks]) -> None:
    for path in (
        "https://www.example.com@evil.example/",
        "//www.example.com/",
    ):
        document = problem(
            guarded[0].post(PATH, json=body(objectPaths=[path]), headers=token(domains=["www.example.com"])),
            400,
            "invalid-request",
        )
        assert document["errors"][0]["value"] == path


OUTCOMES: list[tuple[RejectReason, int, str | None]] = [
    (RejectReason.QUOTA_EXCEEDED, 429, None),
    (RejectReason.QUOTA_RESERVED, 429, None),
    (RejectReason.QUOTA_UNKNOWN, 503, "30"),
    (RejectReason.QUEUE_FULL, 429, "60"),
    (RejectReason.THROTTLED, 429, "7"),
    (RejectReason.DEADLINE, 503, "2"),
    (RejectReason.UNAVAILABLE, 503, "2"),
    (RejectReason.INVALID_OBJECT_PATH, 422, None),
    (RejectReason.DOMAIN_NOT_FOUND, 422, None),
    (RejectReason.OVER_LIMIT, 422, None),
    (RejectReason.OBJECT_TYPE_UNSUPPORTED, 422, None),
    (RejectReason.REJECTED, 422, None),
    (RejectReason.DENIED, 409, None),
    (RejectReason.BAD_CREDENTIALS, 409, None),
    (RejectReason.NOT_ACTIVATED, 409, None),
    (RejectReason.UNKNOWN_OUTCOME, 504, None),
]


def rejecting(reason: RejectReason, retry_after: float | None) -> Any:
    async def work(submission: Submission) -> SubmitAnswer:
        refusal = RejectionCause(reason=reason, vendor_code="Vendor.Code", retry_after=retry_after)
        report = report_on(submission, (), (Refused(submission.object_paths, refusal),))
        return SubmitAnswer(report=report, accepted=())

    return work


@pytest.mark.parametrize(("reason", "status", "retry_after"), OUTCOMES)
def test_when_nothing_was_accepted_the_problem_says_why(
    submitting: httpx.Client, tasks: StubTasks, reason: RejectReason, status: int, retry_after: str | None
) -> None:
    tasks.submit_work = rejecting(reason, float(retry_after) if retry_after else None)
    response = submitting.post(PATH, json=body())
    document = problem(response, status, reason.value)
    (rejection,) = document["rejected"]
    assert (rejection["objectPaths"], rejection["reason"]) == ([URL], reason.value)
    assert rejection["vendorCode"] == "Vendor.Code"
    assert response.headers.get("retry-after") == retry_after


def test_every_reason_has_a_problem_of_its_own() -> None:
    assert {reason for reason, _, _ in OUTCOMES} == set(RejectReason)


def test_where_to_look_is_left_out_when_it_is_too_long(submitting: httpx.Client, tasks: StubTasks) -> None:
    async def many(submission: Submission) -> SubmitAnswer:
        accepted = (Accepted(submission.object_paths, tuple(TaskKey("cdn", str(10**10 + n)) for n in range(count))),)
        return SubmitAnswer(report=report_on(submission, accepted, ()), accepted=accepted)

    tasks.submit_work = many
    for count, told in ((126, True), (127, False)):
        response = submitting.post(PATH, json=body())
        assert ("location" in response.headers) == told, count
        assert len(response.headers.get("location", "")) < 2_048


@pytest.fixture
def over_the_emulator(emu: Emulator) -> Iterator[httpx.Client]:
    settings = read_settings(environment_of(emu, submit="on"))
    service = build_service(settings, CredentialSource(KEY))
    with serving(settings, service) as client:
        yield client


def test_the_whole_way_from_a_submission_to_its_report(over_the_emulator: httpx.Client, emu: Emulator) -> None:
    bad = "https://www.example.com/" + "x" * 1_100
    response = over_the_emulator.post(PATH, json=body(objectPaths=[URL, bad, "https://img.example.com/b"]))
    answer = response.json()
    assert (response.status_code, len(answer["tasks"])) == (202, 2)
    assert [(each["objectPaths"], each["reason"]) for each in answer["rejected"]] == [([bad], "invalid-object-path")]
    report = over_the_emulator.get(response.headers["location"]).json()
    assert {row["objectPath"] for task in report["tasks"] for row in task["objects"]} == {
        URL,
        "https://img.example.com/b",
    }


def test_the_vendors_refusals_reach_the_caller(over_the_emulator: httpx.Client, emu: Emulator) -> None:
    emu.faults.add("dcdn", Refuse(code="QuotaExceeded.Preload", status=400))
    emu.faults.add("vod", Throttle(retry_after_ms=30_000))
    emu.faults.add("cdn", Reset(when="before-answer"))
    post = over_the_emulator.post
    problem(post(PATH, json=body(product="dcdn", action="preload")), 429, "quota-exceeded")
    throttled = post(PATH, json=body(product="vod"))
    problem(throttled, 429, "throttled")
    assert throttled.headers["retry-after"] == "30"
    problem(post(PATH, json=body()), 504, "unknown-outcome")
    assert emu.calls.count("cdn") == 1
