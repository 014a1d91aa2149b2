from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outbound_addresses import address_of, may_connect

INSIDE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.1"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192"),
    *("224.0.0.1", "239.1.1.1", "255.255.255.255", "240.0.0.1", "198.18.0.1"),
    *("168.63.129.16", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::10.0.0.1"),
    *("fec0::1", "feff::1", "::ffff:0:127.0.0.1", "::ffff:0:10.0.0.1"),
    *("2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:192.168.1.1", "fe80::5efe:1.1.1.1"),
    *("64:ff9b:1::7f00:1", "2002:7f00:1::1", "2002:c0a8:101::", "2001:db8::1"),
]
OUTSIDE = [
    *("93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"),
    *("::ffff:0:1.1.1.1", "2606:4700::5efe:1.1.1.1"),
]
LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_ours_is_out_of_reach(address: str) -> None:
    assert not may_connect(ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_public_is_not(address: str) -> None:
    assert may_connect(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_networks_can_be_allowed(address: str) -> None:
    assert may_connect(ip_address(address), LOOPBACK)
    assert not may_connect(ip_address("10.0.0.1"), LOOPBACK)


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_ipv6_is_no_way_around(address: IPv4Address) -> None:
    number = int(address)
    disguises = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address((0x64_FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80) | 1),
        IPv6Address((0x2001 << 112) | (number ^ 0xFFFF_FFFF)),
        IPv6Address((0xFFFF << 48) | number),
        IPv6Address((0x2606_4700 << 96) | (0x5EFE << 32) | number),
        IPv6Address((0x2606_4700 << 96) | (0x0200_5EFE << 32) | number),
    ]
    if not may_connect(address):
        assert not any(may_connect(each) for each in disguises)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("fe80::1%eth0", IPv6Address("fe80::1")),
        ("127.0.0.1", IPv4Address("127.0.0.1")),
        # What a C library would read as an address is a name to us, and looked up as one.
        ("127.1", None),
        ("0x7f000001", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_addresses_as_sockets_write_them(host: str, address: object) -> None:
    assert address_of(host) == address
