"""What proves that a file is stored; nothing is removed without it."""

from domain.archival.files import StoredObject
from domain.archival.manifests import FileContents
from domain.archival.messages import Reason
from domain.errors import ErrorCode, Rejected


def check_digest(found: str, contents: FileContents) -> None:
    """Check what was read back, byte by byte.

    Raises:
        Rejected: It is not what was written.
    """
    if found != contents.sha256:
        raise corrupted(f"read back with SHA-256 {found}, written with {contents.sha256}")


def check_count(found: FileContents, contents: FileContents) -> None:
    """Check what was read back by its counts, sums, ids and times.

    Raises:
        Rejected: It is not what was written.
    """
    if found != contents:
        raise corrupted("read back, it counts otherwise than when it was written")


def check_present(stored: StoredObject | None, contents: FileContents, storage_class: str) -> None:
    """Check that an object that was proven is still there.

    Raises:
        Rejected: It is not, or not as it was.
    """
    if stored is None:
        raise Rejected(
            ErrorCode.NOT_FOUND, "the object is not there any more", reason=str(Reason.MISSING)
        )
    told = (stored.sha256 or contents.sha256, stored.size_bytes, stored.storage_class)
    if told != (contents.sha256, contents.size_bytes, storage_class):
        raise corrupted(f"the object storage has {told}")


def check_stored(stored: StoredObject, contents: FileContents, storage_class: str) -> None:
    """Check what the storage says of an object that cannot be read any more.

    Raises:
        Rejected: It is not proven that the object is what was read back before.
    """
    if stored.sha256 is None:
        raise Rejected(
            ErrorCode.SERVICE_UNAVAILABLE,
            "the object storage keeps no SHA-256, so that nothing can be proven",
            reason=str(Reason.REFUSED),
        )
    check_present(stored, contents, storage_class)


def corrupted(detail: str) -> Rejected:
    """Return the refusal of a file that is not what it should be."""
    return Rejected(ErrorCode.SERVICE_UNAVAILABLE, detail, reason=str(Reason.CORRUPTED))
