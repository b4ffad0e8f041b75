"""Which addresses may be connected to: a host that was let in must not lead into a private network.

Server-side request forgery: https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a name, for a port. Raises OSError where it has none."""
# Python counts these as global, but a translator at either end makes any IPv4 address of them (RFC 3056, RFC 6052).
_TRANSLATED = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("64:ff9b::/96"))
_MOST_TRIED = 4


class AddressRefused(Exception):  # noqa: N818 -- it says what happened
    """Raised when a name has an address that is not public."""


def address_in(host: str) -> Address | None:
    """The address that `host` spells; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether the address is one of the open Internet, and of one machine."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or address.is_site_local or any(address in network for network in _TRANSLATED)
    ):
        return False
    return address.is_global and not address.is_multicast


async def system_resolve(name: str, port: int) -> Sequence[str]:
    """What the machine's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


async def public_addresses(name: str, port: int, resolve: Resolve) -> Sequence[str]:
    """The addresses of a name, IPv4 first: Function Compute reaches no others. Raises AddressRefused, OSError.

    A name with both a public and a private address is refused: nobody means that.
    """
    addresses = [ipaddress.ip_address(text) for text in dict.fromkeys(await resolve(name, port))]
    if not all(map(is_public, addresses)):
        raise AddressRefused
    return [str(address) for address in sorted(addresses, key=lambda each: each.version)][:_MOST_TRIED]
