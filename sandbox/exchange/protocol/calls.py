"""A request as its handler sees it, and the table of everything that can be asked.

REST and the WebSocket API share handlers: an endpoint knows both its path and its method name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from sandbox.exchange.core.ledger import Account
from sandbox.exchange.core.matching import Market
from sandbox.exchange.market.listing import Listing
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.protocol.security import Freshness
from sandbox.exchange.venue import Venue

_SIGNED_NAMES: Final = frozenset({"timestamp", "recvWindow", "signature"})


class Security(Enum):
    """What a request must carry."""

    NONE = 0
    SIGNED = 1


@dataclass(slots=True)
class Call:
    """One request.

    Attributes:
        params: What was sent.
        now_ms: When it arrived.
        signer: The account that signed it; None for public calls.
        freshness: Until when a signed request may be processed.
    """

    venue: Venue
    params: Params
    now_ms: int
    signer: Account | None = None
    freshness: Freshness | None = None

    @property
    def account(self) -> Account:
        """The account that signed the request."""
        if self.signer is None:
            raise RuntimeError("a public call has no account")
        return self.signer

    def listing(self) -> Listing:
        """The symbol that the request names.

        Raises:
            VenueError: -1102, -1100 or -1121.
        """
        symbol = self.params.need_symbol()
        self.venue.engine.rules(symbol)
        return self.venue.listings[symbol]

    def market(self) -> Market:
        """The market of the symbol that the request names."""
        return self.listing().market


Handler = Callable[[Call], Awaitable[Any]]
Weight = Callable[[Params], int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked.

    Attributes:
        weight: Request weight, or how to tell it from the parameters.
        names: Parameters it reads, without those that every signed call has.
        orders: How many orders it counts against the account's order limits.
    """

    method: str
    path: str
    handler: Handler
    weight: int | Weight = 1
    security: Security = Security.NONE
    names: frozenset[str] = frozenset()
    orders: int = 0

    @property
    def trades(self) -> bool:
        """Whether it changes orders, which not every key may."""
        return self.security is Security.SIGNED and self.method != "GET"

    @property
    def allowed(self) -> frozenset[str]:
        """Every parameter it reads."""
        return self.names | _SIGNED_NAMES if self.security is Security.SIGNED else self.names

    def weight_of(self, params: Params) -> int:
        """The weight of a request with these parameters."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


@dataclass(slots=True)
class Table:
    """All endpoints, by REST method and path and by WebSocket API method."""

    rest: dict[tuple[str, str], Endpoint] = field(default_factory=dict)
    ws: dict[str, Endpoint] = field(default_factory=dict)

    def add(self, rest: str, ws: str | None, **details: Any) -> Callable[[Handler], Handler]:
        """Register a handler for `METHOD /path` and a WebSocket API method.

        Args:
            rest: Method and path below `/api/v3`, as in `GET order`.
            ws: WebSocket API method, where there is one.
            details: Fields of `Endpoint`; `names` as one string.
        """
        method, path = rest.split()
        names = frozenset(details.pop("names", "").split())

        def register(handler: Handler) -> Handler:
            endpoint = Endpoint(method, path, handler, names=names, **details)
            self.rest[method, path] = endpoint
            if ws is not None:
                self.ws[ws] = endpoint
            return handler

        return register
