"""Cold storage on S3, or on anything that speaks its API."""

import asyncio
import base64
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO, Final, cast
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

from domain.archival.files import Retrieval, RetrievalTier, StorageClass, StoredObject
from domain.archival.messages import Reason
from domain.archival.proofs import corrupted
from domain.errors import ErrorCode, Rejected, Retryable

# Classes whose objects must be retrieved, which takes minutes to days, before they are read.
_FROZEN: Final = frozenset({"GLACIER", "DEEP_ARCHIVE"})
_CHUNK_BYTES: Final = 2**20
CONNECT_TIMEOUT_S: Final = 5
# Between two parts of an answer; a copy within the storage answers at its end.
READ_TIMEOUT_S: Final = 60
_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket", "404", "NotFound"})
_PASSING: Final = frozenset({"SlowDown", "RequestTimeout", "ServiceUnavailable", "InternalError"})
_FIRST_SERVER_ERROR: Final = 500
# What a stand-in on this machine takes for credentials.
_ANYONE: Final = "local"
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class S3ColdStorage:
    """Implements `domain.archival.files.ColdStorage`; its work is done in threads.

    Credentials come from where AWS's own tools take them. Where there are none and the storage
    is on this machine, as in the local stack, a name that is no secret is given.

    Args:
        endpoint_url: The address; empty for AWS itself.
        bucket: Where the files are; made if it is not there.
        storage_class: How they are stored.
        tier: How fast they are retrieved, and at which price.
    """

    def __init__(
        self,
        endpoint_url: str,
        bucket: str,
        storage_class: StorageClass = "GLACIER",
        tier: RetrievalTier = "Standard",
    ) -> None:
        self.bucket = bucket
        self.storage_class: str = storage_class
        self._class = storage_class
        self._tier: RetrievalTier = tier
        local = urlsplit(endpoint_url).hostname in _LOOPBACK
        anyone = local and not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & set(os.environ)
        self._s3 = boto3.session.Session().client(
            "s3",
            aws_access_key_id=_ANYONE if anyone else None,
            aws_secret_access_key=_ANYONE if anyone else None,
            endpoint_url=endpoint_url or None,
            region_name=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
            config=Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                # The workflow tries again, in view of the operators.
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path" if endpoint_url else "auto"},
            ),
        )
        self._has_bucket = False

    def close(self) -> None:
        """Let the connections go."""
        self._s3.close()

    async def upload(self, file: BinaryIO, key: str, sha256: str) -> None:
        """Put a file where it can be read at once; the storage checks the digest.

        Raises:
            Rejected: The storage refuses it.
            Retryable: The storage is away.
        """
        await _in_thread(lambda: self._upload(file, key, sha256))

    async def download(self, key: str, file: BinaryIO) -> str:
        """Read an object into a file, and return its digest in hexadecimal.

        Raises:
            Rejected: There is none, or it must be retrieved first.
            Retryable: The storage is away, or the disk is full.
        """
        digest: str = await _in_thread(lambda: self._download(key, file))
        return digest

    async def chill(self, key: str, to: str) -> StoredObject:
        """Copy an object to another key, in the class of this storage; say what is there.

        Raises:
            Rejected: There is none, or the storage refuses.
            Retryable: The storage is away.
        """
        await _in_thread(
            lambda: self._s3.copy_object(
                Bucket=self.bucket,
                Key=to,
                CopySource={"Bucket": self.bucket, "Key": key},
                StorageClass=self._class,
                ChecksumAlgorithm="SHA256",
            )
        )
        found = await self.look(to)
        if found is None:
            raise _missing(to)
        if found.sha256 is None and found.retrieval is Retrieval.READABLE:
            # It keeps no digest of copies, but it can be asked for the copy itself.
            return replace(found, sha256=await _in_thread(lambda: self._digest(to)))
        return found

    async def look(self, key: str) -> StoredObject | None:
        """Say what is known of an object; None where there is none.

        Raises:
            Rejected: The storage refuses.
            Retryable: The storage is away.
        """
        try:
            head = await _in_thread(
                lambda: self._s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
            )
        except Rejected as error:
            if error.extensions.get("reason") == Reason.MISSING:
                return None
            raise
        return _stored_object(head)

    async def retrieve(self, key: str, days: int) -> None:
        """Ask for an object to be readable for so many days; asking again changes nothing.

        Raises:
            Rejected: There is none, or the storage refuses.
            Retryable: The storage is away.
        """
        found = await self.look(key)
        if found is None:
            raise _missing(key)
        if found.retrieval is not Retrieval.COLD:
            return
        request: Any = {"Days": days, "GlacierJobParameters": {"Tier": self._tier}}
        await _in_thread(
            lambda: self._s3.restore_object(Bucket=self.bucket, Key=key, RestoreRequest=request),
            unless="RestoreAlreadyInProgress",
        )

    async def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted.

        Raises:
            Rejected: The storage refuses.
            Retryable: The storage is away.
        """
        await _in_thread(lambda: self._s3.delete_object(Bucket=self.bucket, Key=key))

    def _upload(self, file: BinaryIO, key: str, sha256: str) -> None:
        self._ensure_bucket()
        size_bytes = file.seek(0, os.SEEK_END)
        file.seek(0)
        self._s3.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=file,
            ContentLength=size_bytes,
            ContentType="application/vnd.apache.parquet",
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
            Metadata={"sha256": sha256},
        )

    def _ensure_bucket(self) -> None:
        if self._has_bucket:
            return
        try:
            self._s3.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if _code(error) not in _ABSENT:
                raise
            self._s3.create_bucket(Bucket=self.bucket)
        self._has_bucket = True

    def _download(self, key: str, file: BinaryIO) -> str:
        digest = self._digest(key, file.write)
        file.flush()
        return digest

    def _digest(self, key: str, take: Callable[[bytes], object] = len) -> str:
        digest = hashlib.sha256()
        body = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"]
        for chunk in body.iter_chunks(_CHUNK_BYTES):
            digest.update(chunk)
            take(chunk)
        return digest.hexdigest()


def _stored_object(head: dict[str, Any]) -> StoredObject:
    checksum = head.get("ChecksumSHA256")
    storage_class = head.get("StorageClass", "STANDARD")
    told = head.get("Restore", "")
    retrieval = Retrieval.READABLE
    if storage_class in _FROZEN:
        retrieval = Retrieval.COLD
        if 'ongoing-request="true"' in told:
            retrieval = Retrieval.UNDER_WAY
        elif 'ongoing-request="false"' in told:
            retrieval = Retrieval.READABLE
    return StoredObject(
        size_bytes=head["ContentLength"],
        sha256=base64.b64decode(checksum).hex() if checksum else None,
        storage_class=storage_class,
        retrieval=retrieval,
        readable_until=_expiry(told),
    )


def _expiry(told: str) -> datetime | None:
    found = re.search(r'expiry-date="([^"]+)"', told)
    return parsedate_to_datetime(found[1]) if found else None


def _missing(key: str) -> Rejected:
    return Rejected(ErrorCode.NOT_FOUND, f"there is no object {key}", reason=str(Reason.MISSING))


async def _in_thread(call: Callable[[], Any], unless: str = "") -> Any:
    """Make a call in a thread; the error with the code `unless` is none."""

    def guarded() -> Any:
        with _storage_faults(unless):
            return call()
        return None

    return await asyncio.to_thread(guarded)


@contextmanager
def _storage_faults(unless: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if _code(error) == unless:
            return
        raise _fault(error) from error
    except FlexibleChecksumError as error:
        # The storage's own digest of an object, and what came, are not the same.
        raise corrupted(f"read with another SHA-256: {error}") from error
    except BotoCoreError as error:
        raise Retryable(
            ErrorCode.SERVICE_UNAVAILABLE,
            f"object storage cannot be reached: {error}",
            reason=str(Reason.UNAVAILABLE),
        ) from error
    except OSError as error:
        raise Retryable(
            ErrorCode.SERVICE_UNAVAILABLE,
            f"the disk did not take or give a file: {error.strerror or error}",
            reason=str(Reason.DISK),
        ) from error


def _fault(error: ClientError) -> Rejected | Retryable:
    code = _code(error)
    metadata = cast("dict[str, Any]", error.response.get("ResponseMetadata", {}))
    detail = f"object storage refused {error.operation_name}: {code}"
    if code in _ABSENT:
        return Rejected(ErrorCode.NOT_FOUND, detail, reason=str(Reason.MISSING))
    if code in _PASSING or metadata.get("HTTPStatusCode", 0) >= _FIRST_SERVER_ERROR:
        return Retryable(ErrorCode.SERVICE_UNAVAILABLE, detail, reason=str(Reason.UNAVAILABLE))
    return Rejected(ErrorCode.SERVICE_UNAVAILABLE, detail, reason=str(Reason.REFUSED))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
