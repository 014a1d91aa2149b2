"""One connection to the venue, kept open, and the accounts that are followed on it."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from adapters.binance_user_stream import BinanceUserStream
from domain.errors import BotCoreError, ErrorCode, HaltTrading, Rejected, Retryable
from domain.ports import CredentialVault, VenueCredentials
from domain.trades import ExecutionReport
from workers.user_data.delivery import Delivery

RECONNECT_MIN_S = 0.1
RECONNECT_MAX_S = 10.0
# A user may have replaced the keys; not while orders are open, so this need not be soon.
REVIEW_S = 30.0
# An account whose subscription failed is tried again after this…
RETRY_S = 1.0
# …and one whose keys the venue refuses after this; its orders live by their timers.
REFUSED_RETRY_S = 60.0

# Opens a connection; the callable is called when it breaks.
OpenStream = Callable[[Callable[[], None]], AbstractAsyncContextManager[BinanceUserStream]]

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Follower:
    """One account on a line: where it stands, and the listener of its stream.

    `due_s` is the loop's time at which it is looked at again.
    """

    user_id: str
    delivery: Delivery
    wake: Callable[[], None]
    subscription: int | None = None
    credentials: VenueCredentials | None = None
    due_s: float = 0.0

    def report(self, client_order_id: str, report: ExecutionReport) -> None:
        """Pass a message on."""
        self.delivery.report(self.user_id, client_order_id, report)

    def doubt(self) -> None:
        """Pass on that one was lost."""
        self.delivery.doubt(self.user_id)

    def end(self) -> None:
        """Subscribe again."""
        self.forget()
        self.wake()

    def forget(self) -> None:
        """Note that the subscription has gone with its connection, or by the venue's will."""
        if self.subscription is not None:
            self.subscription = None
            self.due_s = 0.0


class Line:
    """Keeps its accounts subscribed; after every gap their orders are checked.

    Args:
        open_stream: Opens a connection.
        vault: Where the keys are.
        delivery: Where messages go.
    """

    def __init__(self, open_stream: OpenStream, vault: CredentialVault, delivery: Delivery) -> None:
        self._open_stream = open_stream
        self._vault = vault
        self._delivery = delivery
        self._followers: dict[str, _Follower] = {}
        self._left: list[int] = []
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Return how many accounts are on it."""
        return len(self._followers)

    def __contains__(self, user_id: str) -> bool:
        """Tell whether an account is on it."""
        return user_id in self._followers

    def add(self, user_id: str) -> None:
        """Begin to follow an account."""
        self._followers[user_id] = _Follower(user_id, self._delivery, self._changed.set)
        self._changed.set()

    def remove(self, user_id: str) -> None:
        """Cease to follow an account."""
        follower = self._followers.pop(user_id)
        if follower.subscription is not None:
            self._left.append(follower.subscription)
            self._changed.set()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        clock = asyncio.get_running_loop().time
        wait_s = RECONNECT_MIN_S
        while True:
            began_s = clock()
            try:
                async with self._open_stream(self._changed.set) as stream:
                    await self._serve(stream)
                _log.warning("user_data.stream_broke", accounts=len(self))
            except Retryable as fault:
                _log.warning("user_data.not_connected", detail=fault.detail)
            self._left.clear()
            for follower in self._followers.values():
                follower.forget()
            lasted = clock() - began_s > RECONNECT_MAX_S
            wait_s = RECONNECT_MIN_S if lasted else min(wait_s * 2, RECONNECT_MAX_S)
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _serve(self, stream: BinanceUserStream) -> None:
        """Look after each account when it is due, until the connection breaks."""
        clock = asyncio.get_running_loop().time
        while not stream.is_broken:
            self._changed.clear()
            due = [each for each in self._followers.values() if each.due_s <= clock()]
            await asyncio.gather(*(self._look_after(stream, each) for each in due))
            left, self._left = self._left, []
            await asyncio.gather(*(_unsubscribe(stream, subscription) for subscription in left))
            soonest_s = min((each.due_s for each in self._followers.values()), default=None)
            try:
                async with asyncio.timeout_at(soonest_s):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _look_after(self, stream: BinanceUserStream, follower: _Follower) -> None:
        clock = asyncio.get_running_loop().time
        try:
            await self._subscribe(stream, follower)
            wait_s = REVIEW_S
        except BotCoreError as error:
            is_final = isinstance(error, (Rejected, HaltTrading))
            wait_s = REFUSED_RETRY_S if is_final else RETRY_S
            wait_s = max(wait_s, error.extensions.get("retry_after_s", 0))
            detail = error.detail
            _log.warning("user_data.not_subscribed", user_id=follower.user_id, detail=detail)
        follower.due_s = clock() + wait_s

    async def _subscribe(self, stream: BinanceUserStream, follower: _Follower) -> None:
        credentials = await self._vault.credentials(follower.user_id)
        if credentials is None:
            raise Rejected(ErrorCode.FORBIDDEN, "no venue credentials are stored")
        if follower.subscription is not None:
            if follower.credentials == credentials:
                return
            self._left.append(follower.subscription)
            follower.subscription = None
        subscription = await stream.subscribe(credentials, follower)
        if self._followers.get(follower.user_id) is not follower:
            self._left.append(subscription)
            return
        follower.subscription, follower.credentials = subscription, credentials
        # What happened before this moment, nobody has heard.
        self._delivery.doubt(follower.user_id)


async def _unsubscribe(stream: BinanceUserStream, subscription: int) -> None:
    try:
        await stream.unsubscribe(subscription)
    except BotCoreError as error:
        # It goes on unheard; what comes of it concerns orders that have ended.
        _log.info("user_data.not_unsubscribed", detail=error.detail)
