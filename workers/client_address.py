"""Where a client is, believing only proxies that are named in the settings."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Network = IPv4Network | IPv6Network
# What stands for a peer without an address, such as a socket in the file system.
UNKNOWN = "unknown"


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Return the nearest address that is not one of our proxies.

    Each proxy appends the address that it heard from, so the list is read from its end, and
    only as far as those who wrote it are trusted. What stands before is hearsay.

    Args:
        peer: The other end of the connection.
        forwarded_for: The values of every X-Forwarded-For header, in order.
        trusted: The networks of our proxies.
    """
    address = peer
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    for hop in reversed(hops):
        if not _is_in(address, trusted):
            return address
        try:
            address = str(ip_address(hop))
        except ValueError:
            return address
    return address


def _is_in(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
