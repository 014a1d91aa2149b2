"""Real servers for notifications: one for HTTP, one for mail."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.exact_json import load
from workers.stack.ports import free_port

ARRIVES_WITHIN_S = 30


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def said(self) -> Any:
        return load(self.body)


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(ARRIVES_WITHIN_S):
        while not is_so():  # noqa: ASYNC110 - what servers in threads receive sets no event
            await asyncio.sleep(0.01)


Answering = Callable[[Received], web.StreamResponse]


@dataclass
class HttpReceiver:
    """An HTTP server that remembers what it was sent; `answers` says what it replies, in turn."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[Answering] = field(default_factory=list)

    async def until(self, count: int) -> list[Received]:
        """Wait for so many requests."""
        await eventually(lambda: len(self.received) >= count)
        return self.received

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.path_qs, headers, await request.text())
        self.received.append(received)
        answering = self.answers.pop(0) if self.answers else _accept
        return answering(received)


def status(code: int, **headers: str) -> Answering:
    """Answer with a status."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(status=code, headers=named)


def _accept(_: Received) -> web.StreamResponse:
    return web.Response(text="ok")


@pytest.fixture
async def http_receiver() -> AsyncIterator[HttpReceiver]:
    async with _serving(None) as receiver:
        yield receiver


@pytest.fixture
async def tls_receiver(tmp_path: Path) -> AsyncIterator[HttpReceiver]:
    """One with a certificate that nobody has reason to believe."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path / "own.pem"))
    async with _serving(context) as receiver:
        yield receiver


def _self_signed(path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(pem)
    )
    return path


@asynccontextmanager
async def _serving(context: ssl.SSLContext | None) -> AsyncIterator[HttpReceiver]:
    application = web.Application()
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    receiver = HttpReceiver("")
    application.router.add_route("*", "/{path:.*}", receiver.handle)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    receiver.url = f"{'https' if context else 'http'}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@dataclass
class MailReceiver:
    """An SMTP server that remembers its mail."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"

    async def until(self, count: int) -> list[EmailMessage]:
        """Wait for so many mails."""
        await eventually(lambda: len(self.mails) >= count)
        return self.mails

    @property
    def target(self) -> str:
        return (
            f"mailto://127.0.0.1:{self.port}/?from=bot@example.com&to=ann@example.com&mode=insecure"
        )


Mails = TypeVar("Mails", bound=MailReceiver)


@dataclass
class SlowMailReceiver(MailReceiver):
    """One that drips: a line of its answer now and then, and the last one once it is let go."""

    waiting: int = 0
    let_go: threading.Event = field(default_factory=threading.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.waiting += 1
        try:
            while not self.let_go.is_set():
                await server.push("250-one moment")
                await asyncio.sleep(0.05)
        finally:
            self.waiting -= 1
        return await super().handle_DATA(server, session, envelope)

    async def until_waiting(self, count: int) -> None:
        """Wait until so many mails hang here."""
        await eventually(lambda: self.waiting == count)


@pytest.fixture
def mail_receiver() -> Iterator[MailReceiver]:
    with _receiving(MailReceiver(free_port())) as receiver:
        yield receiver


@pytest.fixture
def slow_mail_receiver() -> Iterator[SlowMailReceiver]:
    with _receiving(SlowMailReceiver(free_port())) as receiver:
        yield receiver


@contextmanager
def _receiving(receiver: Mails) -> Iterator[Mails]:
    controller = Controller(receiver, hostname="127.0.0.1", port=receiver.port)
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()
