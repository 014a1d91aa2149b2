"""Public channels: who listens to which, and the latest frame of each."""

from collections.abc import Mapping
from typing import Protocol

from adapters.redis_feed import sequence_of


class Listener(Protocol):
    """Takes public frames; never blocks."""

    def deliver_public(self, channel: str, frame: bytes) -> None:
        """Write a frame, or remember that this channel has a newer one."""


class PublicChannels:
    """Fans each frame out as it came: nobody serialises it again."""

    def __init__(self) -> None:
        self._latest: dict[str, bytes] = {}
        # Dictionaries for their order and because a removal costs the same as in a set.
        self._listeners: dict[str, dict[Listener, None]] = {}
        self._symbols: set[str] = set()

    def knows_symbol(self, symbol: str) -> bool:
        """Tell whether a symbol is streamed; before the first is known, any is accepted."""
        return not self._symbols or symbol in self._symbols

    def latest(self, channel: str) -> bytes | None:
        """Return the latest frame of a channel, None where there was none yet."""
        return self._latest.get(channel)

    def join(self, channel: str, listener: Listener) -> None:
        """Deliver a channel from now on; a second time changes nothing."""
        self._listeners.setdefault(channel, {})[listener] = None

    def leave(self, channel: str, listener: Listener) -> None:
        """Deliver a channel no longer."""
        listeners = self._listeners.get(channel, {})
        listeners.pop(listener, None)
        if not listeners:
            self._listeners.pop(channel, None)

    def broadcast(self, channel: str, frame: bytes) -> None:
        """Keep a frame as the latest and hand it to everybody who listens."""
        if channel not in self._latest:
            self._symbols.add(channel.partition("@")[0])
        self._latest[channel] = frame
        # A copy: a write that fails takes its listener out at once.
        for listener in list(self._listeners.get(channel, ())):
            listener.deliver_public(channel, frame)

    def catch_up(self, frames: Mapping[str, bytes]) -> None:
        """Broadcast what is newer than the latest known, after a gap upstream."""
        for channel, frame in frames.items():
            known = self._latest.get(channel)
            if known is None or sequence_of(frame) > sequence_of(known):
                self.broadcast(channel, frame)
