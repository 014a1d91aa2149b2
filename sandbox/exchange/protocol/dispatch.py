"""One request from arrival to answer, whichever way it came: limits, faults, security, handler."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sandbox.exchange.core.errors import VenueError, rejected_key
from sandbox.exchange.core.ledger import Account
from sandbox.exchange.protocol.calls import Call, Endpoint, Security
from sandbox.exchange.protocol.faults import NOTHING, Plan, Request
from sandbox.exchange.protocol.params import Params
from sandbox.exchange.protocol.security import (
    account_of,
    check_signature,
    freshness_of,
)
from sandbox.exchange.venue import Venue, now_ms


class ConnectionCut(Exception):  # noqa: N818 - not an error: the connection is to be cut
    """A fault wants the connection closed without an answer."""


@dataclass(slots=True)
class Arrival:
    """A request before anything about it has been checked.

    Attributes:
        pairs: Parameters as sent.
        payload: What its signature must cover.
        label: Method and path as faults match them.
        extra_names: Parameters that this way of asking allows everywhere.
    """

    endpoint: Endpoint
    pairs: list[tuple[str, str]]
    payload: str
    api_key: str | None
    address: str
    label: tuple[str, str]
    extra_names: frozenset[str] = frozenset()


@dataclass(slots=True)
class Outcome:
    """An answer and whose it is (for the order-count headers)."""

    answer: Any
    account: Account | None


async def answer(venue: Venue, arrival: Arrival) -> Outcome:
    """Process a request.

    Raises:
        VenueError: The refusal to send.
        ConnectionCut: A fault wants no answer at all.
    """
    at_ms = now_ms()
    found = dict(arrival.pairs)
    plan = _plan(venue, arrival, found)
    if plan.drop_request:
        raise ConnectionCut
    if plan.delay_ms:
        await asyncio.sleep(plan.delay_ms / 1000)
    if plan.error_before is not None:
        raise plan.error_before
    outcome: Outcome | None = None
    refusal: VenueError | None = None
    try:
        outcome = await _process(venue, arrival, at_ms)
    except VenueError as error:
        # A refusal is an answer, too, and waits or is lost like one.
        refusal = error
    if plan.delay_answer_ms:
        await asyncio.sleep(plan.delay_answer_ms / 1000)
    if plan.drop_answer:
        raise ConnectionCut
    if plan.error_after is not None:
        raise plan.error_after
    if refusal is not None:
        raise refusal
    if outcome is None:
        raise RuntimeError("neither an answer nor a refusal")
    return outcome


async def _process(venue: Venue, arrival: Arrival, at_ms: int) -> Outcome:
    endpoint = arrival.endpoint
    params = Params(arrival.pairs)
    venue.limits.spend(arrival.address, endpoint.weight_of(params), at_ms)
    call = Call(venue, params, at_ms)
    if endpoint.security is Security.SIGNED:
        _authenticate(call, arrival, at_ms)
    params.check_names(endpoint.allowed | arrival.extra_names)
    if call.freshness is not None:
        # Again, just before matching: a request that was held up must not be executed late.
        call.freshness.check(now_ms())
    if endpoint.orders:
        venue.limits.count_orders(call.account.account_id, endpoint.orders, at_ms)
    found = await endpoint.handler(call)
    if endpoint.security is Security.SIGNED:
        # A query may have seen what is not on disk yet, and must not tell of it before.
        await venue.journal.settled()
    return Outcome(found, call.signer)


def _authenticate(call: Call, arrival: Arrival, at_ms: int) -> None:
    params = call.params
    call.signer = account_of(call.venue.ledger, arrival.api_key)
    call.freshness = freshness_of(params)
    check_signature(call.signer, params, arrival.payload)
    call.freshness.check(at_ms)
    if arrival.endpoint.trades and not call.signer.can_trade:
        raise rejected_key()


def _plan(venue: Venue, arrival: Arrival, found: dict[str, str]) -> Plan:
    if not venue.faults.items:
        return NOTHING
    account = venue.ledger.account_by_key.get(arrival.api_key or "")
    client_id = found.get("newClientOrderId") or found.get("origClientOrderId")
    method, path = arrival.label
    return venue.faults.plan(
        Request(
            method=method,
            path=path,
            symbol=found.get("symbol"),
            account_id=None if account is None else account.account_id,
            client_order_id=client_id,
        )
    )


def retry_data(error: VenueError, at_ms: int) -> VenueError:
    """The same refusal with the `data` that the WebSocket API adds to rate limits."""
    if error.retry_after_s is not None and error.data is None:
        error.data = {"serverTime": at_ms, "retryAfter": at_ms + error.retry_after_s * 1000}
    return error
