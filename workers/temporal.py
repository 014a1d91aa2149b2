"""The connection to Temporal, made the same way by every process."""

import asyncio

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import GrpcCompression

from workers.settings import Settings

TRADING_QUEUE = "trading"

# Temporal takes 4 s to come up; a process that starts beside it waits.
CONNECT_RETRY_S = 0.5

log = structlog.get_logger(__name__)


async def connect_temporal(settings: Settings) -> Client:
    """Connect, waiting for as long as the server is away.

    Payloads stay uncompressed: on loopback and within a data centre gzip costs more than the
    bytes that it saves.
    """
    is_told = False
    while True:
        try:
            return await Client.connect(
                settings.temporal_address,
                namespace=settings.temporal_namespace,
                data_converter=pydantic_data_converter,
                grpc_compression=GrpcCompression.NONE,
            )
        except RuntimeError as error:  # what the SDK raises when it cannot connect
            if not is_told:
                log.warning("temporal_unreachable", error=str(error))
                is_told = True
            await asyncio.sleep(CONNECT_RETRY_S)
