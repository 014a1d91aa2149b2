"""Where a record belongs by its age: cut-offs, months, holds and the states of files."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.archival.analyses import scored_by_now
from domain.archival.files import Retrieval, StoredObject
from domain.archival.holds import LegalHold
from domain.archival.manifests import (
    FileContents,
    Manifest,
    ManifestState,
    key_of,
    manifest_id_of,
    move,
)
from domain.archival.messages import ArchivalRequest, Reason, RestoreRequest
from domain.archival.months import due_months
from domain.archival.proofs import check_count, check_digest, check_present, check_stored
from domain.archival.tiers import (
    DOCUMENT_AGES,
    Ages,
    DataType,
    Tier,
    cut_offs,
    month_of,
    month_span,
    tier_of,
)
from domain.candles import Timeframe
from domain.errors import HaltTrading, Rejected
from domain.scorecard import scoring_span

NOW = datetime(2026, 6, 15, 3, tzinfo=UTC)
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
moments = st.integers(0, 100 * 365 * 86_400_000).map(
    lambda milliseconds: _BEGINNING + timedelta(milliseconds=milliseconds)
)
days = st.integers(1, 5_000)
some_ages = st.one_of(
    st.sets(days, min_size=3, max_size=3).map(lambda found: Ages(*sorted(found))),
    st.sets(days, min_size=2, max_size=2).map(lambda found: Ages(*sorted(found))),
)
ORDER = [Tier.HOT, Tier.ARCHIVE, Tier.COLD, None]


@given(some_ages, moments, moments, st.integers(0, 5_000))
def test_a_record_only_grows_colder(
    ages: Ages, made_at: datetime, as_of: datetime, later_days: int
) -> None:
    now = tier_of(made_at, ages, as_of)
    later = tier_of(made_at, ages, as_of + timedelta(days=later_days))
    assert ORDER.index(later) >= ORDER.index(now)


@given(some_ages, moments, moments)
def test_cut_offs_and_tiers_say_the_same(ages: Ages, made_at: datetime, as_of: datetime) -> None:
    cuts, tier = cut_offs(ages, as_of), tier_of(made_at, ages, as_of)
    assert (made_at < cuts.to_archive) == (tier is not Tier.HOT)
    ends = [cut for cut in (cuts.delete_archived, cuts.delete_cold) if cut is not None]
    assert len(ends) == 1
    assert (made_at < ends[0]) == (tier is None)
    if cuts.to_cold is None:
        assert tier is not Tier.COLD
    else:
        assert (made_at < cuts.to_cold) == (tier in {Tier.COLD, None})


@given(some_ages, moments)
def test_nothing_goes_a_moment_too_early(ages: Ages, as_of: datetime) -> None:
    cuts = cut_offs(ages, as_of)
    assert tier_of(cuts.to_archive, ages, as_of) is Tier.HOT
    assert tier_of(cuts.to_archive - timedelta(milliseconds=1), ages, as_of) is not Tier.HOT


@pytest.mark.parametrize("wrong", [(0, 5), (5, 5), (30, 20), (1, 20, 10), (1, 5, 5)])
def test_ages_in_the_wrong_order_are_refused(wrong: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="tier to tier"):
        Ages(*wrong)


def test_the_ages_of_the_document() -> None:
    told = {kind: (a.hot_days, a.archive_days, a.cold_days) for kind, a in DOCUMENT_AGES.items()}
    assert told == {
        DataType.TRADES: (30, 180, 2_557),
        DataType.CANDLES: (7, 30, 365),
        DataType.AI_ANALYSIS: (30, 90, None),
        DataType.USER_ACTIVITY: (90, 365, 2_557),
        DataType.SYSTEM_LOGS: (7, 30, None),
    }


@given(moments)
def test_a_moment_is_in_the_span_of_its_month_alone(moment: datetime) -> None:
    first, after = month_span(month_of(moment))
    assert first <= moment < after
    assert month_of(first) == month_of(after - timedelta(microseconds=1)) == month_of(moment)
    assert month_of(after) > month_of(moment)


@given(
    st.dictionaries(moments.map(month_of), st.integers(0, 100), max_size=20),
    moments,
    st.integers(1, 60),
)
def test_months_are_due_when_they_are_over_or_fill_a_file(
    counts: dict[str, int], before: datetime, most: int
) -> None:
    due = due_months(counts, before, most)
    assert due == sorted(due)
    for month, count in counts.items():
        is_over = month_span(month)[1] <= before
        assert ((month, count) in due) == (count > 0 and (is_over or count >= most))


@given(st.sampled_from(Timeframe), moments)
def test_an_analysis_is_scored_before_it_may_leave(timeframe: Timeframe, as_of: datetime) -> None:
    made_at = scored_by_now(timeframe, as_of) - timedelta(milliseconds=1)
    assert scoring_span(timeframe, made_at).ends_at <= as_of


CONTENTS = FileContents(
    document_count=3,
    size_bytes=10,
    sha256="ab" * 32,
    sums={"quantity": Decimal(3)},
    unrepresented={},
    first_id="a",
    last_id="c",
    ids_sha256="cd" * 32,
    first_time=NOW - timedelta(days=300),
    last_time=NOW - timedelta(days=280),
    user_ids=("user_1", "user_2"),
)
MANIFEST = Manifest(
    manifest_id=manifest_id_of(DataType.TRADES, "2025-08", 1),
    data_type=DataType.TRADES,
    month="2025-08",
    part=1,
    state=ManifestState.REMOVED,
    bucket="b",
    key="k",
    storage_class="GLACIER",
    schema_version=1,
    created_at=NOW,
    updated_at=NOW,
    contents=CONTENTS,
    left_count=1,
)
EVERYTHING = LegalHold("h", None, None, None, None, "why", NOW)


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({}, True),
        ({"user_id": "user_1"}, True),
        ({"user_id": "user_3"}, False),
        ({"data_type": DataType.CANDLES}, False),
        ({"data_type": DataType.TRADES, "since": NOW - timedelta(days=290)}, True),
        ({"since": NOW - timedelta(days=280)}, True),
        ({"since": NOW - timedelta(days=279)}, False),
        ({"until": NOW - timedelta(days=300)}, False),
        ({"until": NOW - timedelta(days=299)}, True),
    ],
)
def test_a_hold_is_on_a_file_that_may_contain_what_it_means(
    changes: dict[str, object], *, is_held: bool
) -> None:
    hold = replace(EVERYTHING, **changes)  # type: ignore[arg-type]  # names and values of its own
    assert MANIFEST.may_contain(hold) is is_held
    assert not replace(MANIFEST, contents=None).may_contain(hold)


def test_a_file_of_too_many_users_may_contain_anybodys() -> None:
    manifest = replace(MANIFEST, contents=replace(CONTENTS, user_ids=None))
    assert manifest.may_contain(replace(EVERYTHING, user_id="user_3"))


def test_what_was_left_does_not_count() -> None:
    assert MANIFEST.document_count == 2
    assert replace(MANIFEST, contents=None).document_count == 0


def test_nothing_is_removed_before_it_is_verified() -> None:
    before = {state for state in ManifestState if _may_move(state, ManifestState.REMOVED)}
    assert before == {ManifestState.VERIFIED, ManifestState.REMOVED}
    before = {state for state in ManifestState if _may_move(state, ManifestState.VERIFIED)}
    assert before == {ManifestState.UPLOADED, ManifestState.VERIFIED}
    # What was verified is never written again.
    assert not _may_move(ManifestState.VERIFIED, ManifestState.WRITING)
    assert not _may_move(ManifestState.EXPIRED, ManifestState.REMOVED)


def _may_move(current: ManifestState, to: ManifestState) -> bool:
    try:
        move(current, to)
    except HaltTrading:
        return False
    return True


STORED = StoredObject(10, CONTENTS.sha256, "GLACIER", Retrieval.COLD)


def test_proofs() -> None:
    check_digest(CONTENTS.sha256, CONTENTS)
    check_count(CONTENTS, CONTENTS)
    check_stored(STORED, CONTENTS, "GLACIER")
    check_present(replace(STORED, sha256=None), CONTENTS, "GLACIER")


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (replace(STORED, sha256="00" * 32), Reason.CORRUPTED),
        (replace(STORED, size_bytes=11), Reason.CORRUPTED),
        (replace(STORED, storage_class="STANDARD"), Reason.CORRUPTED),
        (replace(STORED, sha256=None), Reason.REFUSED),
    ],
)
def test_what_is_no_proof(stored: StoredObject, reason: Reason) -> None:
    with pytest.raises(Rejected) as refused:
        check_stored(stored, CONTENTS, "GLACIER")
    assert refused.value.extensions["reason"] == reason


def test_other_contents_are_no_proof() -> None:
    other = replace(CONTENTS, sums={"quantity": Decimal(4)})
    with pytest.raises(Rejected, match="counts otherwise"):
        check_count(other, CONTENTS)
    with pytest.raises(Rejected, match="SHA-256"):
        check_digest("00" * 32, CONTENTS)
    with pytest.raises(Rejected, match="not there"):
        check_present(None, CONTENTS, "GLACIER")


def test_names() -> None:
    assert MANIFEST.manifest_id == "trades-2025-08-0001"
    assert key_of(MANIFEST, CONTENTS.sha256) == (
        "trades/2025-08/trades-2025-08-0001-abababababababab.parquet"
    )
    assert ArchivalRequest(DataType.TRADES).workflow_id == "archival-trades"
    assert ArchivalRequest(DataType.TRADES, dry_run=True).workflow_id == "archival-dry-run-trades"
    restore = RestoreRequest(DataType.TRADES, NOW, NOW + timedelta(days=1))
    assert restore.workflow_id == "restore-trades-20260615T030000Z-20260616T030000Z"
