"""What all conversations have in common: limits, and who shares which of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from domain.ports import AccessClaims
from workers.gateway.allowances import Allowances, Ceiling
from workers.settings import Settings

# Whether a symbol is streamed; None until the list is known.
KnowsSymbol: TypeAlias = Callable[[str], bool | None]


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long a client may be silent, and how much nonsense it may say."""

    authenticate_within_s: float = 10.0
    heartbeat_every_s: float = 15.0
    # Silence after which the server asks, and then how long it waits for the answer.
    ping_after_s: float = 20.0
    pong_within_s: float = 20.0
    # Malformed messages within the window that are forgiven; one more closes.
    malformed_forgiven: int = 5
    malformed_window_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Ceilings:
    """What each connection may do for itself, and all of one user and of one address together."""

    connection: Ceiling
    user: Ceiling
    address: Ceiling


class Parties:
    """Users and addresses, over all conversations of this process."""

    def __init__(self, ceilings: Ceilings) -> None:
        self.users = Allowances(ceilings.user)
        self.addresses = Allowances(ceilings.address)

    def forget(self, now_s: float) -> None:
        """Drop what is of no consequence any more."""
        self.users.forget(now_s)
        self.addresses.forget(now_s)


@dataclass(frozen=True, slots=True)
class Rules:
    """What all conversations have in common.

    `verify` reads an access token or raises `Rejected`; `wall_clock` tells the time of day,
    UTC; `knows_symbol` tells whether a symbol is streamed, None while nobody knows.
    """

    verify: Callable[[str], AccessClaims]
    wall_clock: Callable[[], datetime]
    knows_symbol: KnowsSymbol
    patience: Patience
    ceilings: Ceilings
    parties: Parties


def ceilings_of(settings: Settings) -> Ceilings:
    """Return what the settings allow."""
    return Ceilings(
        connection=Ceiling(
            connections=1,
            channels=settings.gateway_channels_per_connection,
            messages_per_s=settings.gateway_messages_per_s_per_connection,
        ),
        user=Ceiling(
            connections=settings.gateway_connections_per_user,
            channels=settings.gateway_channels_per_user,
            messages_per_s=settings.gateway_messages_per_s_per_user,
        ),
        address=Ceiling(
            connections=settings.gateway_connections_per_address,
            channels=settings.gateway_channels_per_address,
            messages_per_s=settings.gateway_messages_per_s_per_address,
        ),
    )
