"""Whom to follow: users with resting orders, and a little longer."""

import asyncio
from collections.abc import Callable

import structlog

from adapters.mongo_open_orders import MongoOpenOrders
from domain.errors import Retryable
from workers.user_data.line import Line

# How late a user's first resting order is noticed; what it trades until then is found by
# the check that follows the subscription.
LOOK_INTERVAL_S = 0.5
# Who traded a moment ago is likely to trade again, and is then followed already.
LINGER_S = 300.0
# Binance allows 1,000 subscriptions a connection; a break hits one connection's accounts.
ACCOUNTS_A_LINE = 200

_log = structlog.get_logger(__name__)


class AccountStreams:
    """Follows the accounts of all users with resting orders.

    Args:
        orders: Who has them.
        make_line: Makes a connection without accounts.
        on_first_look: Called once, when it is first known whom to follow.
    """

    def __init__(
        self,
        orders: MongoOpenOrders,
        make_line: Callable[[], Line],
        on_first_look: Callable[[], None],
    ) -> None:
        self._orders = orders
        self._make_line = make_line
        self._on_first_look: Callable[[], None] | None = on_first_look
        self._lines: list[Line] = []
        self._last_resting_s: dict[str, float] = {}

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            is_told = False
            while True:
                try:
                    self._follow(await self._orders.users_with_resting_orders(), tasks)
                    is_told = False
                except Retryable as fault:
                    # Who is followed stays followed.
                    if not is_told:
                        _log.warning("user_data.accounts_unread", detail=fault.detail)
                    is_told = True
                await asyncio.sleep(LOOK_INTERVAL_S)

    def _follow(self, users: list[str], tasks: asyncio.TaskGroup) -> None:
        now_s = asyncio.get_running_loop().time()
        for user_id in users:
            if user_id not in self._last_resting_s:
                self._line_with_room(tasks).add(user_id)
            self._last_resting_s[user_id] = now_s
        for user_id, last_s in list(self._last_resting_s.items()):
            if now_s - last_s > LINGER_S:
                del self._last_resting_s[user_id]
                next(line for line in self._lines if user_id in line).remove(user_id)
        if self._on_first_look is not None:
            self._on_first_look()
            self._on_first_look = None

    def _line_with_room(self, tasks: asyncio.TaskGroup) -> Line:
        for line in self._lines:
            if len(line) < ACCOUNTS_A_LINE:
                return line
        line = self._make_line()
        self._lines.append(line)
        tasks.create_task(line.run())
        return line
