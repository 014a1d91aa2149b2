"""Webhooks, posted to a real server."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_network

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.outbound_network import ForbiddenAddressError, OutboundNetwork
from adapters.webhook_client import (
    SignedRequest,
    WebhookClient,
    new_signing_secret,
    open_webhook_client,
)
from domain.notifications import Reaction
from tests.receivers import HttpReceiver, Received, status

LOOPBACK = OutboundNetwork([ip_network("127.0.0.0/8"), ip_network("::1/128")])
SECRET = new_signing_secret()
BODY = b'{"type":"trade.executed","data":{"price":54187.090000001}}'


def request(url: str, message_id: str = "m1") -> SignedRequest:
    return SignedRequest(url, SECRET, message_id, BODY)


@pytest.fixture
async def client() -> AsyncIterator[WebhookClient]:
    async with open_webhook_client(LOOPBACK) as client:
        yield client


async def test_receivers_verify_it_with_their_library(
    client: WebhookClient, http_receiver: HttpReceiver
) -> None:
    attempt = await client.post(request(f"{http_receiver.url}/hook?of=ann"))
    assert attempt.reaction is Reaction.ACCEPTED
    (received,) = http_receiver.received
    assert received.path == "/hook?of=ann"
    assert received.headers["webhook-id"] == "m1"
    assert abs(int(received.headers["webhook-timestamp"]) - time.time()) < 60
    Webhook(SECRET).verify(received.body, received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(received.body.replace("5", "6"), received.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_signing_secret()).verify(received.body, received.headers)


@pytest.mark.parametrize(
    ("code", "reaction"),
    [
        (200, Reaction.ACCEPTED),
        (204, Reaction.ACCEPTED),
        (301, Reaction.REFUSED),
        (400, Reaction.REFUSED),
        (401, Reaction.REFUSED),
        (404, Reaction.REFUSED),
        (408, Reaction.PASSING),
        (410, Reaction.GONE),
        (429, Reaction.PASSING),
        (500, Reaction.PASSING),
        (503, Reaction.PASSING),
    ],
)
async def test_what_an_answer_means(
    client: WebhookClient, http_receiver: HttpReceiver, code: int, reaction: Reaction
) -> None:
    http_receiver.answers.append(status(code, Location=f"{http_receiver.url}/elsewhere"))
    attempt = await client.post(request(http_receiver.url))
    assert attempt.reaction is reaction
    assert str(code) in attempt.detail
    assert len(http_receiver.received) == 1


async def test_retry_after_in_both_forms(
    client: WebhookClient, http_receiver: HttpReceiver
) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    for asked in ("120", at, "soon", "-5", "9" * 400, "Fri, 99 Nov 2026"):
        http_receiver.answers.append(status(429, Retry_After=asked))
    waits = [(await client.post(request(http_receiver.url))).retry_after_s for _ in range(6)]
    assert waits[0] == 120
    assert 500 < waits[1] <= 600
    assert waits[2:4] == [0, 0]
    assert waits[4] > 1e6
    assert waits[5] == 0


@pytest.mark.parametrize(
    "network", [OutboundNetwork(), OutboundNetwork([ip_network("10.0.0.0/8")])]
)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_nothing_of_ours_is_connected_to(
    http_receiver: HttpReceiver, network: OutboundNetwork, host: str
) -> None:
    url = http_receiver.url.replace("127.0.0.1", host)
    async with open_webhook_client(network) as client:
        attempt = await client.post(request(url))
    assert attempt.reaction is Reaction.REFUSED
    assert attempt.detail == "the address is not public"
    assert http_receiver.received == []


async def test_what_counts_is_the_address_that_is_connected_to(
    http_receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that was public when it was checked leads to us when it is used."""
    asked: list[str] = []

    async def resolve(_: object, host: str, port: int, **__: object) -> list[dict[str, object]]:
        asked.append(host)
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": 2,
                "proto": 6,
                "flags": 0,
            }
        ]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    monkeypatch.setattr("aiohttp.resolver.AsyncResolver.resolve", resolve)
    url = http_receiver.url.replace("127.0.0.1", "rebinding.example.com")
    async with open_webhook_client(OutboundNetwork()) as client:
        attempts = [await client.post(request(url)) for _ in range(2)]
    assert [each.reaction for each in attempts] == [Reaction.REFUSED] * 2
    assert asked == ["rebinding.example.com"] * 2
    assert http_receiver.received == []


def test_sockets_are_for_addresses_only() -> None:
    with pytest.raises(ForbiddenAddressError):
        LOOPBACK.open_socket((2, 1, 6, "", ("localhost", 80)))
    LOOPBACK.open_socket((2, 1, 6, "", ("127.0.0.1", 80))).close()


async def test_nobody_waits_for_others_connections_to_a_host(client: WebhookClient) -> None:
    together = 40
    connected = 0
    all_here = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        if connected == together:
            all_here.set()
        await all_here.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        attempts = await asyncio.gather(*(client.post(request(url)) for _ in range(together)))
    assert {each.reaction for each in attempts} == {Reaction.ACCEPTED}


async def test_endless_answers_end(client: WebhookClient, http_receiver: HttpReceiver) -> None:
    http_receiver.answers.append(lambda _: web.Response(body=b"x" * 5_000_000))
    async with asyncio.timeout(10):
        attempt = await client.post(request(http_receiver.url))
    assert attempt.reaction is Reaction.ACCEPTED


async def test_no_cookie_is_kept(client: WebhookClient, http_receiver: HttpReceiver) -> None:
    http_receiver.answers.append(status(200, Set_Cookie="who=ann; Path=/"))
    for _ in range(2):
        await client.post(request(http_receiver.url))
    assert "cookie" not in http_receiver.received[1].headers


async def test_details_hold_no_addresses(client: WebhookClient) -> None:
    attempt = await client.post(request("http://127.0.0.1:1/token-in-the-path"))
    assert attempt.reaction is Reaction.PASSING
    assert "token" not in attempt.detail
    assert "127.0.0.1" not in attempt.detail


async def test_certificates_are_verified(client: WebhookClient, tls_receiver: HttpReceiver) -> None:
    attempt = await client.post(request(tls_receiver.url))
    assert attempt.reaction is Reaction.PASSING
    assert "Certificate" in attempt.detail
    assert tls_receiver.received == []


async def test_complaints_at_saving_time() -> None:
    public = OutboundNetwork()
    assert await public.complaint("127.0.0.1") == "its address is not a public one"
    assert await public.complaint("[::1]") == "its address is not a public one"
    assert await public.complaint("localhost") == "its address is not a public one"
    assert await public.complaint("no-such-host.invalid") == "no such host is known"
    assert await public.complaint("x" * 300) == "no such host is known"
    assert await public.complaint("1.1.1.1") is None
    assert await public.complaint("1.1.1.1", encrypted=False) == "it must begin with https://"
    assert await LOOPBACK.complaint("127.0.0.1", encrypted=False) is None


def test_requests_show_no_secret() -> None:
    shown = repr(request("https://example.com/token"))
    assert "whsec_" not in shown
    assert "token" not in shown
    assert isinstance(Received("", {}, "{}").said, dict)
