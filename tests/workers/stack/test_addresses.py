import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from workers.settings import Settings
from workers.stack import servers
from workers.stack.addresses import AddressError, Placed, place_parts
from workers.stack.parts import PARTS, Part
from workers.stack.ports import free_port

REDIS = Part("redis", "Redis", "redis_url", servers.REDIS.launch, lambda _place, _child: True)
EXCHANGE, MODEL = (
    next(part for part in PARTS if part.name == name) for name in ("exchange", "model")
)
API = Part("api", "API", "api_port", servers.S3.launch, lambda _place, _child: True, ours=True)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def settings(**given: object) -> Settings:
    fixed = {"jwt_secret": SecretStr("x" * 32), "credentials_key": SecretStr("y")}
    return Settings.model_validate({**fixed, **given})


def place(part: Part, chosen: Settings) -> Placed:
    [placed] = place_parts((part,), chosen, Path("somewhere"))
    return placed


def test_a_given_address_that_answers_is_used_as_it_is(taken_port: int) -> None:
    url = f"redis://127.0.0.1:{taken_port}/0"
    placed = place(REDIS, settings(redis_url=url))
    assert placed.external
    assert placed.shown == url


def test_a_given_loopback_address_that_is_silent_is_where_ours_starts() -> None:
    port = free_port()
    placed = place(REDIS, settings(redis_url=f"redis://localhost:{port}/0"))
    assert not placed.external
    assert placed.place.port == port


def test_a_given_address_elsewhere_that_is_silent_is_refused() -> None:
    # 192.0.2.0/24 is reserved for documentation (RFC 5737): nothing answers there.
    with pytest.raises(AddressError, match=r"BOTCORE_REDIS_URL is redis://192\.0\.2\.1"):
        place(REDIS, settings(redis_url="redis://192.0.2.1:6379/0"))


def test_a_taken_port_is_told_with_holder_and_setting(taken_port: int) -> None:
    with pytest.raises(AddressError) as refusal:
        place(API, settings(api_port=taken_port))
    line = str(refusal.value)
    assert f"port {taken_port} (API) is held by pid {os.getpid()} (" in line
    assert line.endswith("BOTCORE_API_PORT moves it")
    assert "\n" not in line


def test_a_default_port_that_is_taken_is_not_taken_for_ours(
    taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Settings.model_fields["redis_url"], "default", f"redis://127.0.0.1:{taken_port}/0"
    )
    Settings.model_rebuild(force=True)
    try:
        with pytest.raises(AddressError, match="BOTCORE_REDIS_URL moves it"):
            place(REDIS, settings())
    finally:
        monkeypatch.undo()
        Settings.model_rebuild(force=True)


def test_an_address_without_a_port_is_refused() -> None:
    with pytest.raises(AddressError, match="names no host and port"):
        place(REDIS, settings(redis_url="redis://localhost"))


def test_a_password_in_an_address_is_not_shown() -> None:
    placed = place(REDIS, settings(redis_url=f"redis://me:secret@127.0.0.1:{free_port()}/0"))
    assert "secret" not in placed.shown


@pytest.mark.parametrize(("venue", "count"), [("sandbox", 1), ("testnet", 0)])
def test_the_sandbox_runs_only_where_it_is_the_venue(venue: str, count: int) -> None:
    chosen = settings(venue=venue, exchange_url=f"http://127.0.0.1:{free_port()}")
    assert len(place_parts((EXCHANGE,), chosen, Path("somewhere"))) == count


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({}, 1),
        ({"venue": "testnet"}, 1),
        ({"openai_api_key": ""}, 1),
        ({"openai_api_key": "sk-real"}, 0),
        ({"openai_base_url": "http://127.0.0.1:11434/v1"}, 0),
    ],
)
def test_the_sandbox_model_runs_only_where_there_is_no_other(
    given: dict[str, object], count: int
) -> None:
    chosen = settings(model_url=f"http://127.0.0.1:{free_port()}", **given)
    assert len(place_parts((MODEL,), chosen, Path("somewhere"))) == count
