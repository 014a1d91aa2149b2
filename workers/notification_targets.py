"""Whether something can be sent to what a user calls a target, found out when it is saved."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, urlsplit

from adapters.apprise_process import AppriseProcess, ChildLostError, Service
from adapters.outbound_network import OutboundNetwork
from domain.errors import ErrorCode, Retryable
from domain.notifications import TargetKind

MAX_URL_CHARACTERS: Final = 2_000
_SCHEMAS: Final = {
    TargetKind.EMAIL: ("mailto", "mailtos"),
    TargetKind.TELEGRAM: ("tgram",),
    TargetKind.DISCORD: ("discord",),
}


class UnfitAddressError(ValueError):
    """Nothing can be sent there; the message is for its user and does not repeat it."""


@dataclass(frozen=True, slots=True)
class Fit:
    """An address that something can be sent to, and the part of it that may be shown."""

    url: str = field(repr=False)
    shown: str


class TargetCheck:
    """Reads addresses as those will who send there.

    Args:
        network: Where targets may be.
        apprise: What reads every address that is no webhook's.
    """

    def __init__(self, network: OutboundNetwork, apprise: AppriseProcess) -> None:
        self._network = network
        self._apprise = apprise

    async def fit(self, kind: TargetKind, url: str) -> Fit:
        """Return an address as it is kept.

        Raises:
            UnfitAddressError: Nothing can be sent there.
            Retryable: What reads it could not be started.
        """
        if not url.isprintable() or not url.isascii() or " " in url:
            raise UnfitAddressError("it has characters that an address cannot have")
        if kind is TargetKind.WEBHOOK:
            return await self._fit_webhook(url)
        return await self._fit_service(kind, url)

    async def _fit_webhook(self, url: str) -> Fit:
        parts = _split(url)
        if parts.scheme not in {"http", "https"}:
            raise UnfitAddressError("it must begin with https://")
        if not parts.hostname or parts.username or parts.password or parts.fragment:
            raise UnfitAddressError("it must be https://host/path, without a user or a fragment")
        complaint = await self._network.complaint(parts.hostname, encrypted=parts.scheme == "https")
        if complaint is not None:
            raise UnfitAddressError(complaint)
        return Fit(url, f"{parts.scheme}://{parts.netloc}/…")

    async def _fit_service(self, kind: TargetKind, url: str) -> Fit:
        try:
            service = await self._apprise.check(url)
        except ChildLostError as error:
            raise Retryable(
                ErrorCode.SERVICE_UNAVAILABLE, "The address could not be read."
            ) from error
        wanted = _SCHEMAS.get(kind)
        if service is None or (wanted and service.schema not in wanted):
            schemas = " or ".join(f"{each}://…" for each in wanted or ("service",))
            raise UnfitAddressError(f"it is not {schemas} as apprise reads it")
        for host in service.hosts:
            complaint = await self._network.complaint(host)
            if complaint is not None:
                raise UnfitAddressError(complaint)
        return Fit(url, _shown(service))


def _shown(service: Service) -> str:
    # Of everything else, apprise alone knows what is secret in it.
    return f"{service.schema}://{''.join(service.hosts[:1])}/…"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnfitAddressError("it is not an address") from error
    return parts
