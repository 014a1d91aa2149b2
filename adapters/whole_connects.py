"""An aiohttp connector whose connects are never cut off halfway.

Under uvloop, cancelling `create_connection(sock=…)` closes the socket's descriptor twice:
once with the socket object, once by libuv a moment later, when another thread may have
been given the same number. The victim is any file or connection of the process, another
user's among them (MagicStack/uvloop#646, aio-libs/aiohttp#10506). So a connect that its
caller no longer waits for goes on to its end, and is closed there.
"""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientRequest, ClientTimeout, TCPConnector
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from aiohttp.tracing import Trace


class WholeConnects(TCPConnector):
    """A `TCPConnector` to be used wherever a request may time out."""

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list["Trace"],
        timeout: ClientTimeout,  # noqa: ASYNC109 - the library's signature
    ) -> ResponseHandler:
        """Connect; a caller's time-out or cancellation ends its wait, not the connect."""
        patient = ClientTimeout(total=None)
        connecting = asyncio.ensure_future(super()._create_connection(req, traces, patient))
        try:
            async with asyncio.timeout(timeout.sock_connect):
                return await asyncio.shield(connecting)
        except (TimeoutError, asyncio.CancelledError):
            connecting.add_done_callback(_close)
            raise


def _close(connecting: asyncio.Future[ResponseHandler]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()
