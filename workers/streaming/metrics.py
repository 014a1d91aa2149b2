"""What the streaming worker counts."""

from collections import Counter

import prometheus_client
import structlog
from prometheus_client import Gauge

_SAMPLE_BYTES = 200

_log = structlog.get_logger(__name__)

DROPPED = prometheus_client.Counter(
    "botcore_stream_messages_dropped_total",
    "Messages of the venue that were malformed or stale, by kind",
    ["kind"],
)
RECONNECTS = prometheus_client.Counter(
    "botcore_stream_reconnects_total",
    "Stream connections that ended, by whether that was to be",
    ["planned"],
)
STALENESS = Gauge(
    "botcore_feed_staleness_seconds",
    "Since when the venue has said nothing valid about a symbol that this worker follows",
    ["symbol"],
)
SHARDS_HELD = Gauge("botcore_stream_shards_held", "Shards of symbols that this worker follows")
CANDLES_WAITING = Gauge(
    "botcore_stream_candles_waiting", "Closed candles that MongoDB does not have yet"
)


class Dropped:
    """Counts messages that are dropped; the first of each kind is logged."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def note(self, kind: str, message: str | bytes) -> None:
        """Count one message."""
        DROPPED.labels(kind).inc()
        self.counts[kind] += 1
        if self.counts[kind] == 1:
            sample = str(message[:_SAMPLE_BYTES])
            _log.warning("stream.message_dropped", kind=kind, sample=sample)
