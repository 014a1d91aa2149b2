"""Archives over HTTP: files, runs, restores and holds, for operators only."""

import secrets
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from bson.objectid import ObjectId

from adapters.mongo_manifests import MongoManifests
from domain.archival.messages import archival_workflow_id
from domain.archival.tiers import DataType
from tests.api.people import Edge, bearer
from tests.api.routes.archiving import NOW, Operator, manifest, signed_in_operator
from tests.api.routes.trading import D, read, refused
from workers import archive_desk

HOLD = {"data_type": "trades", "user_id": "user_1", "from": NOW, "reason": "a court asked"}
RANGE = {"data_type": "trades", "from": NOW, "to": NOW + timedelta(days=31)}


@pytest.fixture
async def operator(edge: Edge) -> Operator:
    return await signed_in_operator(edge)


@pytest.fixture
async def manifests(edge: Edge) -> AsyncIterator[MongoManifests]:
    database = edge.services.connections.database
    yield MongoManifests(database)
    await database["archive_manifests"].delete_many({})


@pytest.fixture(autouse=True)
def _own_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start workflows where no worker of other tests takes them."""
    monkeypatch.setattr(archive_desk, "ARCHIVAL_QUEUE", f"archival-{secrets.token_hex(6)}")


@pytest.fixture
async def started(edge: Edge) -> AsyncIterator[list[str]]:
    """Collect the workflows that a test starts, and end them."""
    workflow_ids: list[str] = []
    yield workflow_ids
    for workflow_id in workflow_ids:
        handle = edge.services.trading.client.get_workflow_handle(workflow_id)
        await handle.terminate("the test is over")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("POST", "/run", {"data_type": "trades"}),
        ("POST", "/restore", RANGE),
        ("GET", "/restored/trades", None),
        ("GET", "/holds", None),
        ("POST", "/holds", HOLD),
        ("DELETE", "/holds/00000000-0000-0000-0000-000000000000", None),
    ],
)
async def test_they_are_for_operators(edge: Edge, method: str, path: str, body: Any) -> None:
    somebody = Operator(edge, (await edge.register())["token"])
    refused(await somebody.call(method, path, body), 403, "FORBIDDEN")
    refused(await Operator(edge, "").call(method, path, body), 401, "TOKEN_INVALID")


async def test_files_are_listed_without_the_people_in_them(
    operator: Operator, manifests: MongoManifests
) -> None:
    for part in (1, 2, 3):
        await manifests.begin(manifest(part, "user_1"))
    await manifests.begin(manifest(1, data_type=DataType.CANDLES, contents=None))
    response = await operator.call("GET", "", data_type="trades", limit=2)
    assert response.status_code == 200, response.text
    found = read(response)
    assert [each["manifest_id"] for each in found["items"]] == [
        "trades-2026-01-0003", "trades-2026-01-0002",
    ]  # fmt: skip
    first = found["items"][0]
    assert (first["state"], first["storage_class"]) == ("removed", "GLACIER")
    assert first["contents"]["sums"] == {"quantity": D("1.5")}
    assert first["contents"]["first_time"] == "2026-01-15T12:00:00.000Z"
    assert "user_1" not in response.text
    rest = await operator.call("GET", "", data_type="trades", cursor=found["next_cursor"])
    assert [each["part"] for each in read(rest)["items"]] == [1]
    candles = read(await operator.call("GET", "", data_type="candles"))["items"]
    assert [each["contents"] for each in candles] == [None]
    assert read(await operator.call("GET", "", state="expired"))["items"] == []
    refused(await operator.call("GET", "", data_type="positions"), 422, "INVALID_REQUEST")


async def test_a_run_is_started_once_and_its_dry_run_beside_it(
    operator: Operator, started: list[str], edge: Edge
) -> None:
    started += [archival_workflow_id(DataType.SYSTEM_LOGS, dry_run=dry) for dry in (False, True)]
    for was_there in (False, True):
        for dry_run, workflow_id in zip((False, True), started, strict=True):
            body = {"data_type": "system_logs", "dry_run": dry_run}
            response = await operator.call("POST", "/run", body)
            assert response.status_code == 202, response.text
            assert read(response) == {"workflow_id": workflow_id, "already_running": was_there}
    headers = bearer(operator.token)
    listed = await edge.http.get("/api/activity", headers=headers, params={"kind": "archive_asked"})
    assert [each["details"]["dry_run"] for each in read(listed)["items"]] == [
        True, False, True, False,
    ]  # fmt: skip
    refused(await operator.call("POST", "/run", {"data_type": "users"}), 422, "INVALID_REQUEST")


async def test_the_same_range_is_restored_once(operator: Operator, started: list[str]) -> None:
    first = await operator.call("POST", "/restore", RANGE)
    assert first.status_code == 202, first.text
    started.append(read(first)["workflow_id"])
    again = await operator.call("POST", "/restore", RANGE)
    assert read(again) == {"workflow_id": started[0], "already_running": True}
    backwards = RANGE | {"to": NOW}
    refused(await operator.call("POST", "/restore", backwards), 422, "INVALID_REQUEST")


async def test_holds_are_set_listed_and_lifted(operator: Operator, edge: Edge) -> None:
    response = await operator.call("POST", "/holds", HOLD)
    assert response.status_code == 201, response.text
    hold = read(response)
    assert (hold["from"], hold["to"]) == ("2026-01-15T12:00:00.000Z", None)
    assert hold in read(await operator.call("GET", "/holds"))["items"]
    path = f"/holds/{hold['hold_id']}"
    assert (await operator.call("DELETE", path)).status_code == 204
    refused(await operator.call("DELETE", path), 404, "NOT_FOUND")
    assert hold not in read(await operator.call("GET", "/holds"))["items"]
    listed = read(await edge.http.get("/api/activity", headers=bearer(operator.token)))["items"]
    assert [each["kind"] for each in listed[:2]] == ["legal_hold_released", "legal_hold_set"]
    assert listed[1]["details"]["reason"] == "a court asked"
    for wrong in ({"reason": " "}, {"to": NOW}, {"user": "user_1"}):
        refused(await operator.call("POST", "/holds", HOLD | wrong), 422, "INVALID_REQUEST")


async def test_restored_records_are_paged_whatever_their_ids_are(
    operator: Operator, edge: Edge
) -> None:
    restored = edge.services.connections.database["restored_candles"]
    minutes = [NOW + timedelta(minutes=number // 2) for number in range(5)]
    candles: list[dict[str, Any]] = [
        {
            "_id": ObjectId(),
            "symbol": f"S{place}",
            "open_time": at,
            "open": D("1.5"),
            "raw": b"\x00",
        }
        for place, at in enumerate(minutes)
    ]
    await restored.insert_many(candles)
    try:
        seen: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": 2}
        while len(seen) < 5:
            answer = read(await operator.call("GET", "/restored/candles", **params))
            seen += answer["items"]
            params["cursor"] = answer["next_cursor"]
        assert params["cursor"] is None
        newest_first = [str(each["_id"]) for each in reversed(candles)]
        assert [each["_id"] for each in seen] == newest_first
        assert (seen[0]["open"], seen[0]["raw"]) == (D("1.5"), "AA==")
        span = {"from": minutes[2].isoformat(), "to": minutes[4].isoformat()}
        some = read(await operator.call("GET", "/restored/candles", **span))["items"]
        assert [each["_id"] for each in some] == newest_first[1:3]
        nobodys = await operator.call("GET", "/restored/candles", user_id="user_1")
        assert read(nobodys)["items"] == []
    finally:
        await restored.delete_many({})


async def test_a_made_up_place_in_restored_records_is_refused(operator: Operator) -> None:
    for made_up in ("WzEsIngiXQ", "WzEsInt9Il0"):
        response = await operator.call("GET", "/restored/trades", cursor=made_up)
        problem = refused(response, 422, "INVALID_REQUEST")
        assert [each["field"] for each in problem["errors"]] == ["cursor"]
