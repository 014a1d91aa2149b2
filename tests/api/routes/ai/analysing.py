"""Who asks for analyses in tests, and how."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
from temporalio.client import WorkflowHandle

from adapters.exact_json import dump, load
from domain.candles import Timeframe
from domain.market import Quote
from tests.api.people import Edge, bearer
from tests.model_control import ModelControl


@dataclass(frozen=True)
class Subject:
    """What no other test asks about."""

    symbol: str
    timeframe: Timeframe


def quote_of(symbol: str, price: str) -> Quote:
    middle = Decimal(price)
    return Quote(symbol, middle, middle, middle, Decimal(1), Decimal(0), datetime.now(UTC))


@dataclass(frozen=True)
class Desk:
    """The edge, the model's switches, and this test's subject."""

    edge: Edge
    subject: Subject
    model: ModelControl
    prices: dict[str, str]

    async def asker(self) -> "Asker":
        signed_in = await self.edge.register()
        return Asker(self, signed_in["user"]["id"], signed_in["token"])

    async def calls(self) -> int:
        """Return how often the model was asked about the subject."""
        found = await self.model.calls(self.subject.symbol, str(self.subject.timeframe))
        total: int = found["total"]
        return total

    @property
    def price(self) -> Decimal:
        return Decimal(self.prices[self.subject.symbol])

    async def kept(self) -> list[dict[str, Any]]:
        """Return everything that is stored about the subject."""
        analyses = self.edge.services.connections.database["ai_analysis"]
        about = {"symbol": self.subject.symbol, "timeframe": str(self.subject.timeframe)}
        return await analyses.find(about).to_list(None)

    def workflow(self, workflow_id: str) -> WorkflowHandle[Any, Any]:
        return self.edge.services.trading.client.get_workflow_handle(workflow_id)

    async def runs(self) -> list[str]:
        """Return the workflow ids of all runs of the subject's analyses."""
        prefix = f"analysis-{self.subject.symbol}-{self.subject.timeframe}-"
        return [
            found.id
            async for found in self.edge.services.trading.client.list_workflows(
                f"WorkflowType = 'AIAnalysis' AND Symbol = '{self.subject.symbol}'"
            )
            if found.id.startswith(prefix)
        ]


@dataclass(frozen=True)
class Asker:
    """Somebody who is signed in."""

    desk: Desk
    user_id: str
    token: str

    async def post(self, **members: Any) -> httpx.Response:
        """Ask for an analysis of the test's subject."""
        subject = self.desk.subject
        asked = {"symbol": subject.symbol, "timeframe": str(subject.timeframe)} | members
        return await self.desk.edge.http.post(
            "/api/ai/analyze",
            content=dump(asked),
            headers=bearer(self.token) | {"Content-Type": "application/json"},
        )

    async def analyze(self, **members: Any) -> dict[str, Any]:
        response = await self.post(**members)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = read(response)
        return found

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.desk.edge.http.get(
            f"/api/ai/{path}", headers=bearer(self.token), params=params
        )


def read(response: httpx.Response) -> Any:
    """Parse an answer with its numbers exact."""
    return load(response.text)


def refused(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem that an answer is, of this kind."""
    assert (response.status_code, read(response).get("code")) == (status, code), response.text
    problem: dict[str, Any] = read(response)
    return problem


def is_sound(analysis: dict[str, Any]) -> bool:
    """Tell whether the prices of an analysis are in the order of its signal."""
    entry, stop, target = (
        analysis[f"suggested_{name}"] for name in ("entry", "stop_loss", "take_profit")
    )
    if analysis["signal"] == "Neutral":
        return entry is None and stop is None and target is None
    if analysis["signal"] == "Long":
        return bool(stop < entry < target)
    return bool(target < entry < stop)


async def until_ended(desk: Desk, workflow_id: str) -> None:
    """Wait for the end of a workflow, whatever it is."""
    await asyncio.gather(desk.workflow(workflow_id).result(), return_exceptions=True)
