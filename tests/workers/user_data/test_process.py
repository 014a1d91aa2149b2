"""`python -m workers.user_data` as the local stack runs it."""

import asyncio
import sys
from pathlib import Path

from tests.trading_floor import Floor
from tests.workers.user_data.test_streams import until_followed
from workers.stack.children import Child, Launch


async def test_it_announces_itself_follows_and_ends_cleanly(floor: Floor, tmp_path: Path) -> None:
    settings = floor.settings
    environment = {
        "BOTCORE_JWT_SECRET": settings.jwt_secret.get_secret_value(),
        "BOTCORE_CREDENTIALS_KEY": settings.credentials_key.get_secret_value(),
        "BOTCORE_MONGODB_URL": settings.mongodb_url,
        "BOTCORE_MONGODB_DATABASE": settings.mongodb_database,
        "BOTCORE_TEMPORAL_ADDRESS": settings.temporal_address,
        "BOTCORE_EXCHANGE_URL": settings.exchange_url,
    }
    command = (sys.executable, "-m", "workers.user_data")
    child = Child("user-data", Launch(command, environment), tmp_path / "user-data.log")
    try:
        await asyncio.to_thread(child.wait_ready, lambda: child.announced, 60)
        person = await floor.person()
        order = await floor.rest(person)
        await until_followed(floor, order)
        await floor.trade("0.01")
        await floor.until_recorded(order, "FILLED")
    finally:
        await asyncio.to_thread(child.stop)
    assert child.exit_code == 0, child.log_tail()
    assert "Traceback" not in child.log_tail()
