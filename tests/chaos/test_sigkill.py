"""Whoever is killed, wherever: one order, one trade, one event, nothing held.

All points of one victim are held at the same time, each by a trade of its own, and one
SIGKILL ends them together; what was held is then lost, or arrives without its sender. A
process that is only frozen wakes up later and believes that nothing has happened.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import httpx
import pytest

from domain.timing import ORPHAN_AGE_S, ORPHAN_SWEEP_INTERVAL_S
from tests.chaos.links import Hold, commit_of, having, record_of, reservation_of
from tests.chaos.people import Person, World, until
from tests.chaos.system import Links

pytestmark = pytest.mark.timeout(300)

KEY = "once"
# A workflow task of a dead process is given away after 5 s, twice where it was sticky.
# What Temporal hands to a frozen process is lost until it times out, and is handed out again.
TAKEOVER_S = 150.0
REACH_S = 30.0


@dataclass(frozen=True)
class Point:
    """A step at which a process is killed, and what becomes of the message held there."""

    name: str
    catch: Callable[[Links, Person], Hold]
    then: Literal["lost", "delivered", "delivered last"] = "lost"
    # Nothing else of the process passes this hold: it is reached after all others.
    blocks_others: bool = False


def _order_request(links: Links, person: Person, *, answers: bool = False) -> Hold:
    mark = f"newClientOrderId={person.client_order_id(KEY)}"
    return links.exchange.hold(having(mark), answers=answers)


def _event(links: Links, person: Person, *, answers: bool = False) -> Hold:
    return links.rabbitmq.hold(having(person.trade_id(KEY)), answers=answers)


POINTS = (
    Point("before the reservation", lambda to, who: to.mongodb.hold(reservation_of(who.user_id))),
    Point(
        "after the reservation",
        lambda to, who: to.mongodb.hold(reservation_of(who.user_id), answers=True),
    ),
    Point("during the call, request lost", _order_request),
    Point("during the call, request arrives", _order_request, "delivered"),
    Point("during the call, request arrives much later", _order_request, "delivered last"),
    Point("filled, not answered", lambda to, who: _order_request(to, who, answers=True)),
    Point("before the record", lambda to, who: to.mongodb.hold(record_of(who.user_id))),
    Point("before the record's commit", lambda to, who: to.mongodb.hold(commit_of(who.user_id))),
    Point(
        "recorded, not confirmed",
        lambda to, who: to.mongodb.hold(commit_of(who.user_id), answers=True),
    ),
    Point("after the record", lambda to, who: to.redis.hold(having(f"feed:{who.user_id}"))),
    Point(
        "published, not confirmed",
        lambda to, who: _event(to, who, answers=True),
        blocks_others=True,
    ),
)
NAMES = [point.name for point in POINTS]


@dataclass
class Aftermath:
    """What was left behind by one victim: the person of each point."""

    world: World
    people: dict[str, Person]
    repeats: dict[str, httpx.Response]


async def _reached(holds: list[Hold], timeout_s: float) -> None:
    async with asyncio.timeout(timeout_s):
        for hold in holds:
            await hold.reached.wait()


def _release(holds: dict[str, Hold], *, is_last: bool) -> None:
    for point in POINTS:
        if (point.then == "delivered last") is not is_last:
            continue
        if point.then == "lost":
            holds[point.name].lose()
        else:
            holds[point.name].deliver()


async def _settled(world: World, people: dict[str, Person]) -> None:
    left = dict(people)

    async def none_is_left() -> bool:
        for name, person in list(left.items()):
            if await world.is_settled(person, person.trade_id(KEY)):
                del left[name]
        return not left

    try:
        await until(none_is_left, TAKEOVER_S)
    except TimeoutError as error:
        raise TimeoutError(f"not settled by who took over: {list(left)}") from error


async def _held_in_api(
    world: World, people: dict[str, Person]
) -> tuple[dict[str, Hold], list[asyncio.Task[httpx.Response]]]:
    """Place every order, and stop the API's first attempts at their points."""
    links = world.system.api_links
    holds: dict[str, Hold] = {}
    requests = []
    for is_last in (False, True):
        for point in POINTS:
            if point.blocks_others is is_last:
                holds[point.name] = point.catch(links, people[point.name])
                requests.append(asyncio.create_task(people[point.name].place(KEY)))
        await _reached(list(holds.values()), REACH_S)
    return holds, requests


async def _kill_api(world: World, people: dict[str, Person]) -> None:
    """Kill the API in its first attempts; the trading worker takes over."""
    holds, requests = await _held_in_api(world, people)
    world.system.api.kill()
    _release(holds, is_last=False)
    await asyncio.gather(*requests, return_exceptions=True)
    await _settled(world, people)
    _release(holds, is_last=True)
    await world.system.api.start()


async def _freeze_api(world: World, people: dict[str, Person]) -> None:
    """Stop the API until the trading worker has done its work, and let it go on where it was."""
    holds, requests = await _held_in_api(world, people)
    world.system.api.freeze()
    try:
        await _settled(world, people)
    finally:
        for hold in holds.values():
            hold.deliver()
        world.system.api.thaw()
    for answer in await asyncio.gather(*requests):
        # A caller may be told to try again, but never of another trade.
        assert answer.status_code in {200, 201, 202, 503}, answer.text


async def _kill_worker(world: World, people: dict[str, Person]) -> None:
    """Kill the API before its attempts begin, and the worker in its own; the API takes over."""
    system = world.system
    begun = [
        system.api_links.mongodb.hold(reservation_of(person.user_id)) for person in people.values()
    ]
    requests = [asyncio.create_task(person.place(KEY)) for person in people.values()]
    await _reached(begun, REACH_S)
    for person in people.values():
        trade_id = person.trade_id(KEY)
        await until(partial(world.has_workflow, trade_id), REACH_S, "the intent stored")
    holds = {point.name: point.catch(system.worker_links, people[point.name]) for point in POINTS}
    system.api.kill()
    for hold in begun:
        hold.lose()
    await asyncio.gather(*requests, return_exceptions=True)
    await _reached(list(holds.values()), TAKEOVER_S)
    system.worker.kill()
    _release(holds, is_last=False)
    await system.api.start()
    await _settled(world, people)
    _release(holds, is_last=True)
    await system.worker.start()


KILLS: dict[str, Callable[[World, dict[str, Person]], Coroutine[Any, Any, None]]] = {
    "API killed": _kill_api,
    "worker killed": _kill_worker,
    "API frozen": _freeze_api,
}


@pytest.fixture(scope="module")
async def silent(world: World) -> Person:
    """Return somebody who never asks again after the API died."""
    return await world.register()


async def test_without_an_intent_nothing_leaves_and_a_repeat_places_once(
    world: World, silent: Person
) -> None:
    """Killed before the workflow's start is stored, with and without a reservation."""
    system, (reserved, bare) = world.system, await world.people(2)
    reservation = system.api_links.mongodb.hold(reservation_of(bare.user_id))
    intent = system.api_links.temporal.hold(having(f"trade-{reserved.trade_id(KEY)}"))
    requests = [asyncio.create_task(reserved.place(KEY))]
    await _reached([intent], REACH_S)
    # The connection to Temporal is held by now; the other starts wait behind this one.
    requests += [asyncio.create_task(person.place(KEY)) for person in (bare, silent)]
    await _reached([reservation], REACH_S)
    for person in (reserved, silent):
        holds = partial(world.holds, person, person.trade_id(KEY))
        await until(holds, REACH_S, "the reservation")
    system.api.kill()
    for hold in (reservation, intent):
        hold.lose()
    await asyncio.gather(*requests, return_exceptions=True)
    for person in (reserved, bare, silent):
        assert not await world.has_workflow(person.trade_id(KEY))
        assert await world.orders_at_venue(person.client_order_id(KEY)) == 0
    await world.assert_even(bare)
    await system.api.start()
    for person in (reserved, bare):
        answer = await person.place(KEY)
        assert answer.status_code == 201, answer.text
        await until(partial(world.is_settled, person, person.trade_id(KEY)), REACH_S)
        await world.assert_one_trade(person, KEY)


@pytest.fixture(scope="module", params=KILLS)
async def aftermath(world: World, request: pytest.FixtureRequest) -> Aftermath:
    people = dict(zip(NAMES, await world.people(len(NAMES)), strict=True))
    await KILLS[request.param](world, people)
    answers = await asyncio.gather(*(
        person.place_patiently(KEY, TAKEOVER_S) for person in people.values()
    ))  # fmt: skip
    return Aftermath(world, people, dict(zip(NAMES, answers, strict=True)))


@pytest.mark.parametrize("point", NAMES)
async def test_the_dead_leave_one_trade(aftermath: Aftermath, point: str) -> None:
    person, repeat = aftermath.people[point], aftermath.repeats[point]
    assert repeat.status_code == 200, repeat.text
    assert repeat.headers["Idempotency-Replayed"] == "true"
    assert repeat.json()["trade_id"] == person.trade_id(KEY)
    await aftermath.world.assert_one_trade(person, KEY)


async def test_a_reservation_that_nobody_asks_about_is_released(
    world: World, silent: Person
) -> None:
    async def is_released() -> bool:
        return not await world.holds(silent, silent.trade_id(KEY))

    await until(is_released, ORPHAN_AGE_S + 3 * ORPHAN_SWEEP_INTERVAL_S, "the sweep")
    assert await world.orders_at_venue(silent.client_order_id(KEY)) == 0
    await world.assert_even(silent)
