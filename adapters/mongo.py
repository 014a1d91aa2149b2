"""The MongoDB connection: majority writes, primary reads, Decimal as Decimal128."""

from datetime import UTC
from decimal import Decimal
from typing import Any, TypeAlias

from bson.codec_options import CodecOptions, TypeCodec, TypeRegistry
from bson.decimal128 import Decimal128
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

Document: TypeAlias = dict[str, Any]
Database: TypeAlias = AsyncIOMotorDatabase[Document]
Client: TypeAlias = AsyncIOMotorClient[Document]

# A step that needs MongoDB fails well before a caller's patience ends, and is retried by
# the workflow that owns it.
SERVER_SELECTION_TIMEOUT_MS = 2_000
OPERATION_TIMEOUT_MS = 5_000


class _DecimalCodec(TypeCodec):
    """Money is Decimal in Python and Decimal128 in MongoDB."""

    python_type = Decimal
    bson_type = Decimal128

    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)

    def transform_bson(self, value: Decimal128) -> Decimal:
        return value.to_decimal()


CODEC_OPTIONS: CodecOptions[Document] = CodecOptions(
    tz_aware=True, tzinfo=UTC, type_registry=TypeRegistry([_DecimalCodec()])
)


def open_client(
    url: str, name: str | None = None, *, operation_timeout_ms: int = OPERATION_TIMEOUT_MS
) -> Client:
    """Make a client for `url`; nothing is sent until the first operation.

    Args:
        url: The server's address.
        name: What the server's lists of operations call this client.
        operation_timeout_ms: How long one operation may take, its retries included.
    """
    return AsyncIOMotorClient(
        url,
        appname=name,
        serverSelectionTimeoutMS=SERVER_SELECTION_TIMEOUT_MS,
        timeoutMS=operation_timeout_ms,
        tz_aware=True,
    )


def database_of(client: Client, name: str) -> Database:
    """Return the database: primary reads, journaled majority writes, exact decimals."""
    return client.get_database(
        name,
        codec_options=CODEC_OPTIONS,
        read_preference=ReadPreference.PRIMARY,
        write_concern=WriteConcern(w="majority", j=True),
    )
