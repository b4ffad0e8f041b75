"""Submits: ids, merging, per-call limits, quotas and the preload queue (docs/vendor.md 2, 3, 6.1)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from alibabacloud_cdn20180510 import models as cdn_models
from alibabacloud_dcdn20180115 import models as dcdn_models
from alibabacloud_vod20170321 import models as vod_models

from emulator.testing import Emulator, ManualClock, Transition
from tests.emulator.clients import cdn, dcdn, vod
from tests.emulator.wire import Answer, SignedRequest

REFRESH = {"cdn": "RefreshObjectCaches", "dcdn": "RefreshDcdnObjectCaches", "vod": "RefreshVodObjectCaches"}
PRELOAD = {"cdn": "PushObjectCache", "dcdn": "PreloadDcdnObjectCaches", "vod": "PreloadVodObjectCaches"}
QUOTA = {"cdn": "DescribeRefreshQuota", "dcdn": "DescribeDcdnRefreshQuota", "vod": "DescribeVodRefreshQuota"}
every_product = pytest.mark.parametrize("product", REFRESH)


def urls(count: int, host: str = "a.example.com", suffix: str = "") -> str:
    return "\n".join(f"http://{host}/{number}{suffix}" for number in range(count))


def refresh(emu: Emulator, product: str, paths: str, object_type: str = "File") -> Answer:
    words = {"ObjectPath": paths, "ObjectType": object_type}
    return SignedRequest(action=REFRESH[product], product=product, params={}, form=words).send(emu)


def preload(emu: Emulator, product: str, paths: str) -> Answer:
    return SignedRequest(action=PRELOAD[product], product=product, params={"ObjectPath": paths}).send(emu)


def body_of(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(answer.body)
    return body


def ids_of(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    (joined,) = [value for name, value in body_of(answer).items() if name.endswith("TaskId")]
    return str(joined).split(",")


def quota_of(emu: Emulator, product: str) -> dict[str, str]:
    found: dict[str, str] = body_of(SignedRequest(action=QUOTA[product], product=product, params={}).send(emu))
    return found


def test_each_sdk_finds_its_id_where_its_model_has_it(still: Emulator) -> None:
    path = "http://a.example.com/1"
    answers = [
        cdn(still).refresh_object_caches(cdn_models.RefreshObjectCachesRequest(object_path=path)).body.refresh_task_id,
        cdn(still).push_object_cache(cdn_models.PushObjectCacheRequest(object_path=path)).body.push_task_id,
        dcdn(still)
        .refresh_dcdn_object_caches(dcdn_models.RefreshDcdnObjectCachesRequest(object_path=path, force=True))
        .body.refresh_task_id,
        dcdn(still)
        .preload_dcdn_object_caches(dcdn_models.PreloadDcdnObjectCachesRequest(object_path=path, l_2preload=False))
        .body.preload_task_id,
        vod(still)
        .refresh_vod_object_caches(vod_models.RefreshVodObjectCachesRequest(object_path=path))
        .body.refresh_task_id,
        vod(still)
        .preload_vod_object_caches(vod_models.PreloadVodObjectCachesRequest(object_path=path))
        .body.preload_task_id,
    ]
    assert all(task_id.isdecimal() for task_id in answers)
    assert len(set(answers)) == len(answers)


@every_product
def test_a_submitted_task_can_be_read_at_once_and_moves(still: Emulator, clock: ManualClock, product: str) -> None:
    (task_id,) = ids_of(refresh(still, product, "http://a.example.com/1"))
    states = []
    for _ in range(3):
        task = still.tasks.get(product, task_id)
        assert task is not None
        states.append(task.rows[0].status)
        clock.advance(10)
    assert states == ["Pending", "Refreshing", "Complete"]


def test_urls_of_one_domain_in_one_second_share_an_id(still: Emulator, clock: ManualClock) -> None:
    first = ids_of(refresh(still, "cdn", urls(2) + "\n" + urls(2, "b.example.com")))
    again = ids_of(refresh(still, "cdn", urls(3)))
    clock.advance(1)
    later = ids_of(refresh(still, "cdn", urls(1)))
    assert len(first) == 2
    assert again == first[:1]
    assert later != again
    task = still.tasks.get("cdn", first[0])
    assert task is not None
    assert len(task.rows) == 3


def test_refreshes_and_preloads_never_share_an_id(still: Emulator) -> None:
    assert ids_of(refresh(still, "cdn", urls(1))) != ids_of(preload(still, "cdn", urls(1)))


@pytest.mark.parametrize(("submit", "per_call", "a_task"), [(refresh, 1_000, 2_000), (preload, 100, 500)])
def test_a_new_id_begins_when_a_task_is_full(still: Emulator, submit: Any, per_call: int, a_task: int) -> None:
    calls = a_task // per_call
    hosts = [f"a.example.com/{number}" for number in range(calls + 1)]
    answers = [ids_of(submit(still, "dcdn", urls(per_call, host))) for host in hosts]
    assert len({task_id for ids in answers[:calls] for task_id in ids}) == 1
    assert answers[calls] != answers[0]


def test_every_directory_has_an_id_of_its_own(still: Emulator) -> None:
    assert len(ids_of(refresh(still, "dcdn", urls(3, suffix="/"), "Directory"))) == 3


@every_product
@pytest.mark.parametrize(("count", "suffix", "object_type"), [(1_000, "", "File"), (100, "/", "Directory")])
def test_refreshes_a_call_end_where_documented(
    still: Emulator, product: str, count: int, suffix: str, object_type: str
) -> None:
    assert refresh(still, product, urls(count, suffix=suffix), object_type).status == 200
    answer = refresh(still, product, urls(count + 1, suffix=suffix), object_type)
    assert (answer.status, answer.code) == (400, "SingleRequest.OverLimit")


def test_one_regex_a_call(still: Emulator) -> None:
    assert refresh(still, "cdn", urls(1), "Regex").status == 200
    assert refresh(still, "cdn", urls(2), "Regex").code == "SingleRequest.OverLimit"


@every_product
def test_preloads_a_call_end_where_documented(still: Emulator, product: str) -> None:
    assert preload(still, product, urls(100)).status == 200
    answer = preload(still, product, urls(101))
    assert (answer.status, answer.code) == (400, "InvalidObjectPath.ExceedsMaximum")


@every_product
@pytest.mark.parametrize(
    ("paths", "object_type", "status", "code"),
    [
        ("not a url", "File", 400, "InvalidObjectPath.Malformed"),
        ("http://a.example.com", "File", 400, "InvalidObjectPath.Malformed"),
        ("ftp://a.example.com/1", "File", 400, "InvalidObjectPath.Malformed"),
        ("http://a.example.com/" + "x" * 1_004, "File", 400, "InvalidObjectPath.Malformed"),
        ("http://a.example.com/no-slash", "Directory", 400, "InvalidObjectPath.Malformed"),
        ("http://*.example.com/1", "File", 400, "InvalidExtensiveDomain.ValueNotSupported"),
        ("http://a.example.com/1", "Everything", 400, "InvalidObjectType.ValueNotSupported"),
        ("http://foreign.example.org/1", "File", 404, "InvalidDomain.NotFound"),
        ("", "File", 400, "MissingObjectPath"),
    ],
)
def test_bad_paths_are_refused_and_cost_nothing(
    still: Emulator, product: str, paths: str, object_type: str, status: int, code: str
) -> None:
    still.tasks.own_domains = frozenset({"a.example.com"})
    answer = refresh(still, product, paths, object_type)
    assert (answer.status, answer.code) == (status, code)
    assert still.tasks.all(product) == ()
    assert still.limits.quotas("emulator", product)["url"].used == 0


def test_cdn_takes_ten_domains_a_refresh(still: Emulator) -> None:
    hosts = [f"http://{number}.example.com/1" for number in range(11)]
    assert refresh(still, "cdn", "\n".join(hosts[:10])).status == 200
    assert refresh(still, "cdn", "\n".join(hosts)).code == "SingleRequest.OverLimit"
    assert refresh(still, "dcdn", "\n".join(hosts)).status == 200


@every_product
def test_quotas_are_strings_and_fall(still: Emulator, product: str) -> None:
    before = quota_of(still, product)
    refresh(still, product, urls(3))
    refresh(still, product, urls(2, suffix="/"), "Directory")
    preload(still, product, urls(4))
    after = quota_of(still, product)
    assert all(isinstance(value, str) for value in after.values())
    spent = {name: int(before[name]) - int(after[name]) for name in ("UrlRemain", "DirRemain", "PreloadRemain")}
    assert spent == {"UrlRemain": 3, "DirRemain": 2, "PreloadRemain": 4}
    assert after["UrlQuota"] == before["UrlQuota"]


def test_quota_fields_differ_per_product(still: Emulator) -> None:
    fields = {product: set(quota_of(still, product)) - {"RequestId"} for product in QUOTA}
    common = {f"{kind}{half}" for kind in ("Url", "Dir", "Preload") for half in ("Quota", "Remain")}
    more = {f"{kind}{half}" for kind in ("Regex", "IgnoreParams", "Block") for half in ("Quota", "Remain")}
    assert fields["cdn"] == common | more | {"PreloadEdgeQuota", "PreloadEdgeRemain"}
    assert fields["dcdn"] == common | more
    assert fields["vod"] == common | {"BlockQuota", "blockRemain"}


@every_product
def test_a_spent_quota_refuses_whole_calls_until_the_vendors_midnight(
    still: Emulator, clock: ManualClock, product: str
) -> None:
    still.limits.set_quota(product, "url", 10, used=8)
    still.limits.set_quota(product, "preload", 10, used=10)
    refused = refresh(still, product, urls(3))
    assert (refused.status, refused.code) == (400, "QuotaExceeded.Refresh")
    assert refresh(still, product, urls(2)).status == 200
    assert preload(still, product, urls(1)).code == "QuotaExceeded.Preload"
    seconds_into_the_vendors_day = (clock.now() + 8 * 3_600) % 86_400
    clock.advance(86_400 - seconds_into_the_vendors_day)
    assert quota_of(still, product)["UrlRemain"] == "10"
    assert preload(still, product, urls(1)).status == 200


@pytest.mark.parametrize(("product", "status"), [("cdn", 403), ("dcdn", 400), ("vod", 403)])
def test_a_full_preload_queue_refuses_until_rows_are_done(
    still: Emulator, clock: ManualClock, product: str, status: int
) -> None:
    still.tasks.submit_transition = Transition(by="seconds", length=10)
    still.limits.set_preload_queue(product, 3)
    assert preload(still, product, urls(2)).status == 200
    answer = preload(still, product, urls(2, "b.example.com"))
    assert (answer.status, answer.code) == (status, "PreloadQueueFull")
    clock.advance(11)
    assert preload(still, product, urls(2, "b.example.com")).status == 200


def test_lifted_limits_let_everything_through(still: Emulator) -> None:
    still.limits.set_quota("vod", "url", 0)
    still.limits.set_preload_queue("vod", 0)
    still.limits.lift()
    assert refresh(still, "vod", urls(5)).status == 200
    assert preload(still, "vod", urls(5)).status == 200
