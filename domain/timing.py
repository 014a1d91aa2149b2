"""Every timeout and retry of the house, each with its reason."""

# The document's retry policy: try, wait 1 s, try, wait 2 s, try, then fail.
FIRST_RETRY_S = 1.0
SECOND_RETRY_S = 2.0
RETRY_BACKOFF = 2.0
MAX_ATTEMPTS = 3

# What follows a fill must happen, however long a service is away: the document's waits
# first, then this often.
PERSISTENT_RETRY_MAX_S = 10.0

# A venue that asks for a longer wait than this has failed: an order that left minutes later
# would meet another market than its user saw.
LONGEST_RETRY_AFTER_S = 5.0

# A venue request is refused by the venue once it is older than this, so that its absence
# can be proven soon. It begins with the reservation: a majority write and the start of the
# workflow lie between, 10 ms on an idle machine and some 100 times that on a choked one.
RECEIVE_WINDOW_MS = 2_000
# Clocks of the venue's front ends differ a little; absence is proven only after this more.
ABSENCE_MARGIN_MS = 100

# A venue that has not answered an order by then is asked about it instead.
VENUE_TIMEOUT_S = 3.0

# One try of one step, the venue's time-out and a majority write included.
STEP_TIMEOUT_S = 10.0

# A workflow task that a dead process held is given to another after this; until then a
# trade stands still, and a stalled but living process must not lose it too easily.
WORKFLOW_TASK_TIMEOUT_S = 5.0

# A workflow service that has not stored an intent by then is away; the caller is told so. It
# takes some 10 ms, and the SDK tries again within this time by itself.
START_TIMEOUT_S = 4.0

# How long a caller waits for the venue's outcome before 202 with status UNKNOWN. The
# document's three attempts take 3 s and what the attempts themselves need.
ANSWER_PATIENCE_S = 10.0

# An order whose outcome stayed unknown is asked about this often, slower each time.
UNKNOWN_RETRY_MAX_S = 30.0

# The user-data stream drives resting orders; this is for its silence.
RECONCILE_INTERVAL_S = 15.0

# …and rarer the longer an order rests untouched.
RECONCILE_INTERVAL_MAX_S = 300.0

# A reservation older than this without a running workflow was orphaned by a crash between
# the reservation and the workflow's start (both take milliseconds).
ORPHAN_AGE_S = 20.0
ORPHAN_SWEEP_INTERVAL_S = 10.0

# A notice to a user is begun beside the answer to what it is of, within milliseconds; one that
# is not marked by then was left behind by a crash, or waits for the broker.
NOTICE_AGE_S = 30.0
NOTICE_SWEEP_INTERVAL_S = 30.0

# What was left behind for longer is no news: nobody swept for a day.
NOTICE_LOOKBACK_S = 86_400.0

# A reader who asks for a trade that was answered a moment ago waits this long for its
# record, so that everyone reads what they wrote.
READ_YOUR_WRITES_S = 2.0

# Meanwhile they hear of what their own process records, and look this often for what another
# does. Each look reads the committed account: more often, and the looks of a busy hour delay
# what they wait for.
SETTLED_ELSEWHERE_POLL_S = 0.1

# A paper order carries the book that it fills on. One that has waited for its session longer
# than this (its worker has died, say) must not fill on that any more; clocks of two machines
# may be this far apart, less what a busy one needs for a workflow task.
PAPER_ORDER_AGE_LIMIT_S = 3.0

# What watches resting paper orders is told of them again this often: it may have lost them.
PAPER_TENDING_INTERVAL_S = 60.0

# A first attempt that reserves later than this after its workflow's start is left to the
# workflow: once a workflow task has timed out another worker may have ended the trade, and
# what is sent here must be refused by the venue before that can be.
FIRST_ATTEMPT_LIMIT_S = WORKFLOW_TASK_TIMEOUT_S - RECEIVE_WINDOW_MS / 1_000 - 0.5

# A model that has not answered by then is asked again. The document wants an analysis in 2 s,
# 99 of 100 in 5 s; a model that thinks for longer than this is not the one to trade with.
MODEL_TIMEOUT_S = 8.0

# One try of asking the model: the call, and the budget before and after it.
MODEL_STEP_TIMEOUT_S = MODEL_TIMEOUT_S + 2.0

# Candles, all attempts and the repair together. What fails within it fails for good.
ANALYSIS_LIMIT_S = 20.0

# A repair is not begun with less than this left.
LEAST_MODEL_TIME_S = 1.0

# How long an asker waits: a little longer, so that the workflow's own error is told.
ANALYSIS_PATIENCE_S = ANALYSIS_LIMIT_S + 2.0

# DATA_FLOW.md, flow 3: "Cache (TTL: 5 min)".
ANALYSIS_TTL_S = 300

# A model that failed so often in a row is left alone for so long, then tried once.
CIRCUIT_FAILURES = 5
CIRCUIT_OPEN_S = 15.0
# A model that asks for a longer pause is tried once after this all the same: what it says may
# be a mistake, and one call in ten minutes is no burden.
CIRCUIT_OPEN_MAX_S = 600.0
# Failures that lie further apart say nothing together.
CIRCUIT_MEMORY_S = 600.0

# A target that asks for more patience than this has failed: nobody needs an hour-old alarm.
NOTIFICATION_RETRY_AFTER_MAX_S = 3_600.0

# What a user's own server may take to accept a webhook; every second is one for which a slow
# one keeps a sender busy.
WEBHOOK_TIMEOUT_S = 10.0

# What the services behind apprise may take: some need several requests for one message.
APPRISE_TIMEOUT_S = 20.0

# Beyond that: the fork, and the way there and back. What has not answered by then is stuck.
APPRISE_MARGIN_S = 5.0

# From its turn on, a delivery takes no longer than this: the attempt, and writing down how it went.
DELIVERY_ATTEMPT_S = APPRISE_TIMEOUT_S + APPRISE_MARGIN_S + 5.0

# For so long a delivery in a sender's hands waits for its turn, its words and settings included;
# then it is put back. All that may be before a turn is bounded by this, and none of it counts.
DELIVERY_TURN_S = 5.0

# A delivery whose sender has died is taken over after this. A sender that lives is done by then.
DELIVERY_LEASE_S = DELIVERY_TURN_S + DELIVERY_ATTEMPT_S

# A stage of an archival run reports after this, so that operators see where it is, and a run
# that is asked to stop has stopped soon.
ARCHIVAL_LEG_S = 15.0

# One step of a run: a file of a million records is written, proven and removed in minutes; on a
# machine that has other work, in an hour. Heartbeats tell much earlier that a worker died.
ARCHIVAL_STEP_TIMEOUT_S = 3_600.0
ARCHIVAL_RETRY_MAX_S = 10.0

# A scheduled run that finds another one at work tries again after this.
ARCHIVAL_TURN_S = 30.0

# A backfill of a year's missed days, one after the other; what takes longer is looked at.
ARCHIVAL_TURNS_LIMIT_S = 86_400.0

# Whether a file has been retrieved is asked more and more rarely: objects take hours (Glacier's
# Standard tier 3 to 5, its Bulk tier up to 12, Deep Archive's up to 48).
RETRIEVAL_BACKOFF = 2.0
RETRIEVAL_POLL_MAX_S = 1_800.0

# A store that is away while a restore waits anyway is asked this often.
RESTORE_RETRY_MAX_S = 60.0
