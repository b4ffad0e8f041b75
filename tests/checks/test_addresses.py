"""No check reaches an address that is not public, however its name comes by it."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import pytest

from functions.checks.address import is_public
from functions.checks.exchange import Answer, Requester
from functions.checks.report import Fault
from functions.checks.site import Target

PRIVATE = (
    "127.0.0.1",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "fc00::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "2001:db8::1",
)


class Names:
    """A resolver that says what a test tells it to, and counts how often it is asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    async def __call__(self, name: str, port: int) -> Sequence[str]:
        self.asked += 1
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return self.addresses


def target(host: str, port: int) -> Target:
    return Target(host=host, port=port, tls=False, server_name=host, host_header=host)


def ask(resolve: Names, port: int, host: str = "img.example.com") -> Answer:
    async def asked() -> Answer:
        deadline = asyncio.get_running_loop().time() + 5
        return await Requester(resolve).ask(target(host, port), "HEAD", "/", deadline)

    return asyncio.run(asked())


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_nobodys_or_of_a_private_network_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "47.246.0.1", "2400:3200::1"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("127.0.0.1", "8.8.8.8"), ("::1",)])
def test_a_name_with_any_private_address_is_refused_and_nothing_is_connected(addresses: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        assert ask(Names(*addresses), listening.getsockname()[1]).fault is Fault.ADDRESS_REFUSED
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1"])
def test_a_name_that_the_machine_itself_takes_for_its_own_address_is_refused(host: str) -> None:
    from functions.checks.address import system_resolve  # noqa: PLC0415 -- the real one, for this claim only

    async def asked() -> Answer:
        deadline = asyncio.get_running_loop().time() + 5
        return await Requester(system_resolve).ask(target(host, 80), "HEAD", "/", deadline)

    assert asyncio.run(asked()).fault in {Fault.ADDRESS_REFUSED, Fault.NAME_UNKNOWN}


def test_a_name_is_resolved_once_so_that_no_second_answer_counts() -> None:
    names = Names("127.0.0.1")
    assert ask(names, 1).fault is Fault.ADDRESS_REFUSED
    assert names.asked == 1


def test_an_unknown_name_is_told() -> None:
    assert ask(Names(), 1).fault is Fault.NAME_UNKNOWN
    assert ask(Names(), 1, "a" * 64 + ".example.com").fault is Fault.NAME_UNKNOWN
