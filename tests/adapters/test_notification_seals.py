import pytest

from adapters.notification_seals import TargetAccess, TargetSeals, UnreadableSealError

ACCESS = TargetAccess("https://example.com/token", "whsec_x")
OLD = TargetSeals("1", {"1": b"1" * 32})


def test_it_opens_for_the_same_target_of_the_same_user() -> None:
    sealed = OLD.seal("ann", "t", ACCESS)
    assert OLD.open("ann", "t", sealed) == ACCESS
    assert b"example" not in b"".join(v if isinstance(v, bytes) else b"" for v in sealed.values())
    for user_id, target_id in (("bob", "t"), ("ann", "u"), ("ann:t", "")):
        with pytest.raises(UnreadableSealError):
            OLD.open(user_id, target_id, sealed)


def test_keys_are_rotated() -> None:
    sealed = OLD.seal("ann", "t", ACCESS)
    new = TargetSeals("2", {"1": b"1" * 32, "2": b"2" * 32})
    assert new.open("ann", "t", sealed) == ACCESS
    assert new.seal("ann", "t", ACCESS)["key_id"] == "2"
    with pytest.raises(UnreadableSealError):
        OLD.open("ann", "t", new.seal("ann", "t", ACCESS))


def test_it_is_never_shown() -> None:
    assert "token" not in repr(ACCESS)
    assert "whsec" not in repr(ACCESS)
