"""A run of many steps is continued as new, and reports as one."""

from dataclasses import replace
from pathlib import Path

from domain.archival.tiers import DataType
from tests.archiving import NOW, fill, stored
from tests.trading_floor import StartServer
from tests.workers.archival.conftest import installed
from workers.stack import servers
from workers.stack.children import Launch
from workers.stack.servers import Place

# So that a history of a few files is a long one.
SHORT_HISTORIES = ("--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=40")


def _with_short_histories(place: Place) -> Launch:
    launch = servers.TEMPORAL.launch(place)
    return replace(launch, command=(*launch.command, *SHORT_HISTORIES))


async def test_a_long_run_goes_on_where_it_was(
    start_server: StartServer, s3_url: str, mongodb_url: str, tmp_path: Path
) -> None:
    temporal = start_server(replace(servers.TEMPORAL, launch=_with_short_histories))
    async with installed(temporal.url, s3_url, mongodb_url, tmp_path / "spool") as archive:
        # Eight months, and in each a record that is still hot.
        ages = [(number, 250.0 + 30.5 * (number % 8)) for number in range(80)]
        made = await fill(archive.database, DataType.TRADES, ages)
        handle = await archive.start(DataType.TRADES)
        report = await handle.result()
        assert (report.to_archive.documents, report.to_cold.documents) == (80, 80)
        assert (report.as_of, report.refusals) == (NOW, ())
        manifests = await archive.manifests.manifests()
        assert report.to_cold.files == len(manifests) >= 8
        assert sum(each.document_count for each in manifests) == len(made)
        assert await stored(archive.database, "archive_trades") == {}
        runs = [each async for each in archive.client.list_workflows("WorkflowType='DataArchival'")]
        assert len(runs) > 1
