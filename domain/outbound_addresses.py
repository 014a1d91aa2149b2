"""Which addresses of the network a user's target may be at.

A target is named by a user and connected to from inside our own network, so that whatever is
reachable from there only must be out of its reach.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

# Not for everybody, whatever this Python's table of public addresses says.
_RESERVED: Final = (
    ip_network("168.63.129.16/32"),  # Azure answers its machines' questions there
    ip_network("192.0.0.0/24"),  # RFC 6890, section 2.2.2; Oracle's clouds answer there
    ip_network("64:ff9b:1::/48"),  # RFC 8215: ways to private IPv4 addresses
)
# An IPv6 address that is a way to an IPv4 one (RFC 6052, section 2.1; RFC 4291, section 2.5.5.1).
_TRANSLATED: Final = ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ip_network("::/96")
_LOW_32_BITS: Final = 0xFFFF_FFFF


def may_connect(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Whether a target may be at an address: it is public, or in a network that is allowed.

    Args:
        address: What would be connected to.
        allowed: Networks of our own that targets may be in.
    """
    meant = _meant(address)
    if any(meant in network or address in network for network in allowed):
        return True
    is_reserved = any(meant in network for network in _RESERVED)
    return meant.is_global and not meant.is_multicast and not is_reserved


def address_of(host: str) -> Address | None:
    """Read an address as a socket writes it, or return None where it is a name."""
    try:
        # What follows the % names one of our own interfaces.
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, where it leads to one."""
    if isinstance(address, IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is not None:
        return inside
    if address.teredo is not None:
        return address.teredo[1]
    is_wrapped = address in _TRANSLATED or (
        address in _COMPATIBLE and int(address) > 1  # `::` and `::1` are what they are
    )
    return IPv4Address(int(address) & _LOW_32_BITS) if is_wrapped else address
