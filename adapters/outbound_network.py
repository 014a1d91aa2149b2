"""The only ways out to addresses that users name: each connection is checked as it is made.

A name is checked when it is saved, for the user's sake. What protects us is the check of the
very address that a socket is about to be connected to: a name may lead elsewhere by then.
"""

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import AddrInfoType

from domain.outbound_addresses import Address, Network, address_of, may_connect

RESOLVE_TIMEOUT_S = 3.0


class ForbiddenAddressError(OSError):
    """A user's target is at an address that targets may not be at."""


# Names may be answered slowly on purpose; only other names that are looked up wait for that.
_LOOKUPS = ThreadPoolExecutor(8, "lookup")


class OutboundNetwork:
    """Decides where targets may be.

    Args:
        allowed: Networks of our own that they may be in; see `domain.outbound_addresses`.
    """

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    @property
    def allowed(self) -> tuple[Network, ...]:
        """The networks of our own that targets may be in."""
        return self._allowed

    def open_socket(self, info: AddrInfoType) -> socket.socket:
        """Make the socket for a connection, as aiohttp's `socket_factory`.

        Raises:
            ForbiddenAddressError: Nothing may be connected to at this address.
        """
        family, kind, protocol, _, name = info
        address = address_of(str(name[0]))
        if address is None or not may_connect(address, self._allowed):
            raise ForbiddenAddressError("the address is not public")
        return socket.socket(family, kind, protocol)

    async def complaint(self, host: str, *, encrypted: bool = True) -> str | None:
        """Return what is wrong with a host that a user wants to be told at, or None.

        A host that cannot be looked up now is complained of, too: a name that is mistyped
        must not wait for its first notification to be found out.

        Args:
            host: A name or an address.
            encrypted: Whether what is said there is; only our own networks go without.
        """
        try:
            addresses = await _addresses(host)
        except (OSError, UnicodeError, TimeoutError):
            return "no such host is known"
        if not all(each is not None and may_connect(each, self._allowed) for each in addresses):
            return "its address is not a public one"
        if encrypted or all(_is_in(each, self._allowed) for each in addresses):
            return None
        return "it must begin with https://"


async def _addresses(host: str) -> list[Address | None]:
    literal = address_of(host.strip("[]"))
    if literal is not None:
        return [literal]
    look_up = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
    async with asyncio.timeout(RESOLVE_TIMEOUT_S):
        answers = await asyncio.get_running_loop().run_in_executor(_LOOKUPS, look_up)
    return [address_of(str(answer[4][0])) for answer in answers]


def _is_in(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)
