"""One conversation with one client, as a state machine without I/O.

What happens goes in (a text, a moment passing, a pong), what is to be done comes out as
actions. Moments are monotonic seconds; only frames and token expiry look at the wall clock.
Nothing is subscribed before a token was verified (DATA_FLOW.md, "Connection Lifecycle":
Authenticated comes before Subscribed).
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from domain.errors import ErrorCode, Rejected
from domain.ports import AccessClaims
from workers.gateway.frames import CloseCode, error_frame, server_frame
from workers.gateway.messages import (
    Auth,
    ClientMessage,
    Ping,
    Subscribe,
    Unsubscribe,
    is_private,
    parse_message,
    symbol_of,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what one connection may do, and for how long it may be silent."""

    authenticate_within_s: float = 10.0
    heartbeat_every_s: float = 15.0
    # Silence after which the server asks, and then how long it waits for the answer.
    ping_after_s: float = 20.0
    pong_within_s: float = 20.0
    # Malformed messages within the window that are forgiven; one more closes.
    malformed_forgiven: int = 5
    malformed_window_s: float = 60.0
    # A token bucket: so many at once, refilled at so many a second.
    message_burst: int = 40
    messages_per_s: float = 20.0
    channels: int = 100


@dataclass(frozen=True, slots=True)
class Send:
    """Write this frame."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class SendPing:
    """Write a WebSocket ping."""


@dataclass(frozen=True, slots=True)
class Close:
    """Write a close frame and end; nothing follows it."""

    code: CloseCode
    reason: str


@dataclass(frozen=True, slots=True)
class Join:
    """Deliver these channels from now on, and confirm with `subscribed`.

    `resume_from` is the last private sequence that the client has, None to start at the
    latest. `fresh` are those of `channels` that were not delivered before.
    """

    user_id: str
    channels: tuple[str, ...]
    fresh: frozenset[str]
    resume_from: int | None


@dataclass(frozen=True, slots=True)
class Leave:
    """Deliver these channels no longer, and confirm with `unsubscribed`."""

    channels: tuple[str, ...]


Action: TypeAlias = Send | SendPing | Close | Join | Leave


class Conversation:
    """The state of one connection.

    Args:
        now_s: The moment it began.
        verify: Reads an access token; raises `Rejected`.
        wall_clock: The time of day, UTC.
        knows_symbol: Whether a symbol exists.
        limits: What one connection may do.
    """

    def __init__(
        self,
        now_s: float,
        *,
        verify: Callable[[str], AccessClaims],
        wall_clock: Callable[[], datetime],
        knows_symbol: Callable[[str], bool],
        limits: Limits,
    ) -> None:
        self._verify = verify
        self._wall_clock = wall_clock
        self._knows_symbol = knows_symbol
        self._limits = limits
        self._began_s = now_s
        self._heard_s = now_s
        self._asked_s: float | None = None
        self._beat_s = now_s
        self._bucket = float(limits.message_burst)
        self._bucket_s = now_s
        self._malformed_s: deque[float] = deque()
        self._expires_s = 0.0
        self._closed = False
        self.user_id: str | None = None
        self.channels: set[str] = set()

    def begin(self) -> list[Action]:
        """Greet."""
        within_ms = int(self._limits.authenticate_within_s * 1_000)
        return [self._say("connected", {"authenticate_within_ms": within_ms})]

    def receive(self, payload: bytes, now_s: float) -> list[Action]:
        """Take one complete text message."""
        if self._closed:
            return []
        self._heard(now_s)
        if not self._within_rate(now_s):
            return self._end(CloseCode.TOO_MANY, "too many messages", ErrorCode.RATE_LIMITED)
        try:
            message = parse_message(payload)
        except ValueError:
            return self._malformed("not a message of this protocol", now_s)
        return self._answer(message, now_s)

    def receive_unreadable(self, why: str, now_s: float) -> list[Action]:
        """Take something that is no text message: binary, or a fragment out of place."""
        if self._closed:
            return []
        self._heard(now_s)
        return self._malformed(why, now_s)

    def receive_pong(self, now_s: float) -> None:
        """Take the answer to a ping, or any other sign of life."""
        self._heard(now_s)

    def pass_time(self, now_s: float) -> list[Action]:
        """Look at every deadline; call it about once a second."""
        if self._closed:
            return []
        if self.user_id is None:
            if now_s - self._began_s >= self._limits.authenticate_within_s:
                return self._end(CloseCode.UNAUTHENTICATED, "not authenticated in time")
        elif now_s >= self._expires_s:
            return self._end(
                CloseCode.UNAUTHENTICATED, "the token ran out", ErrorCode.TOKEN_EXPIRED
            )
        actions: list[Action] = []
        if self._asked_s is not None:
            if now_s - self._asked_s >= self._limits.pong_within_s:
                return self._end(CloseCode.NO_PONG, "no pong")
        elif now_s - self._heard_s >= self._limits.ping_after_s:
            self._asked_s = now_s
            actions.append(SendPing())
        if now_s - self._beat_s >= self._limits.heartbeat_every_s:
            self._beat_s = now_s
            actions.append(self._say("heartbeat", {}))
        return actions

    def end(self, code: CloseCode, reason: str) -> list[Action]:
        """End from the server's side: a restart, a slow reader, a foreign origin."""
        return [] if self._closed else self._end(code, reason)

    def _answer(self, message: ClientMessage, now_s: float) -> list[Action]:
        match message:
            case Auth(token=token):
                return self._authenticate(token, now_s)[1]
            case Subscribe():
                return self._subscribe(message, now_s)
            case Unsubscribe(channels=channels):
                return self._unsubscribe(channels)
            case Ping(id=ping_id):
                return [self._say("pong", {} if ping_id is None else {"id": ping_id})]

    def _heard(self, now_s: float) -> None:
        self._heard_s = now_s
        self._asked_s = None

    def _within_rate(self, now_s: float) -> bool:
        refill = (now_s - self._bucket_s) * self._limits.messages_per_s
        self._bucket = min(float(self._limits.message_burst), self._bucket + refill)
        self._bucket_s = now_s
        if self._bucket < 1:
            return False
        self._bucket -= 1
        return True

    def _malformed(self, detail: str, now_s: float) -> list[Action]:
        self._malformed_s.append(now_s)
        while now_s - self._malformed_s[0] > self._limits.malformed_window_s:
            self._malformed_s.popleft()
        if len(self._malformed_s) > self._limits.malformed_forgiven:
            return self._end(
                CloseCode.MALFORMED, "malformed messages, too often", ErrorCode.INVALID_REQUEST
            )
        return [self._refuse(ErrorCode.INVALID_REQUEST, detail)]

    def _authenticate(self, token: str, now_s: float) -> tuple[bool, list[Action]]:
        try:
            claims = self._verify(token)
        except Rejected as refusal:
            return False, [self._refuse(refusal.code, refusal.detail)]
        lives_s = (claims.expires_at - self._wall_clock()).total_seconds()
        if lives_s <= 0:
            return False, [self._refuse(ErrorCode.TOKEN_EXPIRED, "The token has run out.")]
        if self.user_id not in {None, claims.user_id}:
            detail = "This connection belongs to another user."
            return False, [self._refuse(ErrorCode.FORBIDDEN, detail)]
        self.user_id = claims.user_id
        self._expires_s = now_s + lives_s
        told = {"user_id": claims.user_id, "expires_at": claims.expires_at}
        return True, [self._say("authenticated", told)]

    def _subscribe(self, message: Subscribe, now_s: float) -> list[Action]:
        actions: list[Action] = []
        if message.auth_token is not None:
            accepted, actions = self._authenticate(message.auth_token, now_s)
            if not accepted:
                return actions
        if self.user_id is None:
            detail = "Authenticate before subscribing."
            return [self._refuse(ErrorCode.TOKEN_INVALID, detail)]
        wanted = tuple(dict.fromkeys(message.channels))
        for channel in wanted:
            refusal = self._unserved(channel)
            if refusal is not None:
                return [*actions, refusal]
        if len(self.channels.union(wanted)) > self._limits.channels:
            end = self._end(CloseCode.TOO_MANY, "too many channels", ErrorCode.RATE_LIMITED)
            return [*actions, *end]
        fresh = frozenset(wanted) - self.channels
        self.channels.update(wanted)
        return [*actions, Join(self.user_id, wanted, fresh, message.resume_from)]

    def _unserved(self, channel: str) -> Send | None:
        if is_private(channel):
            return None
        symbol = symbol_of(channel)
        if symbol is None:
            return self._refuse(ErrorCode.INVALID_REQUEST, f"There is no channel {channel!r}.")
        if not self._knows_symbol(symbol):
            return self._refuse(ErrorCode.UNKNOWN_SYMBOL, f"The venue does not trade {symbol}.")
        return None

    def _unsubscribe(self, channels: list[str]) -> list[Action]:
        given_up = tuple(c for c in dict.fromkeys(channels) if c in self.channels)
        self.channels.difference_update(given_up)
        return [Leave(given_up)]

    def _end(self, code: CloseCode, reason: str, error: ErrorCode | None = None) -> list[Action]:
        self._closed = True
        last_word = [] if error is None else [self._refuse(error, f"{reason.capitalize()}.")]
        return [*last_word, Close(code, reason)]

    def _say(self, frame_type: str, payload: dict[str, Any]) -> Send:
        return Send(server_frame(frame_type, payload, self._wall_clock()))

    def _refuse(self, code: ErrorCode, detail: str) -> Send:
        return Send(error_frame(code, detail, self._wall_clock()))
