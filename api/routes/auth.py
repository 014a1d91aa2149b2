"""Signing in and out."""

from datetime import datetime
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from fastapi import Response
from pydantic import AfterValidator, Field, StringConstraints

from adapters.tokens import ACCESS_TOKEN_TTL_S
from api import refresh_cookie
from api.client_address import ClientAddress
from api.dependencies import CurrentUser, ServicesOf
from api.json_codec import ExactJSONResponse, answer
from api.refresh_cookie import CookieToken
from api.routing import edge_router
from api.schemas import AnswerModel, RequestModel
from api.services import Services
from domain.identity import FULL_NAME_MAX_CHARACTERS, PASSWORD_MAX_BYTES, canonical_email
from workers.identity import SignedIn

router = edge_router("/api/auth", "Identity")

# RFC 5321, section 4.5.3.1.3, less the angle brackets.
_EMAIL_MAX_CHARACTERS = 254
_REFRESH_TOKEN_MAX_CHARACTERS = 256


def _canonical(text: str) -> str:
    try:
        # `.test` is a name like any other here; nothing is sent to these addresses.
        found = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError("must be an e-mail address") from error
    canonical = canonical_email(found.local_part or "", found.ascii_domain)
    if len(canonical) > _EMAIL_MAX_CHARACTERS:
        raise ValueError("is too long")
    return canonical


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must not hold control characters")
    return text


Email = Annotated[
    str, Field(max_length=_EMAIL_MAX_CHARACTERS, examples=["demo@example.com"]),
    AfterValidator(_canonical),
]  # fmt: skip
FullName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=FULL_NAME_MAX_CHARACTERS),
    AfterValidator(_printable),
]
# What a password has to be is said where one is chosen; here only what can be one at all.
Password = Annotated[str, Field(min_length=1, max_length=PASSWORD_MAX_BYTES)]
# Where a refresh token goes: pages, whose scripts must not hold it, take a cookie.
RefreshIn = Literal["body", "cookie"]
RefreshTokenText = Annotated[str, Field(min_length=1, max_length=_REFRESH_TOKEN_MAX_CHARACTERS)]


class Registration(RequestModel):
    """A new person."""

    email: Email
    password: Password
    full_name: FullName
    refresh_in: RefreshIn = "body"


class Login(RequestModel):
    """A person who says who they are."""

    email: Email
    password: Password
    refresh_in: RefreshIn = "body"


class Refresh(RequestModel):
    """The token of a sign-in, to be replaced or ended; without one, that of the cookie."""

    refresh_token: RefreshTokenText | None = None


class PasswordChange(RequestModel):
    """The password that is, and the one that shall be."""

    current_password: Password
    new_password: Password


class UserAnswer(AnswerModel):
    """Who signed in."""

    id: str
    email: str
    full_name: str


class SignInAnswer(AnswerModel):
    """A pair of tokens; `expires_in` is the life of `token`, in seconds.

    `refresh_token` is null where it is in the cookie.
    """

    token: str
    refresh_token: str | None
    token_type: str
    expires_in: int
    user: UserAnswer


class ProfileAnswer(UserAnswer):
    """All that a person may know of their own entry."""

    created_at: datetime
    last_login: datetime | None
    roles: list[str]


def _pair(
    services: Services, signed_in: SignedIn, refresh_in: RefreshIn, status: int = 200
) -> ExactJSONResponse:
    user = signed_in.user
    in_body = refresh_in == "body"
    told: dict[str, Any] = {
        "token": signed_in.token,
        "refresh_token": signed_in.refresh_token if in_body else None,
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_TTL_S,
        "user": {"id": user.user_id, "email": user.email, "full_name": user.full_name},
    }
    response = answer(told, status)
    if not in_body:
        refresh_cookie.give(response, services.settings, signed_in.refresh_token)
    return response


@router.post("/register", status_code=201, response_model=SignInAnswer)
async def register(
    body: Registration, services: ServicesOf, address: ClientAddress
) -> ExactJSONResponse:
    """Make a user, who is signed in at once.

    On the sandbox the user gets an account at the exchange with 10,000 USDT.
    """
    signed_in = await services.identity.register(body.email, body.password, body.full_name, address)
    return _pair(services, signed_in, body.refresh_in, 201)


@router.post("/login", response_model=SignInAnswer)
async def login(body: Login, services: ServicesOf, address: ClientAddress) -> ExactJSONResponse:
    """Sign in with e-mail address and password."""
    signed_in = await services.identity.sign_in(body.email, body.password, address)
    return _pair(services, signed_in, body.refresh_in)


@router.post("/refresh", response_model=SignInAnswer)
async def refresh(body: Refresh, services: ServicesOf, in_cookie: CookieToken) -> ExactJSONResponse:
    """Get a new pair of tokens; the refresh token that was sent is worth nothing after.

    One that is sent twice ends its sign-in.
    """
    token = refresh_cookie.presented(body.refresh_token, in_cookie)
    signed_in = await services.identity.refresh(token)
    return _pair(services, signed_in, "body" if body.refresh_token else "cookie")


@router.post("/logout", status_code=204, response_class=Response)
async def logout(body: Refresh, services: ServicesOf, in_cookie: CookieToken) -> Response:
    """End a sign-in; its access token runs out by itself, within 15 minutes."""
    await services.identity.sign_out(refresh_cookie.presented(body.refresh_token, in_cookie))
    response = Response(status_code=204)
    if body.refresh_token is None:
        refresh_cookie.take_back(response, services.settings)
    return response


@router.get("/me", response_model=ProfileAnswer)
async def me(user: CurrentUser, services: ServicesOf) -> ExactJSONResponse:
    """Tell who is signed in."""
    profile = await services.identity.profile(user.user_id)
    return answer(
        {
            "id": profile.user_id,
            "email": profile.email,
            "full_name": profile.full_name,
            "created_at": profile.created_at,
            "last_login": profile.last_login,
            "roles": profile.roles,
        }
    )


@router.post("/change-password", status_code=204, response_class=Response)
async def change_password(
    body: PasswordChange, user: CurrentUser, services: ServicesOf, address: ClientAddress
) -> Response:
    """Choose another password; every other sign-in ends."""
    await services.identity.change_password(user, body.current_password, body.new_password, address)
    return Response(status_code=204)
