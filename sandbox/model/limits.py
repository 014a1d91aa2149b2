"""Requests and tokens a minute, by key: a bucket each, and OpenAI's headers about them."""

import math
from dataclasses import dataclass
from typing import Final

from sandbox.model.errors import too_many

_MINUTE_S: Final = 60.0


@dataclass(slots=True)
class _Bucket:
    limit: int
    left: float
    at_s: float

    def refill(self, now_s: float) -> None:
        grown = (now_s - self.at_s) * self.limit / _MINUTE_S
        self.left = min(self.limit, self.left + grown)
        self.at_s = now_s

    def wait_s(self, wanted: int) -> float:
        """Return how long it takes until this much is left."""
        return max(0.0, (min(wanted, self.limit) - self.left) * _MINUTE_S / self.limit)

    def full_in_s(self) -> float:
        return (self.limit - self.left) * _MINUTE_S / self.limit


class Limits:
    """What each key has left.

    Args:
        requests: a minute and key.
        tokens: a minute and key, of prompts.
    """

    def __init__(self, requests: int, tokens: int) -> None:
        self._limits = {"requests": requests, "tokens": tokens}
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, key: str, tokens: int, now_s: float) -> None:
        """Take one request and its tokens.

        Raises:
            ApiError: 429, with the time to wait.
        """
        wanted = {"requests": 1, "tokens": tokens}
        buckets = {kind: self._bucket(key, kind, now_s) for kind in wanted}
        for kind, bucket in buckets.items():
            wait_s = bucket.wait_s(wanted[kind])
            if wait_s > 0:
                raise too_many(
                    f"Rate limit reached on {kind} per min: Limit {bucket.limit}, "
                    f"Requested {wanted[kind]}. Please try again in {wait_s:.3f}s.",
                    kind,
                    math.ceil(wait_s),
                )
        for kind, bucket in buckets.items():
            bucket.left -= wanted[kind]

    def headers(self, key: str, now_s: float) -> dict[str, str]:
        """Return the `x-ratelimit-…` headers."""
        told: dict[str, str] = {}
        for kind in self._limits:
            bucket = self._bucket(key, kind, now_s)
            told[f"x-ratelimit-limit-{kind}"] = str(bucket.limit)
            told[f"x-ratelimit-remaining-{kind}"] = str(max(0, math.floor(bucket.left)))
            told[f"x-ratelimit-reset-{kind}"] = f"{bucket.full_in_s():.3f}s"
        return told

    def _bucket(self, key: str, kind: str, now_s: float) -> _Bucket:
        limit = self._limits[kind]
        bucket = self._buckets.setdefault((key, kind), _Bucket(limit, limit, now_s))
        bucket.refill(now_s)
        return bucket
