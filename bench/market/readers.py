"""A crowd of WebSocket clients in a process of its own, which says when it received what."""

import asyncio
import gc
import multiprocessing
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from time import monotonic_ns
from typing import Any

import orjson
import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

_UPDATE = (b'{"type":"price_update"', b'{"type":"kline_update"')
_CONNECTING_AT_ONCE = 50
# Clients come from this many addresses of the loopback network.
_ADDRESSES = 100


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is to connect where.

    Attributes:
        url: The server.
        tokens: One access token a connection; an empty one does not sign in.
        channels: What each connection subscribes to once it is signed in.
        keep_frames: Whether whole frames are kept instead of their sequences.
    """

    url: str
    tokens: Sequence[str]
    channels: Sequence[str] = ()
    keep_frames: bool = False


@dataclass(slots=True)
class Receipts:
    """What a crowd received, in order; `sequences` or `frames`, each with its moment."""

    moments_ns: "array[int]" = field(default_factory=lambda: array("q"))
    sequences: "array[int]" = field(default_factory=lambda: array("q"))
    frames: list[bytes] = field(default_factory=list)
    others: int = 0


class _Reader(WSListener):
    def __init__(self, crowd: Crowd, token: str, receipts: Receipts) -> None:
        self._crowd = crowd
        self._token = token
        self._receipts = receipts
        self.ready = asyncio.Event()

    def on_ws_connected(self, transport: WSTransport) -> None:
        if not self._token:
            self.ready.set()
            return
        wish = {"type": "subscribe", "channels": self._crowd.channels, "auth_token": self._token}
        transport.send(WSMsgType.TEXT, orjson.dumps(wish))

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        now_ns = monotonic_ns()
        del transport
        if frame.msg_type is not WSMsgType.TEXT:
            return
        payload = frame.get_payload_as_bytes()
        receipts = self._receipts
        if not payload.startswith(_UPDATE):
            receipts.others += 1
            if payload.startswith(b'{"type":"subscribed"'):
                self.ready.set()
            elif payload.startswith(b'{"type":"error"'):
                raise RuntimeError(payload.decode())
            return
        receipts.moments_ns.append(now_ns)
        if self._crowd.keep_frames:
            receipts.frames.append(payload)
        else:
            receipts.sequences.append(int(payload[payload.rindex(b":") + 1 : -1]))


class Readers:
    """The crowd's process, seen from the one that measures."""

    def __init__(self, pipe: Connection, pid: int) -> None:
        self._pipe = pipe
        self.pid = pid

    async def count(self) -> int:
        """Return how many updates were received since `take`."""
        return int(await self._ask("count"))

    async def take(self) -> Receipts:
        """Return what was received since the last time, and forget it."""
        receipts: Receipts = await self._ask("take")
        return receipts

    async def _ask(self, what: str) -> Any:
        self._pipe.send(what)
        return await asyncio.to_thread(self._pipe.recv)


@contextmanager
def readers(crowd: Crowd) -> Iterator[Readers]:
    """Connect a crowd; everybody is subscribed when this is entered."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(crowd, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if ours.recv() != "ready" or process.pid is None:
            raise RuntimeError("the readers could not connect")
        yield Readers(ours, process.pid)
    finally:
        ours.close()
        process.join(10)
        process.kill()


def _run(crowd: Crowd, pipe: Connection) -> None:
    uvloop.run(_serve(crowd, pipe))


async def _serve(crowd: Crowd, pipe: Connection) -> None:
    receipts = Receipts()
    room = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    async def connect(number: int, token: str) -> WSTransport:
        async with room, asyncio.timeout(30):
            transport, listener = await ws_connect(
                lambda: _Reader(crowd, token, receipts),
                crowd.url,
                local_addr=(f"127.0.0.{2 + number % _ADDRESSES}", 0),
            )
            assert isinstance(listener, _Reader)  # noqa: S101 - what the factory made
            await listener.ready.wait()
            return transport

    held = await asyncio.gather(*(connect(*each) for each in enumerate(crowd.tokens)))
    gc.collect()
    gc.freeze()
    gc.disable()
    pipe.send("ready")
    while True:
        try:
            asked = await asyncio.to_thread(pipe.recv)
        except EOFError:
            break
        if asked == "count":
            pipe.send(len(receipts.moments_ns))
            continue
        pipe.send(receipts)
        receipts.moments_ns, receipts.sequences = array("q"), array("q")
        receipts.frames, receipts.others = [], 0
    for transport in held:
        transport.disconnect()
