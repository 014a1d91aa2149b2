"""Request weights and order counts, in fixed windows as the venue counts them."""

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.exchange.core.errors import HTTP_BANNED, HTTP_TOO_MANY, VenueError

MINUTE_MS: Final = 60_000
TEN_SECONDS_MS: Final = 10_000
DAY_MS: Final = 86_400_000
_STRIKES_TO_BAN: Final = 30
_BAN_MS: Final = 120_000


@dataclass(slots=True)
class Window:
    """A count that starts over when its interval does."""

    length_ms: int
    limit: int
    start: int = -1
    count: int = 0

    def add(self, weight: int, now_ms: int) -> int:
        """Count `weight` in and return the sum of this interval."""
        start = now_ms // self.length_ms
        if start != self.start:
            self.start, self.count = start, 0
        self.count += weight
        return self.count

    def left_s(self, now_ms: int) -> int:
        """Whole seconds until the interval starts over, at least one."""
        return max(1, -(-(self.length_ms - now_ms % self.length_ms) // 1000))


@dataclass(slots=True)
class _Caller:
    weight: Window
    strikes: int = 0
    strikes_minute: int = -1
    banned_until_ms: int = 0


@dataclass(slots=True)
class Limits:
    """Weights by address and orders by account.

    Attributes:
        weight_limit: Request weight a minute and address.
        order_limit_10s: New orders in ten seconds, by account.
        order_limit_1d: New orders a UTC day, by account.
    """

    weight_limit: int = 6_000
    order_limit_10s: int = 100
    order_limit_1d: int = 200_000
    _callers: dict[str, _Caller] = field(default_factory=dict)
    _orders: dict[str, tuple[Window, Window]] = field(default_factory=dict)

    def spend(self, address: str, weight: int, now_ms: int) -> int:
        """Count a request's weight.

        Returns:
            The weight used in this minute.

        Raises:
            VenueError: -1003 with 429, or with 418 for an address that keeps on.
        """
        caller = self._callers.get(address)
        if caller is None:
            caller = self._callers[address] = _Caller(Window(MINUTE_MS, self.weight_limit))
        if now_ms < caller.banned_until_ms:
            raise self._banned(caller.banned_until_ms, now_ms)
        used = caller.weight.add(weight, now_ms)
        if used > self.weight_limit:
            self._strike(caller, now_ms)
            raise VenueError(
                -1003,
                f"Too much request weight used; current limit is {self.weight_limit} request "
                "weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid "
                "polling the API.",
                status=HTTP_TOO_MANY,
                retry_after_s=caller.weight.left_s(now_ms),
            )
        return used

    def used(self, address: str, now_ms: int) -> int:
        """The weight an address has used in this minute."""
        caller = self._callers.get(address)
        return 0 if caller is None else caller.weight.add(0, now_ms)

    def _strike(self, caller: _Caller, now_ms: int) -> None:
        minute = now_ms // MINUTE_MS
        if caller.strikes_minute != minute:
            caller.strikes_minute, caller.strikes = minute, 0
        caller.strikes += 1
        if caller.strikes > _STRIKES_TO_BAN:
            caller.banned_until_ms = now_ms + _BAN_MS
            raise self._banned(caller.banned_until_ms, now_ms)

    @staticmethod
    def _banned(until_ms: int, now_ms: int) -> VenueError:
        return VenueError(
            -1003,
            f"Way too much request weight used; IP banned until {until_ms}. Please use WebSocket "
            "Streams for live updates to avoid bans.",
            status=HTTP_BANNED,
            retry_after_s=max(1, -(-(until_ms - now_ms) // 1000)),
        )

    def _windows(self, account_id: str) -> tuple[Window, Window]:
        found = self._orders.get(account_id)
        if found is None:
            found = self._orders[account_id] = (
                Window(TEN_SECONDS_MS, self.order_limit_10s),
                Window(DAY_MS, self.order_limit_1d),
            )
        return found

    def count_orders(self, account_id: str, orders: int, now_ms: int) -> None:
        """Count new orders of an account.

        Raises:
            VenueError: -1015 with 429 once a limit is passed.
        """
        short, day = self._windows(account_id)
        for window, name in ((short, "10 SECOND"), (day, "1 DAY")):
            if window.add(0, now_ms) + orders > window.limit:
                raise VenueError(
                    -1015,
                    f"Too many new orders; current limit is {window.limit} orders per {name}.",
                    status=HTTP_TOO_MANY,
                )
        short.add(orders, now_ms)
        day.add(orders, now_ms)

    def order_counts(self, account_id: str, now_ms: int) -> tuple[int, int]:
        """Orders of an account in these ten seconds and on this day."""
        short, day = self._windows(account_id)
        return short.add(0, now_ms), day.add(0, now_ms)

    def rules(self) -> list[dict[str, Any]]:
        """The `rateLimits` of `exchangeInfo`."""
        return [
            _rule("REQUEST_WEIGHT", "MINUTE", 1, self.weight_limit),
            *self.order_rules(),
            _rule("RAW_REQUESTS", "MINUTE", 5, max(61_000, 50 * self.weight_limit)),
        ]

    def order_rules(self) -> list[dict[str, Any]]:
        """The ORDERS rules alone."""
        return [
            _rule("ORDERS", "SECOND", 10, self.order_limit_10s),
            _rule("ORDERS", "DAY", 1, self.order_limit_1d),
        ]

    def order_usage(self, account_id: str, now_ms: int) -> list[dict[str, Any]]:
        """The ORDERS rules with an account's counts."""
        counts = self.order_counts(account_id, now_ms)
        return [
            rule | {"count": count} for rule, count in zip(self.order_rules(), counts, strict=True)
        ]

    def weight_usage(self, address: str, now_ms: int) -> dict[str, Any]:
        """The REQUEST_WEIGHT rule with an address's count."""
        rule = _rule("REQUEST_WEIGHT", "MINUTE", 1, self.weight_limit)
        return rule | {"count": self.used(address, now_ms)}


def _rule(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
