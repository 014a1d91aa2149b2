"""Public channels: who listens to which, and the latest frame of each.

A channel's sequence rises by one with each frame. Where a client cannot be given the next
one (something was lost upstream, or the client read so slowly that only the latest is of
use), a `gap` frame comes first and says so: what a client receives has no silent hole.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias

from picows import WSMsgType
from prometheus_client import Counter

from adapters.redis_feed import sequence_of
from workers.gateway.frames import gap_frame

_delivered = Counter("botcore_gateway_public_deliveries", "Public frames written to connections.")
Send: TypeAlias = Callable[[WSMsgType, bytes], None]
_TIMESTAMP = b'"timestamp":"'


class Listener(Protocol):
    """Takes public frames.

    `send` is called for each frame and never blocks; `is_behind` tells that too much of what
    was sent has not been read yet.
    """

    is_behind: bool
    send: Send


class _Channel:
    """One channel: those who keep up, and those who do not with the sequence they have."""

    __slots__ = ("behind", "frame", "listening", "sequence", "timestamp")

    def __init__(self) -> None:
        self.frame: bytes | None = None
        self.sequence = 0
        self.timestamp = b""
        # The value is what writes: picows' own method, so that a broadcast is nothing but
        # one call a connection. Dictionaries, because a removal costs the same as in a set.
        self.listening: dict[Listener, Send] = {}
        self.behind: dict[Listener, int] = {}

    def take(self, frame: bytes) -> tuple[int, bytes] | None:
        """Keep a frame as the latest; return what was before it, None where it is no news.

        A sequence that is not higher is one that was handed on already, unless its time is:
        then the channel counts anew, because Redis has forgotten it.
        """
        sequence, timestamp = sequence_of(frame), _timestamp_of(frame)
        before = (self.sequence, self.timestamp)
        if self.frame is not None and sequence <= self.sequence and timestamp <= self.timestamp:
            return None
        self.frame, self.sequence, self.timestamp = frame, sequence, timestamp
        return before


class PublicChannels:
    """Fans each frame out as it came: nobody serialises it again."""

    def __init__(self, on_wanted: Callable[[str], None] | None = None) -> None:
        self._channels: dict[str, _Channel] = {}
        self._on_wanted = on_wanted

    def latest(self, channel: str) -> bytes | None:
        """Return the latest frame of a channel, None where there was none yet."""
        known = self._channels.get(channel)
        return None if known is None else known.frame

    def wanted(self) -> list[str]:
        """Return the channels that somebody listens to."""
        return [name for name, known in self._channels.items() if known.listening or known.behind]

    def join(self, channel: str, listener: Listener) -> None:
        """Deliver a channel from now on; a second time changes nothing."""
        known = self._channels.setdefault(channel, _Channel())
        if listener in known.listening or listener in known.behind:
            return
        if self._on_wanted is not None and not known.listening and not known.behind:
            self._on_wanted(channel)
        if listener.is_behind:
            known.behind[listener] = known.sequence
        else:
            known.listening[listener] = listener.send

    def leave(self, channel: str, listener: Listener) -> None:
        """Deliver a channel no longer."""
        known = self._channels.get(channel)
        if known is None:
            return
        known.listening.pop(listener, None)
        known.behind.pop(listener, None)
        if known.frame is None and not known.listening and not known.behind:
            del self._channels[channel]

    def hold(self, channels: Iterable[str], listener: Listener) -> None:
        """Deliver nothing while a listener is behind."""
        for channel in channels:
            known = self._channels.get(channel)
            if known is not None and known.listening.pop(listener, None) is not None:
                known.behind[listener] = known.sequence

    def release(self, channels: Iterable[str], listener: Listener) -> None:
        """Deliver again, beginning with the latest of what was held back.

        A write may find the listener behind once more; then the rest waits on.
        """
        for channel in channels:
            if listener.is_behind:
                return
            known = self._channels.get(channel)
            has = None if known is None else known.behind.pop(listener, None)
            if known is None or has is None:
                continue
            known.listening[listener] = listener.send
            if known.frame is None or known.sequence == has:
                continue
            if has and known.sequence != has + 1:
                told = gap_frame(channel, has, known.sequence, known.timestamp)
                listener.send(WSMsgType.TEXT, told)
            listener.send(WSMsgType.TEXT, known.frame)

    def broadcast(self, channel: str, frame: bytes) -> None:
        """Keep a frame as the latest and hand it to everybody who listens."""
        known = self._channels.setdefault(channel, _Channel())
        before = known.take(frame)
        if before is None:
            return
        text = WSMsgType.TEXT
        # A copy: a write that meets a full buffer takes its listener out at once.
        sends = list(known.listening.values())
        if before[0] and known.sequence != before[0] + 1:
            told = gap_frame(channel, before[0], known.sequence, known.timestamp)
            for send in sends:
                send(text, told)
                send(text, frame)
        else:
            for send in sends:
                send(text, frame)
        _delivered.inc(len(sends))

    def catch_up(self, frames: Mapping[str, bytes]) -> None:
        """Broadcast what is newer than the latest known, after a gap upstream."""
        for channel, frame in frames.items():
            self.broadcast(channel, frame)


def _timestamp_of(frame: bytes) -> bytes:
    """Return the time of a frame as it is written, which sorts as it does."""
    start = frame.rindex(_TIMESTAMP) + len(_TIMESTAMP)
    return frame[start : frame.index(b'"', start)]
