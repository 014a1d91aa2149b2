"""Whether the edge lives, whether it can work, and what it tells of itself."""

import asyncio

import pytest
from fastapi.routing import APIRoute

from adapters import mongo
from api.readiness import PROBE_TIMEOUT_S, Readiness
from api.routing import ExactRoute
from tests.api.people import Edge, OpenEdge


async def test_livez(edge: Edge) -> None:
    response = await edge.http.get("/livez")
    assert (response.status_code, response.json()) == (200, {"state": "alive"})


async def test_readyz_names_each_dependency(edge: Edge) -> None:
    response = await edge.http.get("/readyz")
    assert response.status_code == 200
    report = response.json()
    assert (report["state"], report["pending"]) == ("ready", [])
    assert {"mongodb", "redis"} <= set(report["dependencies"])
    for dependency in report["dependencies"].values():
        assert dependency["state"] == "up"
        assert 0 <= dependency["ms"] < 1_000 * PROBE_TIMEOUT_S


async def _well() -> None:
    return


async def _ill() -> None:
    raise ConnectionError("at redis://:swordfish@10.0.0.1")


async def _hanging() -> None:
    await asyncio.Event().wait()


async def test_a_dependency_that_is_away_or_silent_is_named() -> None:
    readiness = Readiness({"a": _well, "b": _ill, "c": _hanging})
    async with asyncio.timeout(PROBE_TIMEOUT_S * 2):
        ready, report = await readiness.check()
    assert not ready
    assert report["state"] == "degraded"
    states = {name: each["state"] for name, each in report["dependencies"].items()}
    assert states == {"a": "up", "b": "down", "c": "timeout"}
    assert "swordfish" not in str(report)


async def test_it_is_not_ready_before_its_start_is_done() -> None:
    readiness = Readiness({"a": _well}, pending={"schema"})
    ready, report = await readiness.check()
    assert (ready, report["state"], report["pending"]) == (False, "starting", ["schema"])
    waiting = asyncio.ensure_future(readiness.started())
    await readiness.finish("schema")
    await asyncio.wait_for(waiting, 1)
    assert (await readiness.check())[0]


async def test_a_drain_fails_first() -> None:
    readiness = Readiness({"a": _well}, draining=True)
    ready, report = await readiness.check()
    assert (ready, report["state"]) == (False, "draining")


async def test_without_redis_it_lives_but_is_not_ready(
    open_edge: OpenEdge, unused_tcp_port: int
) -> None:
    away = f"redis://127.0.0.1:{unused_tcp_port}/0"
    async with open_edge(redis_url=away) as edge:
        response = await edge.http.get("/readyz")
        assert response.status_code == 503
        assert response.json()["dependencies"]["redis"]["state"] == "down"
        assert response.json()["dependencies"]["mongodb"]["state"] == "up"
        assert (await edge.http.get("/livez")).status_code == 200
        somebody = await edge.register()
        assert (await edge.login(somebody["user"]["email"])).status_code == 200


async def test_without_mongodb_it_lives_and_says_so(
    open_edge: OpenEdge, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mongo, "OPERATION_TIMEOUT_MS", 300)
    away = f"mongodb://127.0.0.1:{unused_tcp_port}/"
    async with open_edge(mongodb_url=away, wait=False) as edge:
        response = await edge.http.get("/readyz")
        assert response.status_code == 503
        assert response.json()["pending"]
        assert response.json()["dependencies"]["mongodb"]["state"] != "up"
        assert (await edge.http.get("/livez")).status_code == 200
        refused = await edge.login("somebody@example.com")
        assert (refused.status_code, refused.json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(refused.headers["retry-after"]) >= 1


async def test_config_tells_where_the_gateway_is(edge: Edge) -> None:
    response = await edge.http.get("/api/config")
    assert response.status_code == 200
    assert set(response.json()) == {"ws_url", "workflows_url", "venue", "version"}
    assert response.json()["ws_url"].startswith("ws://")
    assert response.json()["venue"] == "sandbox"


async def test_metrics_count_requests(edge: Edge) -> None:
    await edge.http.get("/livez")
    response = await edge.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert 'botcore_http_request_seconds_count{method="GET",route="/livez"' in response.text
    assert "process_cpu_seconds_total" in response.text


def test_every_route_reads_numbers_exactly(edge: Edge) -> None:
    routes = [route for route in _all_routes(edge) if route.include_in_schema]
    assert len(routes) > 10
    assert [route.path for route in routes if not isinstance(route, ExactRoute)] == []


def _all_routes(edge: Edge) -> list[APIRoute]:
    found: list[APIRoute] = []
    for route in edge.app.routes:
        inner = getattr(getattr(route, "original_router", None), "routes", [route])
        found += [each for each in inner if isinstance(each, APIRoute)]
    return found


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
async def test_the_interface_documents_itself(edge: Edge, path: str) -> None:
    assert (await edge.http.get(path)).status_code == 200


async def test_problems_are_documented(edge: Edge) -> None:
    document = (await edge.http.get("/openapi.json")).json()
    for path, calls in document["paths"].items():
        for call in calls.values():
            answers = call["responses"]
            assert "4XX" in answers, path
            for status in ("422", "4XX", "5XX"):
                assert list(answers[status]["content"]) == ["application/problem+json"]
    register = document["paths"]["/api/auth/register"]["post"]
    schema = register["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    assert document["components"]["schemas"][schema.rpartition("/")[2]][
        "additionalProperties"
    ] is False  # fmt: skip
    me = document["paths"]["/api/auth/me"]["get"]
    assert me["security"] == [{"AccessToken": []}]


async def test_an_unknown_path_is_a_problem(edge: Edge) -> None:
    for path in ("/x", "/api", "/api/auth", "/api/auth/register/", "/api/%00", "/../etc/passwd"):
        response = await edge.http.get(path, follow_redirects=False)
        assert response.status_code in {404, 405}, path
        assert response.headers["content-type"] == "application/problem+json"
