from domain import timing


def test_the_documents_attempts_are_at_0_1_and_3_seconds() -> None:
    assert (timing.FIRST_RETRY_S, timing.SECOND_RETRY_S, timing.MAX_ATTEMPTS) == (1, 2, 3)
    assert timing.FIRST_RETRY_S * timing.RETRY_BACKOFF == timing.SECOND_RETRY_S


def test_no_wait_outlasts_what_waits_for_it() -> None:
    waits_s = timing.FIRST_RETRY_S + timing.SECOND_RETRY_S
    absence_s = (timing.RECEIVE_WINDOW_MS + timing.ABSENCE_MARGIN_MS) / 1_000
    # A step asks the venue, and may first wait until absence can be proven.
    assert absence_s + timing.VENUE_TIMEOUT_S < timing.STEP_TIMEOUT_S
    # A caller sees the end of three attempts, each of them quick.
    assert waits_s + absence_s < timing.ANSWER_PATIENCE_S


def test_no_delivery_outlasts_its_lease() -> None:
    left_s = timing.DELIVERY_LEASE_S - timing.DELIVERY_TURN_S
    assert left_s > timing.APPRISE_TIMEOUT_S + timing.APPRISE_MARGIN_S
    assert left_s > timing.WEBHOOK_TIMEOUT_S


def test_nothing_is_an_orphan_while_its_step_or_its_request_may_live() -> None:
    assert timing.ORPHAN_AGE_S > timing.STEP_TIMEOUT_S + timing.WORKFLOW_TASK_TIMEOUT_S
    assert timing.ORPHAN_AGE_S * 1_000 > timing.RECEIVE_WINDOW_MS + timing.ABSENCE_MARGIN_MS
