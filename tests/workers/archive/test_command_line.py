"""The operators' command line, with a real Temporal and MongoDB, and runs that obey a test."""

import asyncio
import io
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console
from temporalio import workflow
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from adapters.mongo import Database
from adapters.mongo_holds import MongoHolds
from adapters.mongo_manifests import MongoManifests
from domain.archival.messages import (
    ARCHIVAL_WORKFLOW,
    PROGRESS_QUERY,
    RESTORE_WORKFLOW,
    ArchivalReport,
    ArchivalRequest,
    Progress,
    Reason,
    Refusal,
    RestoreReport,
    RestoreRequest,
    Stage,
    StageReport,
)
from domain.archival.tiers import DataType
from tests.api.routes.archiving import manifest
from tests.api.routes.trading import until
from workers import archive_desk
from workers.archive import __main__ as command_line
from workers.archive import following
from workers.archive.following import follow
from workers.archive_desk import ArchiveDesk
from workers.stack.ports import LOOPBACK, free_port
from workers.temporal import DATA_CONVERTER

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
Run = Callable[..., Coroutine[Any, Any, tuple[int, str, str]]]


@workflow.defn(name=ARCHIVAL_WORKFLOW)
class ObedientArchival:
    """Goes on when it is told to; candles fail, and logs are left in place."""

    def __init__(self) -> None:
        self._goes_on = False

    @workflow.run
    async def run(self, request: ArchivalRequest) -> ArchivalReport:
        if not request.dry_run:
            await workflow.wait_condition(lambda: self._goes_on)
        if request.data_type is DataType.CANDLES:
            raise ApplicationError("the bucket is gone", non_retryable=True)
        refusal = Refusal(Stage.TO_COLD, Reason.CORRUPTED, 3, "what was read back is not equal")
        is_left = request.data_type is DataType.SYSTEM_LOGS
        return ArchivalReport(
            request.data_type,
            NOW,
            request.dry_run,
            to_cold=StageReport(12_000, 3 * 1024 * 1024, 2, 1.0),
            refusals=(refusal,) if is_left else (),
        )

    @workflow.signal
    def go_on(self) -> None:
        self._goes_on = True

    @workflow.query(name=PROGRESS_QUERY)
    def progress(self) -> Progress:
        return Progress(Stage.TO_COLD, 5_000, 12_000, 4_321.0)


@workflow.defn(name=RESTORE_WORKFLOW)
class ObedientRestore:
    """Says at once that all is back."""

    @workflow.run
    async def run(self, request: RestoreRequest) -> RestoreReport:
        return RestoreReport(
            request.data_type,
            request.since,
            request.until,
            request.data_type.restored,
            documents=7,
            files=1,
            size_bytes=2048,
            available_until=request.until + timedelta(days=7),
        )


@pytest.fixture
async def client(temporal_address: str) -> Client:
    return await Client.connect(temporal_address, data_converter=DATA_CONVERTER)


@pytest.fixture(autouse=True)
def _own_queue(monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a queue that no real worker of other tests serves."""
    queue = f"archival-{secrets.token_hex(6)}"
    monkeypatch.setattr(archive_desk, "ARCHIVAL_QUEUE", queue)
    return queue


@pytest.fixture
async def _obedient(client: Client, _own_queue: str) -> AsyncIterator[None]:
    async with Worker(
        client,
        task_queue=_own_queue,
        workflows=[ObedientArchival, ObedientRestore],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        yield


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bare_database: Database,
    mongodb_url: str,
    temporal_address: str,
) -> Run:
    """Run the command line beside this test; return its exit code and what it said."""
    variables = {
        "JWT_SECRET": "a secret of the tests, long enough",
        "CREDENTIALS_KEY": "q1VsG+qrHhz3n5UZ0cKpUQmm/7Eh0SWCwhXoU9oiPfs=",
        "MONGODB_URL": mongodb_url,
        "MONGODB_DATABASE": bare_database.name,
        "TEMPORAL_ADDRESS": temporal_address,
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"BOTCORE_{name}", value)
    monkeypatch.setattr(command_line, "configure_logs", lambda _: None)
    monkeypatch.setattr(following, "POLL_S", 0.05)

    async def run_it(*arguments: str) -> tuple[int, str, str]:
        code = await asyncio.to_thread(command_line.main, arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_it


@pytest.mark.usefixtures("_obedient")
async def test_a_run_is_followed_to_its_end(run: Run, client: Client) -> None:
    following_it = asyncio.create_task(run("run", "trades"))

    async def is_let_go() -> bool:
        try:
            await client.get_workflow_handle("archival-trades").signal("go_on")
        except Exception:  # noqa: BLE001 - it is not there yet
            return False
        return True

    await until(is_let_go, "the run")
    code, told, _ = await following_it
    assert code == 0
    assert "archival-trades: started" in told
    assert "12,000 in 2 files, 3.0 MiB, 12,000/s" in told


@pytest.mark.usefixtures("_obedient")
async def test_what_was_left_in_place_is_an_exit_code(run: Run) -> None:
    code, told, _ = await run("dry-run", "system_logs")
    assert code == 1
    assert "would be put into cold" in told
    assert "left in place: 3 (archive → cold, corrupted): what was read back" in told


@pytest.mark.usefixtures("_obedient")
async def test_a_failure_is_told(run: Run) -> None:
    code, _, complaint = await run("dry-run", "candles")
    assert (code, complaint) == (1, "the run ended FAILED: the bucket is gone\n")


@pytest.mark.usefixtures("_obedient")
async def test_a_restore_tells_where_the_records_are_and_how_long(run: Run) -> None:
    code, told, _ = await run("restore", "user_activity", "2026-01", "2026-02-03")
    assert code == 0
    assert "7 user_activity of 2026-01-01 to 2026-02-03 are in restored_user_activity" in told
    assert "until 2026-02-10 00:00 UTC" in told


@pytest.mark.usefixtures("_obedient")
async def test_status_tells_what_is_at_work_and_what_is_cold(
    run: Run, client: Client, bare_database: Database
) -> None:
    await MongoManifests(bare_database).begin(manifest(1))
    assert (await run("run", "ai_analysis", "--detach"))[0] == 0
    code, told, _ = await run("run", "ai_analysis", "--detach")
    assert (code, told) == (0, "archival-ai_analysis: at work already\n")

    async def is_listed() -> bool:
        _, told, _ = await run("status")
        line = "archival-ai_analysis: archive → cold, 5,000 of 12,000, 4,321/s"
        cold = [each.split() for each in told.splitlines() if each.startswith("trades")]
        is_counted = cold == [["trades", "1", "files", "removed", "3", "records,", "1,000", "B"]]
        return line in told and is_counted

    try:
        await until(is_listed, "the run and the file")
    finally:
        await client.get_workflow_handle("archival-ai_analysis").terminate()


async def test_holds_are_set_listed_and_lifted(run: Run, bare_database: Database) -> None:
    arguments = ("--type", "trades", "--user", "user_1", "--from", "2026-01")
    code, told, _ = await run("holds", "set", *arguments, "--reason", "a court asked")
    (hold,) = await MongoHolds(bare_database).holds()
    assert (code, hold.since) == (0, datetime(2026, 1, 1, tzinfo=UTC))
    assert "trades of user_1 from 2026-01-01: a court asked" in told
    assert (await run("holds", "list"))[1] == told
    assert (await run("holds", "lift", hold.hold_id))[0] == 0
    assert (await run("holds", "lift", hold.hold_id))[0] == 1
    kinds = [
        each["kind"] async for each in bare_database["user_activity"].find().sort("timestamp", 1)
    ]
    assert kinds == ["legal_hold_set", "legal_hold_released"]


async def test_wrong_usage(run: Run) -> None:
    assert (await run("restore", "trades", "2026-02", "2026-01"))[0] == 2
    for arguments in (["run", "users"], ["restore", "trades", "soon", "later"], []):
        with pytest.raises(SystemExit) as ended:
            await run(*arguments)
        assert ended.value.code == 2


async def test_nobody_answers(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"{LOOPBACK}:{free_port()}"
    monkeypatch.setattr(command_line, "CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setenv("BOTCORE_TEMPORAL_ADDRESS", address)
    code, _, complaint = await run("status")
    assert (code, complaint) == (3, f"Temporal does not answer at {address}\n")


@pytest.mark.usefixtures("_obedient")
async def test_a_bar_where_somebody_watches(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_S", 0.02)
    desk, screen = ArchiveDesk(client), io.StringIO()
    await desk.archive(ArchivalRequest(DataType.USER_ACTIVITY))
    console = Console(file=screen, force_terminal=True, width=100)
    watching = asyncio.create_task(follow(desk, "archival-user_activity", ArchivalReport, console))

    async def is_drawn() -> bool:
        return "5000/12000" in screen.getvalue() and "4,321/s" in screen.getvalue()

    await until(is_drawn, "the bar")
    await client.get_workflow_handle("archival-user_activity").signal("go_on")
    ended: Any = (await watching).report
    assert ended.to_cold.documents == 12_000
