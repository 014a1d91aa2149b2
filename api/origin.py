"""Where the request at hand came from, for the record of what people do.

Read from the request only where something is recorded: a route that took it as a dependency
would pay for it with every request.
"""

from collections.abc import Sequence
from contextvars import ContextVar, Token

from starlette.types import Scope

from domain.activity import Origin, printable_user_agent
from workers.client_address import UNKNOWN, Network, client_address

_request: ContextVar[tuple[Scope, bytes] | None] = ContextVar("request", default=None)

Serving = Token[tuple[Scope, bytes] | None]


def begin_request(scope: Scope, request_id: bytes) -> Serving:
    """Remember the request that this task serves from now on."""
    return _request.set((scope, request_id))


def end_request(serving: Serving) -> None:
    """Forget it."""
    _request.reset(serving)


def current_origin(trusted: Sequence[Network]) -> Origin:
    """Return where the request at hand came from; of none, that nothing is known.

    Args:
        trusted: The networks of our proxies; see `workers.client_address`.
    """
    serving = _request.get()
    if serving is None:
        return Origin()
    scope, request_id = serving
    user_agent, forwarded_for = b"", []
    for name, value in scope["headers"]:
        if name == b"user-agent":
            user_agent = value
        elif name == b"x-forwarded-for":
            forwarded_for.append(value.decode("latin-1"))
    peer = scope["client"][0] if scope.get("client") else UNKNOWN
    return Origin(
        client_address(peer, forwarded_for, trusted),
        printable_user_agent(user_agent),
        request_id.decode(),
    )
