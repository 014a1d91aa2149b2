"""`python -m api.openapi_document`: the interface, without anything that runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.api.people import Edge

REPOSITORY = Path(__file__).resolve().parents[2]


async def test_it_prints_what_a_running_api_says_and_needs_no_settings(edge: Edge) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("BOTCORE_")}
    printed = subprocess.run(  # noqa: ASYNC221 - our own module; nothing else waits
        (sys.executable, "-m", "api.openapi_document"),
        cwd=REPOSITORY,
        env=bare,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    document = json.loads(printed)
    assert document == (await edge.http.get("/openapi.json")).json()
    paths = set(document["paths"])
    assert "/api/trades/execute" in paths
    assert not paths & {"/", "/icon.svg", "/assets/{name}"}, "the page is no part of it"
