"""Who uses the edge in tests, and how."""

import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from api.services import Services

PASSWORD = "tremendous-7"


@dataclass(frozen=True)
class Edge:
    """A running application and a client of it."""

    app: FastAPI
    http: httpx.AsyncClient

    @property
    def services(self) -> Services:
        services: Services = self.app.state.services
        return services

    async def register(self, email: str | None = None) -> dict[str, Any]:
        """Register somebody and return the answer."""
        email = email or new_email()
        body = {"email": email, "password": PASSWORD, "full_name": "Somebody"}
        response = await self.http.post("/api/auth/register", json=body)
        assert response.status_code == 201, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def login(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post("/api/auth/login", json={"email": email, "password": password})

    async def refresh(self, token: str) -> httpx.Response:
        return await self.http.post("/api/auth/refresh", json={"refresh_token": token})


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


OpenEdge = Callable[..., AbstractAsyncContextManager[Edge]]
