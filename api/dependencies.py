"""What a route may ask for, typed."""

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.services import Services
from domain.errors import ErrorCode, Rejected
from domain.identity import OPERATOR
from domain.ports import AccessClaims

# Every dependency is a coroutine: FastAPI would run a plain function in a thread, which
# costs a request more than its work.

_bearer = HTTPBearer(
    auto_error=False, scheme_name="AccessToken", description="The `token` of a sign-in."
)


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(_services)]


async def _current_user(
    services: ServicesOf,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> AccessClaims:
    if credentials is None:
        raise Rejected(ErrorCode.TOKEN_INVALID, "This needs an access token.")
    return services.verifier.verify(credentials.credentials)


# The signed-in user; 401 without a valid access token.
CurrentUser = Annotated[AccessClaims, Depends(_current_user)]


async def _operator_user(user: CurrentUser) -> AccessClaims:
    if OPERATOR not in user.roles:
        raise Rejected(ErrorCode.FORBIDDEN, "This is for operators.")
    return user


# A signed-in user with the role `operator`; 403 for others.
OperatorUser = Annotated[AccessClaims, Depends(_operator_user)]
