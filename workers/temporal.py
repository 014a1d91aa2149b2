"""The connection to Temporal, made the same way by every process."""

import asyncio

import structlog
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter
from temporalio.service import GrpcCompression

from workers.settings import Settings

TRADING_QUEUE = "trading"
ANALYSIS_QUEUE = "analysis"
PAPER_QUEUE = "paper"
NOTICES_QUEUE = "notices"

# Temporal takes 4 s to come up; a process that starts beside it waits.
CONNECT_RETRY_S = 0.5

log = structlog.get_logger(__name__)

_ONE_CONVERTER = PydanticPayloadConverter()


class PayloadConverter(CompositePayloadConverter):
    """The SDK's pydantic converter, with one cache of type adapters for the process.

    The SDK makes a converter for every workflow run, and with it an empty cache: building
    the adapters anew took a third of a workflow's activation.
    """

    def __init__(self) -> None:
        """Share the converters."""
        super().__init__(*_ONE_CONVERTER.converters.values())


DATA_CONVERTER = DataConverter(payload_converter_class=PayloadConverter)


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
                data_converter=DATA_CONVERTER,
                grpc_compression=GrpcCompression.NONE,
            )
        except RuntimeError as error:  # what the SDK raises when it cannot connect
            if not is_told:
                log.warning("temporal_unreachable", error=str(error))
                is_told = True
            await asyncio.sleep(CONNECT_RETRY_S)
