"""Records in files: exact decimals, and every document as it was, whatever it holds."""

import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import bson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bson.decimal128 import Decimal128, create_decimal128_context
from hypothesis import given
from hypothesis import strategies as st
from pymongoarrow.api import Schema
from pymongoarrow.context import PyMongoArrowContext
from pymongoarrow.types import Decimal128Type

from adapters.parquet_decimals import DECIMAL, SCALE, to_arrow, total
from adapters.parquet_files import ParquetFiles
from domain.archival.tiers import DataType
from domain.errors import Rejected

NOW = datetime(2026, 1, 5, tzinfo=UTC)


def _stored(values: Iterable[Decimal | None]) -> Any:
    """Read values as pymongoarrow reads them out of BSON."""
    context = PyMongoArrowContext(Schema({"value": Decimal128Type()}))
    kept = [None if each is None else Decimal128(each) for each in values]
    context.process_bson_stream(b"".join(bson.encode({"value": each}) for each in kept))
    return context.finish().column("value").combine_chunks().storage


plain = st.decimals(
    allow_nan=False, allow_infinity=False, places=8, min_value=-(10**12), max_value=10**12
)
any_decimal = st.one_of(
    st.none(),
    plain,
    st.builds(
        lambda digits, exponent: Decimal(digits).scaleb(exponent, create_decimal128_context()),
        st.integers(-(10**34) + 1, 10**34 - 1),
        st.integers(-40, 20),
    ),
    st.sampled_from([Decimal("NaN"), Decimal("Infinity"), Decimal("-0"), Decimal("0E-40")]),
    st.sampled_from([Decimal(2**64 - 1), Decimal(2**64), Decimal(-(2**64)), Decimal(10**20)]),
)


def _has_room(value: Decimal | None) -> bool:
    if value is None or not value.is_finite():
        return False
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    steps = Fraction(int("".join(map(str, digits)))) * Fraction(10) ** (exponent + SCALE)
    return steps.denominator == 1 and steps < 10**38


@given(st.lists(any_decimal, max_size=30))
def test_decimals_are_exact_or_said_to_be_absent(values: list[Decimal | None]) -> None:
    column, lost = to_arrow(_stored(values))
    assert column.type == DECIMAL
    expected = [value if _has_room(value) else None for value in values]
    assert column.to_pylist() == expected
    assert lost == expected.count(None) - values.count(None)


@given(st.lists(plain, max_size=50))
def test_sums_are_exact(values: list[Decimal]) -> None:
    column, lost = to_arrow(_stored(values))
    assert lost == 0
    assert total(column) == sum(values, Decimal(0))


def _documents() -> list[dict[str, Any]]:
    strange = {
        "free": [1, bson.Int64(1), 1.0, None, "1", b"1", {"a": {"b": []}}, NOW],
        "re": bson.Regex("x", "i"),
        "stamp": bson.Timestamp(1, 2),
        "least": bson.MinKey(),
        "not a number": float("nan"),
        "decimal": Decimal128("1E-6143"),
        "quantity": Decimal128("NaN"),
        "price": "no decimal at all",
        "executed_price": Decimal128("12.50"),
        "venue_order_id": 2**62,
    }
    usual = {"trade_id": "a", "user_id": "user_1", "created_at": NOW}
    return [
        {"_id": f"trade-{n:03}", **usual, **(strange if n % 2 else {}), "n": n}
        for n in range(2_500)
    ]


async def _batches(documents: list[dict[str, Any]], size: int = 700) -> AsyncIterator[bytes]:
    for start in range(0, len(documents), size):
        yield b"".join(bson.encode(each) for each in documents[start : start + size])


def _names(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


async def test_documents_come_back_as_they_were(tmp_path: Path) -> None:
    files, documents = ParquetFiles(tmp_path), _documents()
    written = await files.write(DataType.TRADES, _batches(documents))
    assert written is not None
    contents = written.contents
    assert contents.document_count == 2_500
    assert (contents.first_id, contents.last_id) == ("trade-000", "trade-999")
    assert contents.sums["executed_price"] == Decimal("15625.00")
    assert contents.unrepresented == {"quantity": 1_250}
    assert contents.user_ids == ("user_1",)
    assert (contents.first_time, contents.last_time) == (NOW, NOW)
    assert await files.count(DataType.TRADES, written.file) == contents
    back = [each async for batch in files.records(written.file) for each in batch]
    assert back == [bson.encode(each) for each in documents]
    # Nothing has a name in the directory, so that nothing is left behind.
    assert _names(tmp_path) == []
    written.file.close()


async def test_a_span_of_a_file(tmp_path: Path) -> None:
    documents = [
        {"_id": str(n), "user_id": "u", "kind": "k", "timestamp": NOW + timedelta(seconds=n)}
        for n in range(100)
    ]
    files = ParquetFiles(tmp_path)
    written = await files.write(DataType.USER_ACTIVITY, _batches(documents))
    assert written is not None
    span = (NOW + timedelta(seconds=10), NOW + timedelta(seconds=20))
    found = [e async for b in files.records(written.file, "timestamp", span) for e in b]
    assert [bson.decode(each)["_id"] for each in found] == [str(n) for n in range(10, 20)]
    written.file.close()


async def test_nothing_is_no_file(tmp_path: Path) -> None:
    assert await ParquetFiles(tmp_path).write(DataType.TRADES, _batches([])) is None


@pytest.mark.parametrize(
    "documents",
    [
        [{"_id": "a", "user_id": "u"}],
        [{"_id": "a", "created_at": "yesterday"}],
        [{"_id": "a", "created_at": NOW}, {"_id": "a", "created_at": NOW}],
    ],
)
async def test_what_has_no_time_or_no_id_of_its_own_is_refused(
    tmp_path: Path, documents: list[dict[str, Any]]
) -> None:
    with pytest.raises(Rejected) as refused:
        await ParquetFiles(tmp_path).write(DataType.TRADES, _batches(documents))
    assert refused.value.extensions["reason"] == "not storable"


async def test_columns_that_are_not_those_of_the_records_are_noticed(tmp_path: Path) -> None:
    files = ParquetFiles(tmp_path)
    written = await files.write(DataType.TRADES, _batches(_documents()[:10]))
    assert written is not None
    table = pq.read_table(written.file)
    at = table.schema.get_field_index("user_id")
    forged = table.set_column(at, "user_id", pa.array(["user_2"] * 10))
    file = io.BytesIO()
    pq.write_table(forged.cast(table.schema), file)
    with pytest.raises(Rejected, match="not those of its records"):
        await files.count(DataType.TRADES, cast("Any", file))
    with pytest.raises(Rejected) as refused:
        await files.count(DataType.TRADES, cast("Any", io.BytesIO(b"PAR1 no file")))
    assert refused.value.extensions["reason"] == "corrupted"
    written.file.close()
