"""What a gateway answers beside conversations, and how it ends."""

import httpx

from tests.workers.gateway.conftest import MakeStage


async def test_a_foreign_origin_is_refused(make_stage: MakeStage) -> None:
    stage = await make_stage(allowed_origins=["https://desk.example"])
    foreign = await stage.connect(origin="https://evil.example")
    assert await foreign.close_code() == 4403
    own = await stage.connect(origin="https://desk.example")
    await own.sign_in("ann")


async def test_the_dashboard_may_connect_from_where_people_open_it(make_stage: MakeStage) -> None:
    stage = await make_stage(
        public_url="https://pages.example", public_ws_url="wss://desk.example:8443/ws"
    )
    for origin in (
        *("https://desk.example:8443", "https://pages.example"),
        *("http://127.0.0.1:8000", "http://localhost:8000"),
    ):
        await (await stage.connect(origin=origin)).sign_in("ann")
    for origin in ("https://desk.example", "http://pages.example", "wss://desk.example:8443"):
        foreign = await stage.connect(origin=origin)
        assert await foreign.close_code() == 4403, origin


async def test_a_restart_is_told_and_readiness_fails_first(make_stage: MakeStage) -> None:
    stage = await make_stage(shutdown_drain_s=0.2)
    client = await stage.connect_as("ann")
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{stage.port}", trust_env=False
    ) as http:
        assert (await http.get("/livez")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert "botcore_gateway_connections" in (await http.get("/metrics")).text
        assert (await http.get("/nothing")).status_code == 404
        stage.gateway._draining = True
        assert (await http.get("/readyz")).status_code == 503
        assert (await http.get("/ws")).status_code == 503
        stage.gateway._draining = False
    await stage.gateway._drain()
    assert await client.close_code() == 1012
