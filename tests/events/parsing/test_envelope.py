"""Event formats: https://www.alibabacloud.com/help/en/functioncompute/fc/formats-of-event-for-different-triggers-1 ."""

from __future__ import annotations

import base64
import json

import pytest

from functions.events.parsing.envelope import read_envelope
from functions.events.parsing.events import CHANGE_KINDS, ChangeKind, Envelope, MalformedEvent, TaskCompletion
from tests.support.samples import event_sample

AWKWARD = "source/图 片/a+b%2Fc?d#e&f='1'.png"


def read(name: str) -> Envelope:
    return read_envelope(event_sample(name))


def put(**members: object) -> bytes:
    record = {"eventName": "ObjectCreated:PutObject", "oss": {"bucket": {"name": "b"}, "object": {"key": "k"}}}
    return json.dumps({"events": [record | members]}).encode()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("native-put", [("source/a.png", "ObjectCreated:PutObject", ChangeKind.CREATED)]),
        ("native-prefixed", [("source/a.png", "ObjectCreated:PutObject", ChangeKind.CREATED)]),
        ("native-append", [("source/app.log", "ObjectCreated:AppendObject", ChangeKind.CREATED)]),
        ("native-multipart", [("source/film.mp4", "ObjectCreated:CompleteMultipartUpload", ChangeKind.CREATED)]),
        ("native-delete", [("source/a.png", "ObjectRemoved:DeleteObject", ChangeKind.REMOVED)]),
        ("native-awkward-key", [(AWKWARD, "ObjectCreated:PutObject", ChangeKind.CREATED)]),
        ("eventbridge-post", [("source/x.csv", "ObjectCreated:PostObject", ChangeKind.CREATED)]),
        *(
            (
                name,
                [
                    ("source/x.csv", "ObjectCreated:PostObject", ChangeKind.CREATED),
                    ("source/a.png", "ObjectCreated:PutObject", ChangeKind.CREATED),
                ],
            )
            for name in ("eventbridge-list", "eventbridge-strings")
        ),
    ],
)
def test_every_documented_envelope_gives_its_changes_in_order(
    name: str, changes: list[tuple[str, str, ChangeKind]]
) -> None:
    envelope = read(name)
    assert [(change.key, change.event, change.kind) for change in envelope.changes] == changes
    assert {change.bucket for change in envelope.changes} == {"testbucket"}
    assert (envelope.skipped, envelope.failed) == ((), ())


def test_a_change_keeps_what_oss_wrote_about_it() -> None:
    change = read("native-put").changes[0]
    assert (change.time, change.etag) == ("2022-08-13T06:45:43.000Z", "688A7BF4F233DC9C88A80BF985AB****")
    assert change.request_id == "58F9FF2D3DF792092E12044C"


@pytest.mark.parametrize("shape", [None, "R-1", ["R-1"], {"requestId": 5}, {"requestId": ""}, {}])
def test_an_odd_request_id_does_not_spoil_its_record(shape: object) -> None:
    record = json.loads(event_sample("native-put"))["events"][0] | {"responseElements": shape}
    envelope = read_envelope(json.dumps({"events": [record]}).encode())
    assert [change.request_id for change in envelope.changes] == [None]


def test_cdn_names_the_tasks_that_are_over() -> None:
    assert read("cdn-refreshed") == Envelope(
        completions=(TaskCompletion("cdn", "2089687230", "refresh", "example.com"),)
    )
    native = json.loads(event_sample("cdn-refreshed"))
    native["events"][0] |= {"eventName": "CachedObjectsPushed", "eventParameter": {"taskId": "77"}}
    assert read_envelope(json.dumps(native).encode()).completions == (TaskCompletion("cdn", "77", "preload"),)


@pytest.mark.parametrize(("domain", "read"), [("IMG.example.com", "img.example.com"), (None, None), (["a"], None)])
def test_an_odd_domain_does_not_spoil_what_cdn_says(domain: object, read: str | None) -> None:
    native = json.loads(event_sample("cdn-refreshed"))
    native["events"][0]["eventParameter"]["domain"] = domain
    (completion,) = read_envelope(json.dumps(native).encode()).completions
    assert completion.domain == read


@pytest.mark.parametrize("task_id", [None, -1, "", "1,2", 7.5, [1]])
def test_a_completion_without_a_task_is_a_failed_record(task_id: object) -> None:
    native = json.loads(event_sample("cdn-refreshed"))
    native["events"][0]["eventParameter"]["taskId"] = task_id
    (failed,) = read_envelope(json.dumps(native).encode()).failed
    assert failed.event == "CachedObjectsRefreshed"


def mns(text: bytes | str) -> bytes:
    """As the trigger delivers a message in its format JSON."""
    message = text if isinstance(text, str) else base64.b64encode(text).decode()
    return json.dumps(json.loads(event_sample("mns-json")) | {"Message": message}).encode()


NATIVE = event_sample("native-put")
RECORD = json.dumps(json.loads(NATIVE)["events"][0]).encode()
CLOUD_EVENT = event_sample("eventbridge-post")


@pytest.mark.parametrize(
    "event",
    [
        RECORD,
        b"[" + RECORD + b"," + RECORD + b"]",
        b'{"data": [' + RECORD + b"]}",
        json.dumps([json.dumps([json.loads(RECORD)])]).encode(),
        mns(NATIVE),
        mns(NATIVE.decode()),
        base64.b64encode(NATIVE),
        b"[" + mns(NATIVE) + b"]",
        json.dumps([mns(NATIVE).decode()]).encode(),
        json.dumps({"body": base64.b64encode(NATIVE).decode(), "attrs": {"Extend": "{}"}}).encode(),
        json.dumps(base64.b64encode(NATIVE).decode()).encode(),
    ],
)
def test_partial_events_and_messages_of_mns_hold_the_same_record(event: bytes) -> None:
    """Case O3."""
    envelope = read_envelope(event)
    assert set(envelope.changes) == set(read("native-put").changes)
    assert (envelope.skipped, envelope.failed) == ((), ())


def test_a_cloud_event_in_a_message_of_mns_is_read() -> None:
    """Case O3."""
    assert read_envelope(mns(CLOUD_EVENT)) == read("eventbridge-post")


def test_a_message_that_holds_no_event_is_malformed() -> None:
    """Case O3."""
    with pytest.raises(MalformedEvent, match="malformed"):
        read_envelope(event_sample("mns-json"))


def test_wrappers_without_end_are_malformed() -> None:
    event = NATIVE
    for _ in range(20):
        event = mns(event)
    with pytest.raises(MalformedEvent, match="too many wrappers"):
        read_envelope(event)


def test_the_timer_asks_for_a_sweep() -> None:
    assert read("fc-timer") == Envelope(sweep=True)


@pytest.mark.parametrize(
    ("name", "event", "key", "reason"),
    [
        ("native-unknown", "ObjectTransmuted:ToGold", "source/a.png", "unknown event"),
        ("native-upload-part", "ObjectCreated:UploadPart", "source/film.mp4", "no change of the object"),
    ],
)
def test_what_is_no_change_of_an_object_is_skipped_with_its_reason(
    name: str, event: str, key: str | None, reason: str
) -> None:
    envelope = read(name)
    assert [(skip.event, skip.key, skip.reason) for skip in envelope.skipped] == [(event, key, reason)]
    assert (envelope.changes, envelope.failed) == ((), ())


@pytest.mark.parametrize(
    ("key", "size", "reason"),
    [
        ("img/new/", 0, "a folder marker"),
        ("img/../index.html", 5, "dot segments: clients resolve them, and would ask for another object"),
        ("./a", 5, "dot segments: clients resolve them, and would ask for another object"),
    ],
)
def test_an_object_that_no_client_asks_for_is_skipped_with_its_reason(key: str, size: int, reason: str) -> None:
    """Case U6."""
    envelope = read_envelope(put(oss={"bucket": {"name": "b"}, "object": {"key": key, "size": size}}))
    assert [(skip.key, skip.reason) for skip in envelope.skipped] == [(key, reason)]
    assert envelope.changes == ()


@pytest.mark.parametrize(("key", "size"), [("img/new/", 7), ("img/new/", None), ("a..b/.c", 0), ("k", "big")])
def test_only_folder_markers_and_dot_segments_are_taken_for_such(key: str, size: object) -> None:
    """Case U6."""
    envelope = read_envelope(put(oss={"bucket": {"name": "b"}, "object": {"key": key, "size": size}}))
    assert [change.key for change in envelope.changes] == [key]


def test_a_bad_record_does_not_hide_the_good_ones() -> None:
    envelope = read("native-one-bad")
    assert [change.key for change in envelope.changes] == ["source/a.png", "source/b.png"]
    (failed,) = envelope.failed
    assert failed.event == "ObjectCreated:PutObject"
    assert failed.reason == "Object missing required field `key` - at `$.oss.object`"


def test_a_bad_element_of_a_list_does_not_hide_the_good_ones() -> None:
    envelope = read("eventbridge-list-one-bad")
    assert [change.key for change in envelope.changes] == ["source/x.csv"]
    assert len(envelope.failed) == 4
    assert all(failed.reason for failed in envelope.failed)


@pytest.mark.parametrize("key", ["a%2Fb", "a+b", "a b", "图片.png", "😀", '"\\', "\n", "é" * 511 + "e"])
def test_a_key_is_taken_as_it_is(key: str) -> None:
    (change,) = read_envelope(put(oss={"bucket": {"name": "b"}, "object": {"key": key}})).changes
    assert change.key == key


@pytest.mark.parametrize(
    "oss",
    [
        None,
        "text",
        {"bucket": {"name": "b"}},
        {"bucket": {"name": ""}, "object": {"key": "k"}},
        {"bucket": {"name": "b"}, "object": {"key": ""}},
        {"bucket": {"name": "b"}, "object": {"key": 7}},
    ],
)
def test_a_known_event_without_bucket_and_key_is_a_failed_record(oss: object) -> None:
    (failed,) = read_envelope(put(oss=oss)).failed
    assert (failed.event, failed.bucket, failed.key) == ("ObjectCreated:PutObject", None, None)


def test_a_record_that_is_not_utf8_spoils_only_itself() -> None:
    good = put()[len(b'{"events": [') : -2]
    event = b'{"events": [%b, %b, %b]}' % (good, good.replace(b'"k"', b'"\xff"'), good)
    envelope = read_envelope(event)
    assert (len(envelope.changes), len(envelope.failed)) == (2, 1)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        (b"", "truncated"),
        (b"hello", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"null", "got `null`"),
        (b"7", "got `int`"),
        (b"{}", "neither `events` (a trigger), `data` (EventBridge) nor `Message` (MNS)"),
        (b'{"events": {}}', "Expected `array`, got `object` - at `$.events`"),
        (b'{"events": null}', "Expected `array`, got `null` - at `$.events`"),
        (b'{"events": [', "truncated"),
        (b"[" * 100_000, "recursion"),
    ],
)
def test_a_malformed_envelope_is_one_error_that_names_the_fault(event: bytes, fault: str) -> None:
    with pytest.raises(MalformedEvent) as raised:
        read_envelope(event)
    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("event", [b'{"events": []}', b"[]"])
def test_an_envelope_without_records_is_no_fault(event: bytes) -> None:
    assert read_envelope(event) == Envelope((), (), ())


def test_no_event_name_carries_the_prefix_of_trigger_configurations() -> None:
    assert not [name for name in CHANGE_KINDS if name.startswith("oss:")]


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("ObjectReplication:ObjectCreated", ChangeKind.CREATED),
        ("ObjectReplication:ObjectModified", ChangeKind.CREATED),
        ("ObjectReplication:ObjectRemoved", ChangeKind.REMOVED),
        ("ObjectCreated:CopyObject", ChangeKind.CREATED),
        ("ObjectCreated:PutSymlink", ChangeKind.CREATED),
        ("ObjectModified:UpdateObjectMeta", ChangeKind.CREATED),
        ("ObjectRemoved:DeleteObjects", ChangeKind.REMOVED),
    ],
)
def test_every_event_after_which_readers_see_something_else_is_a_change(event: str, kind: ChangeKind) -> None:
    assert [change.kind for change in read_envelope(put(eventName=event)).changes] == [kind]


@pytest.mark.parametrize(
    "event",
    [
        "ObjectCreated:InitiateMultipartUpload",
        "ObjectCreated:UploadPart",
        "ObjectCreated:UploadPartCopy",
        "ObjectRemoved:AbortMultipartUpload",
    ],
)
def test_a_part_of_an_upload_is_known_and_changes_nothing(event: str) -> None:
    envelope = read_envelope(put(eventName=event))
    assert envelope.changes == ()
    assert [skip.reason for skip in envelope.skipped] != [
        skip.reason for skip in read_envelope(put(eventName="ObjectCreated:NeverHeardOf")).skipped
    ]
