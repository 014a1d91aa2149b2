"""Password hashes: argon2id, in a few threads of their own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from passlib.hash import argon2

from domain.errors import ErrorCode, Retryable
from domain.identity import canonical_password

Result = TypeVar("Result")

# OWASP Password Storage Cheat Sheet, Argon2id: 19 MiB, 2 iterations, 1 lane.
MEMORY_KIB = 19_456
ITERATIONS = 2
LANES = 1

# argon2 leaves the interpreter's lock, so each thread is a core and 19 MiB while it works.
THREADS = 2
# About half a second of work; whoever comes after is told to come back.
MAX_WAITING = 32
RETRY_AFTER_S = 1


class PasswordHasher:
    """Hashes and verifies without holding up the event loop."""

    def __init__(self) -> None:
        self._argon2 = argon2.using(
            type="ID", memory_cost=MEMORY_KIB, time_cost=ITERATIONS, parallelism=LANES
        )
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="argon2")
        self._waiting = 0
        # What an unknown person's password is compared with: takes as long as a known one's.
        self._nobody: str = self._argon2.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """Hash a new password.

        Raises:
            Retryable: `RATE_LIMITED`; too many are waiting.
        """
        return await self._in_pool(lambda: str(self._argon2.hash(canonical_password(password))))

    async def verify(self, password: str, stored_hash: str | None) -> bool:
        """Compare a password with a hash; None, for an unknown person, takes as long and fails.

        Raises:
            Retryable: `RATE_LIMITED`; too many are waiting.
        """
        against = stored_hash or self._nobody

        def compare() -> bool:
            return bool(self._argon2.verify(canonical_password(password), against))

        return await self._in_pool(compare) and stored_hash is not None

    def is_outdated(self, stored_hash: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return bool(self._argon2.needs_update(stored_hash))

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _in_pool(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= MAX_WAITING:
            raise Retryable(
                ErrorCode.RATE_LIMITED,
                "Too many people are signing in at once.",
                retry_after_s=RETRY_AFTER_S,
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
