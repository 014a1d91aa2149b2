"""Files of records in Parquet: written in row groups, counted on the way, and read back."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from decimal import Context, Decimal, Inexact
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from adapters.parquet_columns import ID, RECORD, Counted, file_schema, rows_of
from domain.archival.files import WrittenFile
from domain.archival.manifests import FILE_SCHEMA_VERSION, MAX_LISTED_USERS, FileContents
from domain.archival.messages import Reason
from domain.archival.tiers import DataType
from domain.errors import ErrorCode, Rejected, Retryable

# Rows are written in groups of at least so many bytes of records: what a reader must hold.
GROUP_BYTES: Final = 8 * 2**20
READ_ROWS: Final = 500
# Decimal128 keeps so many digits, and a manifest is kept in MongoDB.
_KEPT_DIGITS: Final = 34
_EXACT: Final = Context(prec=76, traps=[Inexact])
_COMPRESSION: Final = "zstd"
_VERSION_KEY: Final = "bot-core.schema"


class ParquetFiles:
    """Implements `domain.archival.files.RecordFiles` in one directory of this machine.

    Args:
        directory: Where files lie while they are worked on; they have no name there, and are
            gone with the process, however it ends.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def blank(self) -> BinaryIO:
        """Return a new file.

        Raises:
            Retryable: The disk would not take it.
        """
        with _disk_faults():
            self._directory.mkdir(parents=True, exist_ok=True)
            return cast("BinaryIO", tempfile.TemporaryFile(dir=self._directory))

    async def write(
        self, data_type: DataType, documents: AsyncIterator[bytes]
    ) -> WrittenFile | None:
        """Write batches of documents to a new file; None where there are none.

        Raises:
            Rejected: A document cannot be stored in a file.
            Retryable: The disk would not take it.
        """
        file = self.blank()
        try:
            with _disk_faults():
                writer = _Writer(data_type, file)
                async with writer:
                    async for batch in documents:
                        await asyncio.to_thread(writer.add, batch)
                contents = await asyncio.to_thread(writer.contents) if writer.row_count else None
        except BaseException:
            # What it could not write, it tries once more to write.
            with suppress(OSError):
                file.close()
            raise
        if contents is None:
            file.close()
            return None
        return WrittenFile(file, contents)

    async def count(self, data_type: DataType, file: BinaryIO) -> FileContents:
        """Count a file anew from what is in it, columns and records.

        Raises:
            Rejected: It is no such file.
            Retryable: The disk would not give it.
        """
        with _disk_faults():
            return await asyncio.to_thread(_count, data_type, file)

    async def records(
        self, file: BinaryIO, time_field: str = "", span: tuple[datetime, datetime] | None = None
    ) -> AsyncIterator[list[bytes]]:
        """Return the documents of a file in batches: all, or those made in a span.

        Raises:
            Retryable: The disk would not give them.
        """
        columns = [RECORD] if span is None else [RECORD, time_field]
        with _disk_faults():
            parquet = pq.ParquetFile(file, pre_buffer=False)
            batches = parquet.iter_batches(batch_size=READ_ROWS, columns=columns)
            while (batch := await asyncio.to_thread(next, batches, None)) is not None:
                if span is not None:
                    time = pc.field(time_field)
                    batch = batch.filter((time >= span[0]) & (time < span[1]))
                if batch.num_rows:
                    yield batch.column(RECORD).to_pylist()


class _Writer:
    """One file while it is written."""

    def __init__(self, data_type: DataType, file: BinaryIO) -> None:
        self._data_type = data_type
        self._file = file
        self._counted = Counted()
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._parquet: Any = None

    async def __aenter__(self) -> Self:
        schema = file_schema(self._data_type).with_metadata(
            {_VERSION_KEY: str(FILE_SCHEMA_VERSION)}
        )
        self._parquet = pq.ParquetWriter(
            self._file,
            schema,
            compression=_COMPRESSION,
            # Whole records never repeat.
            use_dictionary=[name for name in schema.names if name not in {ID, RECORD}],
            write_statistics=[name for name in schema.names if name != RECORD],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        try:
            self._flush()
        finally:
            self._parquet.close()

    @property
    def row_count(self) -> int:
        """How many records are in it."""
        return self._counted.row_count

    def add(self, documents: bytes) -> None:
        """Add a batch."""
        self._waiting.append(documents)
        self._waiting_bytes += len(documents)
        if self._waiting_bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting_bytes:
            return
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        try:
            rows, lost = rows_of(self._data_type, b"".join(waiting))
        except (ValueError, pa.ArrowException) as error:
            raise Rejected(
                ErrorCode.SERVICE_UNAVAILABLE, str(error), reason=str(Reason.NOT_STORABLE)
            ) from error
        self._parquet.write_batch(rows, row_group_size=rows.num_rows)
        self._counted.add(self._data_type, rows, lost)

    def contents(self) -> FileContents:
        """Return what was counted; the file must be closed."""
        return _contents(self._counted, self._file)


def _contents(counted: Counted, file: BinaryIO) -> FileContents:
    if counted.has_double_ids:
        raise Rejected(
            ErrorCode.SERVICE_UNAVAILABLE,
            "two records have one id",
            reason=str(Reason.NOT_STORABLE),
        )
    assert counted.first_time is not None  # noqa: S101 - there are rows
    assert counted.last_time is not None  # noqa: S101 - the same
    return FileContents(
        document_count=counted.row_count,
        size_bytes=_size_bytes(file),
        sha256=_sha256(file),
        sums={name: value for name, value in map(_kept, counted.sums.items()) if value is not None},
        unrepresented=dict(counted.unrepresented),
        first_id=counted.first_id or "",
        last_id=counted.last_id or "",
        ids_sha256=counted.ids_sha256,
        first_time=counted.first_time,
        last_time=counted.last_time,
        user_ids=tuple(sorted(counted.users)) if len(counted.users) <= MAX_LISTED_USERS else None,
    )


def _kept(each: tuple[str, Decimal]) -> tuple[str, Decimal | None]:
    name, value = each
    shortest = value.normalize(_EXACT)
    return name, shortest if len(shortest.as_tuple().digits) <= _KEPT_DIGITS else None


def _count(data_type: DataType, file: BinaryIO) -> FileContents:
    """Make rows of the records again and compare them with the rows beside them."""
    counted = Counted()
    try:
        parquet = pq.ParquetFile(file, pre_buffer=False)
        for number in range(parquet.num_row_groups):
            stored = parquet.read_row_group(number, use_threads=False)
            records = b"".join(stored.column(RECORD).to_pylist())
            rows, lost = rows_of(data_type, records)
            if not pa.Table.from_batches([rows]).equals(stored):
                raise _corrupted(f"columns of group {number} are not those of its records")
            counted.add(data_type, rows, lost)
    except (ValueError, pa.ArrowException) as error:
        raise _corrupted(str(error)) from error
    if not counted.row_count:
        raise _corrupted("there are no records in it")
    return _contents(counted, file)


def _sha256(file: BinaryIO) -> str:
    file.seek(0)
    # The digest of what a file object reads, since a file without a name has no path.
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # it is one


def _size_bytes(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _corrupted(detail: str) -> Rejected:
    return Rejected(ErrorCode.SERVICE_UNAVAILABLE, detail, reason=str(Reason.CORRUPTED))


@contextmanager
def _disk_faults() -> Iterator[None]:
    """Turn what the disk refuses into `Retryable`: a full disk may have room later."""
    try:
        yield
    except OSError as error:
        raise Retryable(
            ErrorCode.SERVICE_UNAVAILABLE,
            f"the disk did not take or give a file: {error.strerror or error}",
            reason=str(Reason.DISK),
        ) from error
