"""Files of cold storage as their manifests tell of them, and people who look after them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from adapters.exact_json import dump
from domain.archival.manifests import FileContents, Manifest, ManifestState, manifest_id_of
from domain.archival.tiers import DataType, month_of
from tests.api.people import Edge, bearer
from workers.seed import SEED_PASSWORD

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def contents(first: datetime, last: datetime, *users: str) -> FileContents:
    return FileContents(
        document_count=3,
        size_bytes=1_000,
        sha256="ab" * 32,
        sums={"quantity": Decimal("1.50")},
        unrepresented={},
        first_id="a",
        last_id="c",
        ids_sha256="cd" * 32,
        first_time=first,
        last_time=last,
        user_ids=users or None,
    )


def manifest(
    part: int = 1,
    *users: str,
    first: datetime = NOW,
    data_type: DataType = DataType.TRADES,
    **changes: Any,
) -> Manifest:
    """Return the manifest of a file with three records of a day; without users, of anybody's."""
    month = month_of(first)
    made = Manifest(
        manifest_id=manifest_id_of(data_type, month, part),
        data_type=data_type,
        month=month,
        part=part,
        state=ManifestState.REMOVED,
        bucket="botcore-archive",
        key=f"{data_type}/{month}/{part}",
        storage_class="GLACIER",
        schema_version=1,
        created_at=first + timedelta(days=200, minutes=part),
        updated_at=first + timedelta(days=200, minutes=part),
        contents=contents(first, first + timedelta(days=1), *users),
    )
    return replace(made, **changes)


class Operator:
    """Somebody of the role `operator`, signed in."""

    def __init__(self, edge: Edge, token: str) -> None:
        self._edge = edge
        self.token = token

    async def call(self, method: str, path: str, body: Any = None, **params: Any) -> httpx.Response:
        headers = bearer(self.token) | {"Content-Type": "application/json"}
        content = None if body is None else dump(body)
        return await self._edge.http.request(
            method, f"/api/archives{path}", content=content, headers=headers, params=params
        )


async def signed_in_operator(edge: Edge) -> Operator:
    answer = await edge.login("operator@example.com", SEED_PASSWORD)
    assert answer.status_code == 200, answer.text
    return Operator(edge, answer.json()["token"])
