"""The ways out to users' targets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adapters.apprise_process import AppriseProcess, NoTurnError, open_apprise
from adapters.credential_vault import decode_key
from adapters.mongo import Document
from adapters.notification_seals import TargetSeals
from adapters.outbound_network import OutboundNetwork
from adapters.webhook_client import SignedRequest, WebhookClient, open_webhook_client
from domain.notifications import Attempt, TargetKind
from workers.settings import Settings


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is told: as a title and lines for people, and as a document for programs.

    `message_id` is the same at every attempt, so that receivers can tell a double.
    """

    message_id: str
    event: str
    title: str
    body: str
    document: bytes


class Channels:
    """Opens a target's seal and sends.

    Args:
        seals: What opens them.
        webhooks: The way to webhooks.
        apprise: The way to everything else.
    """

    def __init__(
        self, seals: TargetSeals, webhooks: WebhookClient, apprise: AppriseProcess
    ) -> None:
        self._seals = seals
        self._webhooks = webhooks
        self._apprise = apprise

    @asynccontextmanager
    async def turn(self, user_id: str, target: Document, within_s: float) -> AsyncIterator[None]:
        """Wait until a target can be sent to; what is sent is sent inside.

        Raises:
            NoTurnError: Not within this time; nothing was attempted.
        """
        if within_s <= 0:
            raise NoTurnError("it waits for its turn")
        if target["kind"] == TargetKind.WEBHOOK:
            yield
            return
        async with self._apprise.turn(user_id, within_s):
            yield

    async def send(self, user_id: str, target: Document, outgoing: Outgoing) -> Attempt:
        """Make one attempt, in a turn.

        Raises:
            UnreadableSealError: Its address cannot be read any more.
        """
        access = self._seals.open(user_id, target["target_id"], target["sealed"])
        if target["kind"] == TargetKind.WEBHOOK:
            request = SignedRequest(
                access.url, access.signing_secret, outgoing.message_id, outgoing.document
            )
            return await self._webhooks.post(request)
        return await self._apprise.send(access.url, outgoing.title, outgoing.body)


def target_seals(settings: Settings) -> TargetSeals:
    """Return what seals targets: the keys of the credential vault, bound to another purpose."""
    texts = {**settings.credentials_previous_keys}
    texts[settings.credentials_key_id] = settings.credentials_key
    keys = {name: decode_key(text.get_secret_value()) for name, text in texts.items()}
    return TargetSeals(settings.credentials_key_id, keys)


@asynccontextmanager
async def open_channels(settings: Settings) -> AsyncIterator[Channels]:
    """Open the ways out of a process."""
    network = OutboundNetwork(settings.notification_networks)
    async with open_webhook_client(network) as webhooks, open_apprise(network) as apprise:
        yield Channels(target_seals(settings), webhooks, apprise)
