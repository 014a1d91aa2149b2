"""Yardstick: the least that a broadcast can be, picows and a list of transports.

`python -m bench.market.bare_picows PORT REDIS_URL CHANNEL`
"""

import sys

import uvloop
from picows import WSListener, WSMsgType, WSTransport, ws_create_server
from redis.asyncio import Redis

_LISTEN_BACKLOG = 1_024


class Listener(WSListener):
    """One client, of whom nothing is known but how to write to it."""

    def __init__(self, transports: dict[WSTransport, None]) -> None:
        self._transports = transports

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Write to it from now on."""
        self._transports[transport] = None

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Write to it no longer."""
        self._transports.pop(transport, None)


async def serve(port: int, redis_url: str, channel: str) -> None:
    """Broadcast what is published on `channel`, until killed."""
    transports: dict[WSTransport, None] = {}
    server = await ws_create_server(
        lambda _request: Listener(transports), "127.0.0.1", port, backlog=_LISTEN_BACKLOG
    )
    async with server, Redis.from_url(redis_url) as redis, redis.pubsub() as pubsub:
        await pubsub.subscribe(channel)
        async for message in pubsub.listen():
            if message["type"] == "message":
                for transport in transports:
                    transport.send(WSMsgType.TEXT, message["data"])


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
