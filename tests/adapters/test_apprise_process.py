"""Apprise, in its own process, against real servers."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from adapters.apprise_process import AppriseProcess, NoTurnError, Service, open_apprise
from adapters.outbound_network import OutboundNetwork
from domain.notifications import Reaction
from domain.timing import APPRISE_TIMEOUT_S
from tests.receivers import HttpReceiver, MailReceiver, SlowMailReceiver, status

TELEGRAM = "tgram://123456789:abcdefghijklmnopqrstuvwxyz123456789/12345"
DISCORD = "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrst"


@pytest.fixture(scope="module")
async def apprise() -> AsyncIterator[AppriseProcess]:
    """One that may speak to this machine."""
    async with open_apprise(OutboundNetwork([ip_network("127.0.0.0/8")])) as process:
        yield process


@pytest.fixture(scope="module")
async def confined() -> AsyncIterator[AppriseProcess]:
    async with open_apprise(OutboundNetwork()) as process:
        yield process


@pytest.mark.parametrize(
    ("url", "service"),
    [
        (TELEGRAM, Service("tgram", ())),
        (DISCORD, Service("discord", ())),
        ("mailto://ann:secret@gmail.com", Service("mailto", ("smtp.gmail.com",))),
        ("json://10.0.0.1/x", Service("json", ("10.0.0.1",))),
        ("ntfy://example.com/topic", Service("ntfy", ("example.com",))),
    ],
)
async def test_it_knows_services(apprise: AppriseProcess, url: str, service: Service) -> None:
    assert await apprise.check(url) == service


@pytest.mark.parametrize(
    "url",
    [
        *("syslog://", "dbus://", "gnome://", "windows://", "macosx://", "rsyslog://127.0.0.1"),
        *("file:///etc/passwd", "nonsense", "", "://", "tgram://", "x" * 5_000, "\x00", "💥://x"),
    ],
)
async def test_what_it_does_not_know_or_would_do_here(apprise: AppriseProcess, url: str) -> None:
    assert await apprise.check(url) is None


async def test_mail(apprise: AppriseProcess, mail_receiver: MailReceiver) -> None:
    attempt = await apprise.send(
        mail_receiver.target, "Bought 0.00092 BTCUSDT", "Bought at 54187.09.\nA second line: ü"
    )
    assert attempt.reaction is Reaction.ACCEPTED
    (mail,) = await mail_receiver.until(1)
    assert mail["Subject"] == "Bought 0.00092 BTCUSDT"
    assert mail["To"] == "ann@example.com"
    assert "54187.09.\r\nA second line: ü" in mail.get_content()


async def test_a_title_adds_no_header(apprise: AppriseProcess, mail_receiver: MailReceiver) -> None:
    await apprise.send(mail_receiver.target, "Hello\r\nBcc: eve@example.com", "x")
    for mail in mail_receiver.mails:
        assert mail["Bcc"] is None


async def test_http_services(apprise: AppriseProcess, http_receiver: HttpReceiver) -> None:
    url = http_receiver.url.replace("http://", "json://")
    assert (await apprise.send(f"{url}/x", "Title", "Body")).reaction is Reaction.ACCEPTED
    assert http_receiver.received[0].said["message"] == "Body"
    http_receiver.answers.append(status(500))
    failed = await apprise.send(f"{url}/x", "Title", "Body")
    assert failed.reaction is Reaction.PASSING
    http_receiver.answers.append(status(302, Location=f"{http_receiver.url}/elsewhere"))
    await apprise.send(f"{url}/x?redirect=yes", "Title", "Body")
    assert [each.path for each in http_receiver.received] == ["/x", "/x", "/x"]


async def test_certificates_are_verified(
    apprise: AppriseProcess, tls_receiver: HttpReceiver
) -> None:
    url = tls_receiver.url.replace("https://", "jsons://")
    attempt = await apprise.send(f"{url}/?verify=no", "Title", "Body")
    assert (attempt.reaction, attempt.detail) == (Reaction.PASSING, "the service did not take it")
    assert tls_receiver.received == []


async def test_it_connects_to_nothing_of_ours(
    confined: AppriseProcess, http_receiver: HttpReceiver, mail_receiver: MailReceiver
) -> None:
    http = http_receiver.url.replace("http://", "json://")
    for url in (http, http.replace("127.0.0.1", "localhost"), mail_receiver.target):
        attempt = await confined.send(url, "Title", "Body")
        assert (attempt.reaction, attempt.detail) == (Reaction.REFUSED, "the address is not public")
    assert http_receiver.received == []
    assert mail_receiver.mails == []


@pytest.mark.parametrize(
    "url",
    [
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template={path}",
        "fcm://project/device?keyfile={path}",
        f"{TELEGRAM}?template={{path}}",
    ],
)
async def test_it_reads_no_files(apprise: AppriseProcess, tmp_path: Path, url: str) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"text": "ours"}')
    attempt = await apprise.send(url.format(path=secret), "Title", "Body")
    assert (attempt.reaction, attempt.detail) == (Reaction.REFUSED, "files are not allowed")


async def test_a_server_that_never_answers_costs_one_fork(
    http_receiver: HttpReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.apprise_process.APPRISE_TIMEOUT_S", 1.0)
    silent = await asyncio.start_server(_drip, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    good = http_receiver.url.replace("http://", "json://")
    async with open_apprise(OutboundNetwork([ip_network("127.0.0.0/8")])) as apprise:
        late, sent = await asyncio.gather(
            apprise.send(f"json://127.0.0.1:{port}/", "Title", "Body"),
            apprise.send(good, "Title", "Body"),
        )
    silent.close()
    assert (late.reaction, late.detail) == (Reaction.PASSING, "it took too long")
    assert sent.reaction is Reaction.ACCEPTED


async def _drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # A byte now and then: no time-out between two of them ever comes about.
    try:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)
    except ConnectionError:
        writer.close()


async def test_one_users_slow_servers_leave_room_for_others(
    apprise: AppriseProcess, slow_mail_receiver: SlowMailReceiver, mail_receiver: MailReceiver
) -> None:
    async def send(user_id: str, url: str) -> Reaction:
        async with apprise.turn(user_id, 20):
            return (await apprise.send(url, "Title", "Body")).reaction

    slow = [asyncio.create_task(send("ann", slow_mail_receiver.target)) for _ in range(10)]
    await slow_mail_receiver.until_waiting(2)
    assert await send("bob", mail_receiver.target) is Reaction.ACCEPTED
    with pytest.raises(NoTurnError):
        async with apprise.turn("ann", 0.1):
            pass
    assert slow_mail_receiver.waiting == 2
    slow_mail_receiver.let_go.set()
    assert await asyncio.gather(*slow) == [Reaction.ACCEPTED] * 10
    assert len(slow_mail_receiver.mails) == 10


async def test_who_does_not_wait_for_the_start_leaves_it_to_others(
    mail_receiver: MailReceiver,
) -> None:
    async with open_apprise(OutboundNetwork([ip_network("127.0.0.0/8")])) as apprise:
        with pytest.raises(NoTurnError):
            async with apprise.turn("ann", 0.01):
                pass
        async with apprise.turn("ann", 30):
            attempt = await apprise.send(mail_receiver.target, "Title", "Body")
        assert attempt.reaction is Reaction.ACCEPTED
    async with open_apprise(OutboundNetwork()) as apprise:
        with pytest.raises(NoTurnError):
            async with apprise.turn("ann", 0.01):
                pass
        # Closed while it starts: nothing is left behind.
    assert apprise._process is None or apprise._process.returncode is not None


async def test_what_is_cancelled_is_not_sent_afterwards(
    apprise: AppriseProcess, slow_mail_receiver: SlowMailReceiver
) -> None:
    sending = asyncio.create_task(apprise.send(slow_mail_receiver.target, "Title", "Body"))
    await slow_mail_receiver.until_waiting(1)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await _hung_up(slow_mail_receiver)


async def test_forks_end_with_us(slow_mail_receiver: SlowMailReceiver) -> None:
    """Killed, we cancel nothing; all that our child sees is that its stdin has ended."""
    async with open_apprise(OutboundNetwork([ip_network("127.0.0.0/8")])) as apprise:
        sending = asyncio.create_task(apprise.send(slow_mail_receiver.target, "Title", "Body"))
        await slow_mail_receiver.until_waiting(1)
    await _hung_up(slow_mail_receiver)
    assert (await sending).reaction is Reaction.PASSING


async def _hung_up(receiver: SlowMailReceiver) -> None:
    # Long before the alarm that would end the fork anyway.
    async with asyncio.timeout(APPRISE_TIMEOUT_S / 4):
        await receiver.until_waiting(0)


async def test_it_is_started_again(http_receiver: HttpReceiver) -> None:
    url = http_receiver.url.replace("http://", "json://")
    async with open_apprise(OutboundNetwork([ip_network("127.0.0.0/8")])) as apprise:
        assert (await apprise.send(url, "Title", "1")).reaction is Reaction.ACCEPTED
        running = apprise._process
        assert running is not None
        os.kill(running.pid, signal.SIGKILL)
        await running.wait()
        assert (await apprise.send(url, "Title", "2")).reaction is Reaction.ACCEPTED
    assert [each.said["message"] for each in http_receiver.received] == ["1", "2"]


async def test_our_secrets_are_not_in_its_environment(
    apprise: AppriseProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOTCORE_JWT_SECRET", "not for users")
    await apprise.check(TELEGRAM)
    running = apprise._process
    assert running is not None
    environment = await asyncio.to_thread(Path(f"/proc/{running.pid}/environ").read_bytes)
    assert b"BOTCORE" not in environment
