"""An independent count of records over all tiers; it shares no code with what moves them.

The rule is the reader's: look in hot, then in the archive, then in the files that are proven;
the first place where a record is found counts.
"""

import hashlib
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, cast

import boto3
import bson
import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from bson.decimal128 import Decimal128
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

_RAW = bson.CodecOptions(document_class=RawBSONDocument)
# The decimal that is summed up, by the kind of records.
_SUMMED = {"trades": "executed_quantity", "candles": "volume", "ai_analysis": "confidence"}


class Census:
    """Counts one database and its cold files.

    Args:
        mongodb_url: Where records are.
        database: Its name.
        s3_url: Where files are; asked directly, and able to retrieve at once.
        bucket: Theirs.
    """

    def __init__(self, mongodb_url: str, database: str, s3_url: str, bucket: str) -> None:
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(mongodb_url)
        self._database = self._mongo[database]
        self._bucket = bucket
        self._s3 = boto3.client(
            "s3",
            endpoint_url=s3_url,
            region_name="us-east-1",
            aws_access_key_id="census",
            aws_secret_access_key="census",
        )
        self._files: dict[str, dict[Any, bytes]] = {}

    def close(self) -> None:
        self._mongo.close()
        self._s3.close()

    def count(self, kind: str) -> dict[Any, bytes]:
        """Return the digest of every record of a kind that can be found, by its id."""
        hot = self._collection(kind)
        archived = self._collection(f"archive_{kind}")
        found: dict[Any, bytes] = {}
        for file in self._proven(kind):
            twice = found.keys() & file.keys()
            assert not twice, f"in two files: {sorted(map(str, twice))[:5]}"
            found.update(file)
        return {**found, **archived, **hot}

    def sum(self, kind: str) -> Decimal:
        """Return the sum of a decimal over the hot and archived records of a kind and its files."""
        name = _SUMMED[kind]
        total = Decimal(0)
        for collection in (kind, f"archive_{kind}"):
            added = [{"$group": {"_id": None, "sum": {"$sum": f"${name}"}}}]
            for found in self._database[collection].aggregate(added):
                total += _decimal(found["sum"])
        for manifest in self._manifests(kind):
            stored = manifest["contents"]["sums"].get(name)
            total += _decimal(stored) if stored is not None else 0
        return total

    def _collection(self, name: str) -> dict[Any, bytes]:
        cursor = self._database[name].find_raw_batches({}, batch_size=10_000)
        # pymongo's types promise documents; it yields batches of BSON.
        batches = cast("Iterator[bytes]", cursor)
        return {key: value for batch in batches for key, value in _digests(batch)}

    def _manifests(self, kind: str) -> list[dict[str, Any]]:
        proven = {"data_type": kind, "state": {"$in": ["verified", "removed"]}}
        return list(self._database["archive_manifests"].find(proven))

    def _proven(self, kind: str) -> Iterable[dict[Any, bytes]]:
        for manifest in self._manifests(kind):
            key = manifest["key"]
            if key not in self._files:
                table = pq.read_table(io.BytesIO(self._content(key)), columns=["record"])
                records = table.column("record").to_pylist()
                self._files[key] = {
                    name: value for record in records for name, value in _digests(record)
                }
            yield self._files[key]

    def _content(self, key: str) -> bytes:
        try:
            self._s3.restore_object(Bucket=self._bucket, Key=key, RestoreRequest={"Days": 1})
        except ClientError as error:
            if error.response["Error"]["Code"] != "RestoreAlreadyInProgress":
                raise
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()


def _digests(batch: bytes) -> Iterable[tuple[Any, bytes]]:
    for document in bson.decode_iter(batch, _RAW):
        yield document["_id"], digest(bytes(document.raw))


def digest(record: bytes) -> bytes:
    """Return what tells one record from another."""
    return hashlib.blake2b(record, digest_size=12).digest()


def _decimal(value: Any) -> Decimal:
    return value.to_decimal() if isinstance(value, Decimal128) else Decimal(value)
