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
    ip_network("fec0::/10"),  # RFC 3879: site-local, once
)
# An IPv6 address that is a way to an IPv4 one (RFC 6052, section 2.1; RFC 2765, section 2.1; RFC
# 4291, section 2.5.5.1).
_TRANSLATED: Final = (ip_network("64:ff9b::/96"), ip_network("::ffff:0:0:0/96"))
_COMPATIBLE: Final = ip_network("::/96")
# ISATAP (RFC 5214, section 6.1): in any network, an interface that is named after an IPv4 address.
_ISATAP: Final = frozenset({0x0000_5EFE, 0x0200_5EFE})
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
    tunnel_end = _isatap(address)
    return _is_public(meant) and (tunnel_end is None or _is_public(tunnel_end))


def address_of(host: str) -> Address | None:
    """Read an address as a socket writes it, or return None where it is a name."""
    try:
        # What follows the % names one of our own interfaces.
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    is_reserved = any(address in network for network in _RESERVED)
    return address.is_global and not address.is_multicast and not is_reserved


def _isatap(address: Address) -> IPv4Address | None:
    """Return the end of the tunnel that an ISATAP address may lead through, beside itself."""
    if isinstance(address, IPv4Address) or (int(address) >> 32) & _LOW_32_BITS not in _ISATAP:
        return None
    return IPv4Address(int(address) & _LOW_32_BITS)


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address leads to, where it leads to one."""
    if isinstance(address, IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour
    if inside is not None:
        return inside
    if address.teredo is not None:
        return address.teredo[1]
    is_wrapped = (
        any(address in network for network in _TRANSLATED)
        or (address in _COMPATIBLE and int(address) > 1)  # `::` and `::1` are what they are
    )
    return IPv4Address(int(address) & _LOW_32_BITS) if is_wrapped else address
