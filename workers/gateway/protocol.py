"""One conversation with one client, as a state machine without I/O.

What happens goes in (a text, a moment passing, a pong), what is to be done comes out as
actions. Moments are monotonic seconds; only frames and token expiry look at the wall clock.
Nothing is subscribed before a token was verified (DATA_FLOW.md, "Connection Lifecycle":
Authenticated comes before Subscribed).
"""

from collections import deque
from typing import Any

from domain.errors import ErrorCode, Rejected
from workers.gateway.actions import Action, Close, Join, Leave, Send, SendPing, SendPong
from workers.gateway.allowances import Allowance
from workers.gateway.frames import CloseCode, error_frame, server_frame
from workers.gateway.messages import (
    Auth,
    ClientMessage,
    Ping,
    Subscribe,
    Unsubscribe,
    is_private,
    market_channel,
    parse_message,
)
from workers.gateway.rules import Rules


class Conversation:
    """The state of one connection.

    Args:
        now_s: The moment it began.
        address: Where the client is.
        rules: What all conversations have in common.
    """

    def __init__(self, now_s: float, address: str, rules: Rules) -> None:
        self._rules = rules
        self._patience = rules.patience
        self._began_s = now_s
        self._heard_s = now_s
        self._asked_s: float | None = None
        self._beat_s = now_s
        self._malformed_s: deque[float] = deque()
        self._expires_s = 0.0
        self._closed = False
        own = Allowance(rules.ceilings.connection, now_s)
        # Of this connection, of its address and, once it is known, of its user.
        self._allowances = [own, rules.parties.addresses.of(address, now_s)]
        self._is_counted = False
        self.user_id: str | None = None
        self.channels: set[str] = set()

    def begin(self, now_s: float) -> list[Action]:
        """Greet, or say that the address has too many connections."""
        by_address = self._allowances[1]
        if not by_address.may_connect() or not by_address.take_message(now_s):
            return self._end(CloseCode.TOO_MANY, "too many connections", ErrorCode.RATE_LIMITED)
        self._is_counted = True
        by_address.connections += 1
        within_ms = int(self._patience.authenticate_within_s * 1_000)
        return [self._say("connected", {"authenticate_within_ms": within_ms})]

    def leave(self) -> None:
        """Give back what was counted; call it once, when the line is down."""
        for allowance in self._allowances[1:]:
            allowance.channels -= len(self.channels)
            allowance.connections -= self._is_counted
        self._allowances = self._allowances[:1]
        self._closed = True

    def receive(self, payload: bytes, now_s: float) -> list[Action]:
        """Take one complete text message."""
        if self._closed:
            return []
        excess = self._hear(now_s)
        if excess:
            return excess
        try:
            message = parse_message(payload)
        except ValueError:
            return self._malformed("not a message of this protocol", now_s)
        return self._answer(message, now_s)

    def receive_unreadable(self, why: str, now_s: float) -> list[Action]:
        """Take something that is no text message: binary, or a fragment out of place."""
        if self._closed:
            return []
        return self._hear(now_s) or self._malformed(why, now_s)

    def receive_fragment(self, now_s: float) -> list[Action]:
        """Take a part of a message that is not its last; it counts as a message itself."""
        return [] if self._closed else self._hear(now_s)

    def receive_ping(self, payload: bytes, now_s: float) -> list[Action]:
        """Take a WebSocket ping, which counts as a message."""
        if self._closed:
            return []
        return self._hear(now_s) or [SendPong(payload)]

    def receive_pong(self, now_s: float) -> list[Action]:
        """Take the answer to a WebSocket ping, which counts as a message."""
        return [] if self._closed else self._hear(now_s)

    def pass_time(self, now_s: float) -> list[Action]:
        """Look at every deadline; call it about once a second."""
        if self._closed:
            return []
        if self.user_id is None:
            if now_s - self._began_s >= self._patience.authenticate_within_s:
                return self._end(CloseCode.UNAUTHENTICATED, "not authenticated in time")
        elif now_s >= self._expires_s:
            return self._end(
                CloseCode.UNAUTHENTICATED, "the token ran out", ErrorCode.TOKEN_EXPIRED
            )
        actions: list[Action] = []
        if self._asked_s is not None:
            if now_s - self._asked_s >= self._patience.pong_within_s:
                return self._end(CloseCode.NO_PONG, "no pong")
        elif now_s - self._heard_s >= self._patience.ping_after_s:
            self._asked_s = now_s
            actions.append(SendPing())
        if now_s - self._beat_s >= self._patience.heartbeat_every_s:
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

    def _hear(self, now_s: float) -> list[Action]:
        """Note a sign of life; end the conversation where it is one too many."""
        self._heard_s = now_s
        self._asked_s = None
        for allowance in self._allowances:
            if not allowance.take_message(now_s):
                return self._end(CloseCode.TOO_MANY, "too many messages", ErrorCode.RATE_LIMITED)
        return []

    def _malformed(self, detail: str, now_s: float) -> list[Action]:
        self._malformed_s.append(now_s)
        while now_s - self._malformed_s[0] > self._patience.malformed_window_s:
            self._malformed_s.popleft()
        if len(self._malformed_s) > self._patience.malformed_forgiven:
            return self._end(
                CloseCode.MALFORMED, "malformed messages, too often", ErrorCode.INVALID_REQUEST
            )
        return [self._refuse(ErrorCode.INVALID_REQUEST, detail)]

    def _authenticate(self, token: str, now_s: float) -> tuple[bool, list[Action]]:
        try:
            claims = self._rules.verify(token)
        except Rejected as refusal:
            return False, [self._refuse(refusal.code, refusal.detail)]
        lives_s = (claims.expires_at - self._rules.wall_clock()).total_seconds()
        if lives_s <= 0:
            return False, [self._refuse(ErrorCode.TOKEN_EXPIRED, "The token has run out.")]
        if self.user_id not in {None, claims.user_id}:
            detail = "This connection belongs to another user."
            return False, [self._refuse(ErrorCode.FORBIDDEN, detail)]
        if self.user_id is None and not self._count_user(claims.user_id, now_s):
            reason = "too many connections"
            return False, self._end(CloseCode.TOO_MANY, reason, ErrorCode.RATE_LIMITED)
        # A second token extends; one that runs out sooner than the first takes nothing away.
        self._expires_s = max(self._expires_s, now_s + lives_s)
        told = {"user_id": claims.user_id, "expires_at": claims.expires_at}
        return True, [self._say("authenticated", told)]

    def _count_user(self, user_id: str, now_s: float) -> bool:
        by_user = self._rules.parties.users.of(user_id, now_s)
        if not by_user.may_connect():
            return False
        by_user.connections += 1
        self._allowances.append(by_user)
        self.user_id = user_id
        return True

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
        fresh = frozenset(wanted) - self.channels
        if not all(allowance.may_hold(len(fresh)) for allowance in self._allowances):
            end = self._end(CloseCode.TOO_MANY, "too many channels", ErrorCode.RATE_LIMITED)
            return [*actions, *end]
        for allowance in self._allowances:
            allowance.channels += len(fresh)
        self.channels |= fresh
        return [*actions, Join(self.user_id, wanted, fresh, message.resume_from)]

    def _unserved(self, channel: str) -> Send | None:
        if is_private(channel):
            return None
        named = market_channel(channel)
        if named is None:
            return self._refuse(ErrorCode.INVALID_REQUEST, f"There is no channel {channel!r}.")
        if self._rules.knows_symbol(named.symbol) is False:
            detail = f"{named.symbol} is not streamed here."
            return self._refuse(ErrorCode.UNKNOWN_SYMBOL, detail)
        return None

    def _unsubscribe(self, channels: list[str]) -> list[Action]:
        given_up = tuple(c for c in dict.fromkeys(channels) if c in self.channels)
        self.channels.difference_update(given_up)
        for allowance in self._allowances:
            allowance.channels -= len(given_up)
        return [Leave(given_up)]

    def _end(self, code: CloseCode, reason: str, error: ErrorCode | None = None) -> list[Action]:
        self._closed = True
        last_word = [] if error is None else [self._refuse(error, f"{reason.capitalize()}.")]
        return [*last_word, Close(code, reason)]

    def _say(self, frame_type: str, payload: dict[str, Any]) -> Send:
        return Send(server_frame(frame_type, payload, self._rules.wall_clock()))

    def _refuse(self, code: ErrorCode, detail: str) -> Send:
        return Send(error_frame(code, detail, self._rules.wall_clock()))
