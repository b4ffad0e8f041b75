"""The webhook receiver."""

from __future__ import annotations

import httpx
import pytest

from emulator.testing import Emulator, Reset


def send(emu: Emulator, body: str) -> int:
    url = emu.webhooks.url(emu.url)
    return httpx.post(url, content=body, headers={"webhook-id": "msg_1"}, trust_env=False).status_code


def test_what_is_posted_is_kept_as_it_came(emu: Emulator) -> None:
    assert send(emu, '{"a":1}') == 204
    (kept,) = emu.webhooks.received
    assert (kept.body, kept.headers["webhook-id"], kept.status) == (b'{"a":1}', "msg_1", 204)
    (shown,) = httpx.get(emu.webhooks.url(emu.url), trust_env=False).json()
    assert (shown["body"], shown["status"]) == ('{"a":1}', 204)


def test_the_next_ones_can_be_refused(emu: Emulator) -> None:
    emu.webhooks.answer(503, times=2)
    assert [send(emu, str(number)) for number in range(3)] == [503, 503, 204]
    assert [(each.body, each.status) for each in emu.webhooks.received] == [(b"0", 503), (b"1", 503), (b"2", 204)]


def test_a_receiver_can_break_off(emu: Emulator) -> None:
    emu.faults.add("Webhook", Reset(when="before-answer"), times=1)
    with pytest.raises(httpx.TransportError):
        send(emu, "lost answer")
    assert emu.webhooks.received[0].body == b"lost answer"


def test_what_was_received_can_be_forgotten(emu: Emulator) -> None:
    send(emu, "1")
    httpx.delete(emu.webhooks.url(emu.url), trust_env=False)
    assert emu.webhooks.received == ()
    send(emu, "2")
    emu.reset()
    assert emu.webhooks.received == ()
