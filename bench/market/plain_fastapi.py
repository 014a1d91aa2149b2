"""Yardstick: fan-out as it is usually written, `await send_json` to one after the other.

`python -m bench.market.plain_fastapi PORT REDIS_URL CHANNEL`
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from redis.asyncio import Redis


class Connections:
    """Everybody who is connected."""

    def __init__(self) -> None:
        self.active: list[WebSocket] = []

    async def broadcast(self, message: dict[str, Any]) -> None:
        """Send to each."""
        for connection in self.active:
            await connection.send_json(message)


def create_app(redis_url: str, channel: str) -> FastAPI:
    """Make the application."""
    connections = Connections()

    async def listen() -> None:
        async with Redis.from_url(redis_url) as redis, redis.pubsub() as pubsub:
            await pubsub.subscribe(channel)
            async for message in pubsub.listen():
                if message["type"] == "message":
                    await connections.broadcast(json.loads(message["data"]))

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        listening = asyncio.create_task(listen())
        yield
        listening.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/ws")
    async def serve(websocket: WebSocket) -> None:
        await websocket.accept()
        connections.active.append(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            connections.active.remove(websocket)

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2], sys.argv[3]),
        port=int(sys.argv[1]),
        ws_per_message_deflate=False,
        log_level="warning",
    )
