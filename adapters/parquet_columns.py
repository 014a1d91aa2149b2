"""Records as rows: the columns that people query, and the record itself, byte by byte.

The columns serve queries over files. What is brought back is the column `record`: the BSON of
the document as the database had it, so that every type and every absent member survives.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Final

import bson
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from bson.objectid import ObjectId
from pymongoarrow.api import Schema
from pymongoarrow.context import PyMongoArrowContext
from pymongoarrow.types import Decimal128Type

from adapters.parquet_decimals import DECIMAL, to_arrow, total
from domain.archival.manifests import MAX_LISTED_USERS
from domain.archival.tiers import DataType

RECORD: Final = "record"
ID: Final = "_id"

_TEXT: Final = pa.string()
_TIME: Final = pa.timestamp("ms", tz="UTC")
_WHOLE: Final = pa.int64()
_FLAG: Final = pa.bool_()
_TEXTS: Final = pa.list_(pa.string())

_COLUMNS: Final[dict[DataType, dict[str, Any]]] = {
    DataType.TRADES: {
        **dict.fromkeys(
            ("trade_id", "user_id", "symbol", "side", "type", "status", "time_in_force"), _TEXT
        ),
        **dict.fromkeys(("quantity", "quote_quantity", "price", "stop_price"), DECIMAL),
        **dict.fromkeys(("executed_quantity", "executed_price", "commission"), DECIMAL),
        **dict.fromkeys(("commission_asset", "client_order_id", "workflow_id"), _TEXT),
        "venue_order_id": _WHOLE,
        **dict.fromkeys(("timestamp", "created_at", "updated_at"), _TIME),
    },
    DataType.CANDLES: {
        **dict.fromkeys(("symbol", "timeframe", "source"), _TEXT),
        **dict.fromkeys(("open", "high", "low", "close", "volume"), DECIMAL),
        **dict.fromkeys(("open_time", "close_time"), _TIME),
        "closed": _FLAG,
    },
    DataType.AI_ANALYSIS: {
        **dict.fromkeys(("analysis_id", "user_id", "symbol", "timeframe", "signal"), _TEXT),
        "user_ids": _TEXTS,
        **dict.fromkeys(("price", "confidence"), DECIMAL),
        **dict.fromkeys(("model", "prompt_version"), _TEXT),
        **dict.fromkeys(("created_at", "expires_at"), _TIME),
    },
    DataType.USER_ACTIVITY: {
        **dict.fromkeys(("user_id", "kind", "address"), _TEXT),
        "timestamp": _TIME,
    },
    DataType.SYSTEM_LOGS: {
        **dict.fromkeys(("event", "routing_key", "user_id"), _TEXT),
        "timestamp": _TIME,
    },
}
_LENGTH: Final = struct.Struct("<i")
# A document begins with its length and the element `_id`: its type, its name, its value.
_VALUE_AT: Final = 4 + 1 + len(b"_id\0")
_STRING_ID, _OBJECT_ID = 0x02, 0x07


@cache
def file_schema(data_type: DataType) -> Any:
    """Return the Arrow schema of a file of this kind."""
    columns = [pa.field(name, kind) for name, kind in _COLUMNS[data_type].items()]
    return pa.schema([
        pa.field(ID, _TEXT, nullable=False),
        *columns,
        pa.field(RECORD, pa.binary(), nullable=False),
    ])  # fmt: skip


@dataclass(slots=True)
class Counted:
    """What is counted over all rows of a file."""

    sums: dict[str, Decimal] = field(default_factory=dict)
    unrepresented: dict[str, int] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    first_time: datetime | None = None
    last_time: datetime | None = None
    row_count: int = 0
    first_id: str | None = None
    last_id: str | None = None
    _ids_digest: Any = field(default_factory=hashlib.sha256)
    # Eight bytes an id, where the ids of a million would need a hundred megabytes.
    _id_hashes: list[Any] = field(default_factory=list)

    def add(self, data_type: DataType, rows: Any, lost: dict[str, int]) -> None:
        """Count further rows."""
        self._add_ids(rows.column(ID).to_pylist())
        for name in _decimal_columns(data_type):
            self.sums[name] = self.sums.get(name, Decimal(0)) + total(rows.column(name))
        for name, count in lost.items():
            self.unrepresented[name] = self.unrepresented.get(name, 0) + count
        ends = pc.min_max(rows.column(data_type.time_field)).as_py()
        first, last = ends["min"], ends["max"]
        self.first_time = first if self.first_time is None else min(self.first_time, first)
        self.last_time = last if self.last_time is None else max(self.last_time, last)
        # One more than can be listed is enough to know that they are too many.
        if len(self.users) <= MAX_LISTED_USERS:
            for name in {"user_id", "user_ids"} & set(rows.schema.names):
                column = rows.column(name)
                column = pc.list_flatten(column) if name == "user_ids" else column
                self.users.update(pc.unique(column).drop_null().to_pylist())

    @property
    def ids_sha256(self) -> str:
        """The digest of all ids in the order of the rows."""
        return str(self._ids_digest.hexdigest())

    @property
    def has_double_ids(self) -> bool:
        """Whether two rows have one id (or, once in ten million files, only seem to)."""
        return len(np.unique(np.concatenate(self._id_hashes))) != self.row_count

    def _add_ids(self, ids: list[str]) -> None:
        self.row_count += len(ids)
        least, greatest = min(ids), max(ids)
        self.first_id = least if self.first_id is None else min(self.first_id, least)
        self.last_id = greatest if self.last_id is None else max(self.last_id, greatest)
        self._ids_digest.update("".join(f"{text}\n" for text in ids).encode())
        self._id_hashes.append(np.fromiter(map(hash, ids), dtype=np.int64, count=len(ids)))


def rows_of(data_type: DataType, documents: bytes) -> tuple[Any, dict[str, int]]:
    """Return BSON documents as rows, and how many values each decimal column could not take.

    Raises:
        ValueError: A document has no time, from which its age and month follow.
    """
    typed = _typed(data_type, documents)
    lost: dict[str, int] = {}
    ids, offsets = _ids_and_offsets(documents)
    columns = [pa.array(ids, _TEXT)]
    for name, kind in _COLUMNS[data_type].items():
        column = typed.column(name).combine_chunks()
        if kind is DECIMAL:
            column, unrepresented = to_arrow(column.storage)
            if unrepresented:
                lost[name] = unrepresented
        columns.append(column.cast(kind))
    if typed.column(data_type.time_field).null_count:
        raise ValueError(f"a record of {data_type} has no {data_type.time_field}")
    ends = pa.array(offsets, pa.int32()).buffers()[1]
    records = pa.Array.from_buffers(pa.binary(), len(ids), [None, ends, pa.py_buffer(documents)])
    columns.append(records)
    return pa.RecordBatch.from_arrays(columns, schema=file_schema(data_type)), lost


def each_document(documents: bytes) -> Iterator[bytes]:
    """Return the documents of a batch, as the wire has them one after the other."""
    at = 0
    while at < len(documents):
        (length,) = _LENGTH.unpack_from(documents, at)
        yield documents[at : at + length]
        at += length


def id_of(document: bytes) -> Any:
    """Return the `_id` of a stored document, which the server keeps as its first member."""
    kind = document[4]
    if kind == _OBJECT_ID:
        return ObjectId(document[_VALUE_AT : _VALUE_AT + 12])
    if kind == _STRING_ID:
        (length,) = _LENGTH.unpack_from(document, _VALUE_AT)
        start = _VALUE_AT + 4
        return document[start : start + length - 1].decode()
    return bson.decode(document)["_id"]


def _typed(data_type: DataType, documents: bytes) -> Any:
    kinds = {
        name: Decimal128Type() if kind is DECIMAL else _read_as(kind)
        for name, kind in _COLUMNS[data_type].items()
    }
    # What is of another type is null in its column, and as it is in the record.
    context = PyMongoArrowContext(Schema(kinds), allow_invalid=True)
    context.process_bson_stream(documents)
    return context.finish()


def _read_as(kind: Any) -> Any:
    return pa.timestamp("ms") if kind is _TIME else kind


def _ids_and_offsets(documents: bytes) -> tuple[list[str], list[int]]:
    ids, offsets, at = [], [0], 0
    for document in each_document(documents):
        ids.append(str(id_of(document)))
        at += len(document)
        offsets.append(at)
    return ids, offsets


@cache
def _decimal_columns(data_type: DataType) -> tuple[str, ...]:
    return tuple(name for name, kind in _COLUMNS[data_type].items() if kind is DECIMAL)
