"""Robots in chat groups, against stand-ins that check what the vendors' pages ask for."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
from urllib.parse import unquote

import msgspec
import pytest

from functions.errors import SettingsError
from functions.events.change import ChangeRecord
from functions.events.notify.dingtalk import DINGTALK
from functions.events.notify.feishu import FEISHU
from functions.events.notify.message import message_on
from functions.events.notify.receivers import ROBOTS, receivers_of
from functions.events.notify.robot import Robot
from functions.events.notify.sender import Answer, DeliveryResult, Receiver, Request, Sender
from functions.events.notify.wecom import WECOM
from functions.logs import JsonLines
from functions.settings import Settings
from tests.support.change_records import FAILED_CHANGE
from tests.support.memory_store import Shelf
from tests.support.oss_in_process import Instance, SlowAccount, document, event, minutes, rule
from tests.support.robot_service import SECRET, robot_service
from tests.support.virtual_time import LoopClock, run

PAGE = "https://status.example.com/"
LINK = f"{PAGE}?object=oss%3A%2F%2Fpics%2Fa.jpg"


def closed(outcome: str = "failed", status: str = "failed", key: str = "a.jpg") -> ChangeRecord:
    (action,) = FAILED_CHANGE.actions
    action = msgspec.structs.replace(action, status=status, object_path=f"http://h/{key}")
    return msgspec.structs.replace(FAILED_CHANGE, key=key, outcome=outcome, actions=(action,))


def robots_in(notify: str) -> tuple[Receiver, ...]:
    return receivers_of(Settings(notify=notify, page_url=PAGE), "oss://kept/", LoopClock())


class Posts:
    """Stands in for the network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: bytes) -> None:
        self.sent: list[tuple[float, Request]] = []
        self.answers = list(answers)
        monkeypatch.setattr(Sender, "_post", lambda _, request: self.post(request))

    async def post(self, request: Request) -> Answer:
        self.sent.append((asyncio.get_running_loop().time(), request))
        return Answer(200, self.answers.pop(0) if self.answers else b'{"errcode": 0, "code": 0}')

    def texts(self) -> list[str]:
        return [json.loads(request.body)["text"]["content"] for _, request in self.sent]


@pytest.mark.parametrize("kind", ROBOTS)
def test_each_robots_service_takes_our_message(kind: str) -> None:
    with robot_service() as service:
        assert send_now(f"{kind}={service.address(kind)}") is DeliveryResult.DELIVERED
        ((_, text),) = service.messages
    assert text == f"cdn-task-status: failed\noss://pics/a.jpg\nrefresh http://h/a.jpg (cdn): failed\n{LINK}"


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}),
        ("feishu", {"code": 11232, "msg": "frequency limited"}),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}),
        ("feishu", {"StatusCode": 0}),
        ("wecom", ["errcode", 0]),
    ],
)
def test_a_refusal_with_status_200_is_a_failure(kind: str, refusal: object) -> None:
    with robot_service() as service:
        service.refusal = refusal
        assert send_now(f"{kind}={service.address(kind)}") is DeliveryResult.FAILED


def send_now(notify: str) -> DeliveryResult:
    """Without the pause in which messages are gathered."""

    async def main() -> DeliveryResult:
        (robot,) = robots_in(notify)
        assert isinstance(robot, Robot)
        try:
            (result,) = (await robot._send((closed(),))).values()
        finally:
            robot.close()
        return result

    return asyncio.run(main())


def test_signatures_follow_the_documentation() -> None:
    url = DINGTALK.request("https://h/?access_token=t", "this is secret", "x", 1.577262236757).url
    signed = hmac.new(b"this is secret", b"1577\nthis is secret", hashlib.sha256).digest()
    assert "&timestamp=1577&" in url
    assert unquote(url.partition("&sign=")[2]) == base64.b64encode(signed).decode()
    body = json.loads(FEISHU.request("https://h/", "demo", "x", 1599360473.9).body)
    signed = hmac.new(b"1599360473\ndemo", b"", hashlib.sha256).digest()
    assert (body["timestamp"], body["sign"]) == ("1599360473", base64.b64encode(signed).decode())


def test_a_robot_without_a_secret_is_not_signed() -> None:
    assert DINGTALK.request("https://h/?access_token=t", None, "x", 1.0).url == "https://h/?access_token=t"
    assert set(json.loads(FEISHU.request("https://h/", None, "x", 1.0).body)) == {"msg_type", "content"}


def test_a_burst_is_one_message_and_no_minute_has_more_than_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = Posts(monkeypatch)

    async def one(robot: Receiver, number: int) -> DeliveryResult:
        await asyncio.sleep(number * 0.1)
        return await robot.deliver(closed(key=f"{number}.jpg"))

    async def main() -> list[DeliveryResult]:
        (robot,) = robots_in("wecom=https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
        return await asyncio.gather(*(one(robot, number) for number in range(1_800)))

    assert set(run(main())) == {DeliveryResult.DELIVERED}
    times = [at for at, _ in posts.sent]
    assert all(sum(start <= at <= start + 60 for at in times) <= WECOM.per_minute for start in times)
    assert len(times) > WECOM.per_minute
    assert all(len(text.encode()) <= WECOM.max_bytes for text in posts.texts())
    assert sum(int(text.split()[1]) for text in posts.texts()) == 1_800


def test_a_burst_counts_all_and_names_what_did_not_succeed() -> None:
    records = [
        closed("succeeded", "complete", "good.jpg"),
        closed(key="bad.jpg"),
        closed("missing", "missing", "c.jpg"),
    ]
    assert message_on(records, None, 2_048).split("\n") == [
        "cdn-task-status: 3 changes closed, 1 failed, 1 missing, 1 succeeded",
        "oss://pics/bad.jpg",
        "refresh http://h/bad.jpg (cdn): failed",
        "oss://pics/c.jpg",
        "refresh http://h/c.jpg (cdn): missing",
    ]


@pytest.mark.parametrize("most", [100, 500, 2_048])
def test_a_message_is_never_longer_than_the_robot_takes(most: int) -> None:
    text = message_on([closed(key="图" * 20 + str(number)) for number in range(40)], PAGE, most)
    assert len(text.encode()) <= most
    assert int(text.split()[-2]) == 40 - text.count("oss://")
    assert text.endswith("more")


def test_the_link_keeps_what_the_pages_address_has_already() -> None:
    assert message_on([closed()], f"{PAGE}?lang=zh", 2_048).endswith("?lang=zh&object=oss%3A%2F%2Fpics%2Fa.jpg")


def test_a_key_cannot_break_the_lines_of_a_message() -> None:
    lines = message_on([closed(key="a\nb\u202ec")], None, 2_048).split("\n")
    assert lines[1] == "oss://pics/a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert len(lines) == 3


def test_each_receiver_is_told_once_however_often_another_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    posts = Posts(monkeypatch, b'{"errcode": 310000}', b'{"errcode": 0}', b'{"errcode": 0}')
    notify = "dingtalk=https://ding/?access_token=t,wecom=https://wecom/?key=k"

    async def main() -> Shelf:
        shelf = Shelf()
        instance = Instance(SlowAccount(), shelf, rule(created=["refresh"]), notify=notify)
        await instance.handle(event("a.jpg"))
        await minutes(instance, 6)
        return shelf

    shelf = run(main())
    assert [request.url.partition("?")[0] for _, request in posts.sent] == [
        "https://ding/",
        "https://wecom/",
        "https://ding/",
    ]
    assert posts.texts()[1] == "cdn-task-status: succeeded\noss://pics/a.jpg"
    assert (document(shelf, "a.jpg").outcome, shelf.keys("pending/")) == ("succeeded", [])


@pytest.mark.parametrize(
    "notify",
    ["slack=https://h/?t=SECd0c3", "dingtalk", "dingtalk=SECd0c3", "wecom=ftp://h/SECd0c3", "feishu=https:///SECd0c3"],
)
def test_a_setting_that_cannot_be_used_stops_the_start_without_showing_it(notify: str) -> None:
    with pytest.raises(SettingsError, match="TASK_STATUS_NOTIFY: entry 2 must be one of dingtalk, feishu") as caught:
        robots_in(f"wecom=https://h/?key=k,{notify}")
    assert SECRET not in str(caught.value)


def test_two_robots_of_a_kind_are_two_receivers() -> None:
    names = [robot.name for robot in robots_in("wecom=https://h/?key=1, wecom=https://h/?key=2")]
    assert len(set(names)) == 2


def test_no_address_and_no_secret_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    posts = Posts(monkeypatch, b'{"errcode": 1, "errmsg": "SECd0c3"}')

    async def main() -> None:
        (robot,) = robots_in("dingtalk=https://oapi.dingtalk.com/robot/send?access_token=tok-1&secret=SECd0c3")
        await robot.deliver(closed())

    with caplog.at_level(logging.DEBUG):
        run(main())
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "functions"]
    assert len(posts.sent) == len(lines) == 1
    assert "tok-1" not in lines[0]
    assert SECRET not in lines[0]
