"""`python -m bench.ai`: how long an asker waits for an analysis, cached and new.

Our own share of a new one is all of it but what the model was told to wait: the call itself, our
client's work and the sandbox's, counts as ours. Everything runs on this machine at once: the whole
stack, the sandbox model and this load.
"""

import argparse
import asyncio
import itertools
import json
import re
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import aiohttp
import uvloop
from temporalio.client import Client
from temporalio.service import GrpcCompression

from adapters.openai_model import OpenAIModel
from bench.load import cpu_row, paced
from bench.report import Report, percentile
from bench.system import System, private_system
from bench.yardsticks import BareWorkflow, FiveActivities, Yardstick, yardstick_worker
from domain.analysis_ports import ModelRequest
from domain.analysis_reply import REPLY_SCHEMA, SCHEMA_NAME
from workers.access import access_tokens

HIT_LIMIT_MS = 20
MISS_LIMIT_MS = 150
ASKERS = 50
# The interface's limit is 10 a minute and user.
_PER_USER = 9
_HITS_PER_S = 50
_MISSES_PER_S = 5
_WARM_UP = 20
_SLOW_MODEL_MS = 500
_SYMBOL = "BTCUSDT"
_TIMEFRAME = "1m"
_OK = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One answer: what it took in all and inside the model's call, in milliseconds."""

    total_ms: float
    model_ms: float
    document: dict[str, Any]


@dataclass(slots=True)
class Askers:
    """People enough that nobody asks more often than the interface allows."""

    system: System
    http: aiohttp.ClientSession
    _tokens: Iterator[str] = field(init=False)
    _values: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        """Begin with nobody; each is made when first needed."""
        self._tokens = self._people()

    def _people(self) -> Iterator[str]:
        while True:
            yield from itertools.repeat(self.new_person(), _PER_USER)

    def new_person(self) -> str:
        """Return the token of somebody who has not asked yet."""
        return access_tokens(self.system.settings()).issue(f"bench-{uuid.uuid4()}", (), "bench")

    async def cached(self) -> Told:
        """Ask for what is there."""
        return await self.ask({}, next(self._tokens))

    async def new(self) -> Told:
        """Ask for what nobody has asked for: the market with an indicator of the asker's own."""
        return await self.about(next(self._values))

    def next_number(self) -> int:
        """Use one number up, and return the next."""
        return next(self._values) + 1

    async def about(self, number: int) -> Told:
        """Ask for one of those."""
        own = {"technical_indicators": {"volume_sma": 1 + number}}
        return await self.ask(own, next(self._tokens))

    async def ask(self, more: dict[str, Any], token: str) -> Told:
        """Ask once.

        Raises:
            RuntimeError: The answer was an error.
        """
        body = {"symbol": _SYMBOL, "timeframe": _TIMEFRAME, **more}
        headers = {"Authorization": f"Bearer {token}"}
        began = perf_counter()
        async with self.http.post("/api/ai/analyze", json=body, headers=headers) as answer:
            document = await answer.json(content_type=None)
        total_ms = (perf_counter() - began) * 1_000
        if answer.status != _OK:
            raise RuntimeError(f"{answer.status}: {document}")
        spent = re.search(r"model;dur=([\d.]+)", answer.headers["Server-Timing"])
        return Told(total_ms, float(spent.group(1)) if spent else 0.0, document)


async def settled(askers: Askers) -> None:
    """Wait until the market is there to be analysed.

    Raises:
        TimeoutError: It does not come.
    """
    async with asyncio.timeout(60):
        while True:
            try:
                await askers.new()
            except RuntimeError:
                await asyncio.sleep(0.5)
            else:
                return


async def measure_hits(system: System, askers: Askers, report: Report, n: int) -> None:
    """Measure answers out of the cache."""
    await askers.cached()
    await paced(askers.cached, _WARM_UP, _HITS_PER_S)
    before = system.cpu_s()
    told = await paced(askers.cached, n, _HITS_PER_S)
    cpu = cpu_row(before, system.cpu_s(), n)
    if not all(each.document["cached"] for each in told):
        raise RuntimeError("an answer was not cached")
    times = [each.total_ms for each in told]
    name = f"cache hit over HTTP (a copy in the process, mostly), paced {_HITS_PER_S}/s"
    report.row(name, times, **cpu)
    value = percentile(times, 95)
    report.goal("cache hit p95", f"< {HIT_LIMIT_MS} ms", value, met=value < HIT_LIMIT_MS)


async def measure_misses(system: System, askers: Askers, report: Report, n: int) -> None:
    """Measure new analyses, with a model that is quick and one that takes its time."""
    await paced(askers.new, _WARM_UP, _MISSES_PER_S)
    first = askers.next_number()
    before = system.cpu_s()
    told = await _misses(askers, n)
    cpu = cpu_row(before, system.cpu_s(), n)
    _own_share(report, f"new analysis, paced {_MISSES_PER_S}/s", told, 0, **cpu)
    report.row("  of which inside the model's call", [each.model_ms for each in told])
    await measure_first_repeats(askers, report, range(first, first + n))
    async with slow_model(system):
        told = await _misses(askers, n // 2)
    name = f"new analysis, a model that waits {_SLOW_MODEL_MS} ms, less those"
    _own_share(report, name, told, _SLOW_MODEL_MS)


def _own_share(report: Report, name: str, told: list[Told], waited_ms: int, **cpu: Any) -> None:
    own = [each.total_ms - waited_ms for each in told]
    report.row(name, own, **cpu)
    value = percentile(own, 95)
    report.goal(f"{name}, p95", f"< {MISS_LIMIT_MS} ms", value, met=value < MISS_LIMIT_MS)


async def measure_first_repeats(askers: Askers, report: Report, numbers: range) -> None:
    """Measure the first repeat of each: the one that fills the caches out of MongoDB."""
    left = iter(numbers)
    told = await paced(lambda: askers.about(next(left)), len(numbers), _HITS_PER_S)
    if not all(each.document["cached"] for each in told):
        raise RuntimeError("a repeat was not cached")
    times = [each.total_ms for each in told]
    report.row(f"first repeat of each, out of MongoDB, paced {_HITS_PER_S}/s", times)
    value = percentile(times, 95)
    report.goal("first repeat p95", f"< {HIT_LIMIT_MS} ms", value, met=value < HIT_LIMIT_MS)


async def _misses(askers: Askers, n: int) -> list[Told]:
    told = await paced(askers.new, n, _MISSES_PER_S)
    if any(each.document["cached"] or not each.model_ms for each in told):
        raise RuntimeError("an analysis was not new")
    return told


@asynccontextmanager
async def slow_model(system: System) -> AsyncIterator[None]:
    """Let every call of the model take its time while this is open."""
    fault = {"kind": "delay", "delay_ms": _SLOW_MODEL_MS}
    async with aiohttp.ClientSession(system.settings().model_url) as http:
        async with http.post("/sandbox/faults", json=fault) as answer:
            answer.raise_for_status()
        try:
            yield
        finally:
            async with http.delete("/sandbox/faults") as answer:
                answer.raise_for_status()


async def measure_crowd(system: System, askers: Askers, report: Report) -> None:
    """Let people ask the same at the same moment, and count the model's calls."""
    people = [askers.new_person() for _ in range(ASKERS)]
    question = {"symbol": "ETHUSDT", "timeframe": "15m"}
    async with slow_model(system), aiohttp.ClientSession(system.settings().model_url) as http:
        told = await asyncio.gather(*(askers.ask(question, token) for token in people))
        async with http.get("/sandbox/calls", params={"symbol": "ETHUSDT"}) as answer:
            calls = (await answer.json())["total"]
    if len({each.document["analysis_id"] for each in told}) != 1:
        raise RuntimeError("the askers were told of different analyses")
    name = f"{ASKERS} askers of the same at once, a model that takes {_SLOW_MODEL_MS} ms"
    report.row(name, [each.total_ms for each in told])
    report.goal(f"model calls for {ASKERS} simultaneous askers", "1", calls, met=calls == 1)


async def measure_yardsticks(system: System, http: aiohttp.ClientSession, report: Report) -> None:
    """Measure what surrounds an analysis: HTTP, the model's call, and durable steps."""
    count = 100

    async def alive() -> float:
        began = perf_counter()
        async with http.get("/livez") as answer:
            await answer.read()
        return (perf_counter() - began) * 1_000

    report.row("yardstick: GET /livez", await paced(alive, count, _HITS_PER_S))
    settings = system.settings()
    model = OpenAIModel(base_url=settings.model_base_url, api_key="", name=settings.model_name)
    market = json.dumps({"symbol": "XRPUSDT", "timeframe": "1m", "indicators": {}, "last_price": 1})

    async def ask_model() -> float:
        began = perf_counter()
        await model.ask(ModelRequest("", market, SCHEMA_NAME, REPLY_SCHEMA), timeout_s=5)
        return (perf_counter() - began) * 1_000

    name = "yardstick: a small question to the model, through the same adapter"
    report.row(name, await paced(ask_model, count, _MISSES_PER_S))
    await model.close()
    client = await Client.connect(system.temporal_address, grpc_compression=GrpcCompression.NONE)
    async with yardstick_worker(client):
        shapes = (("bare workflow", BareWorkflow), ("five empty activities", FiveActivities))
        for name, shape in shapes:
            yardstick = Yardstick(client, shape)
            await paced(yardstick.once, _WARM_UP, _MISSES_PER_S)
            times = await paced(yardstick.once, count, _MISSES_PER_S)
            report.row(f"yardstick: {name}, paced {_MISSES_PER_S}/s", times)


async def run(count: int, name: str) -> None:
    """Measure everything and write the file."""
    report = Report()
    with private_system() as system:
        async with aiohttp.ClientSession(system.api_url) as http:
            askers = Askers(system, http)
            await settled(askers)
            await measure_hits(system, askers, report, 2 * count)
            await measure_misses(system, askers, report, count)
            await measure_crowd(system, askers, report)
            await measure_yardsticks(system, http, report)
    print(f"written to bench/results/{report.write(name).name}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench.ai", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="analyses in each measurement")
    parser.add_argument("--name", default="ai", help="of the file in bench/results")
    arguments = parser.parse_args()
    uvloop.run(run(arguments.count, arguments.name))


if __name__ == "__main__":
    main()
