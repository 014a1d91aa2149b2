"""Signing in: the six calls of the interface, over their stores."""

import secrets
from dataclasses import dataclass

import structlog

from adapters.mongo_sign_ins import MongoSignIns
from adapters.mongo_users import EmailTaken, MongoUsers, StoredUser
from adapters.passwords import PasswordHasher
from adapters.redis_throttle import RedisThrottle, attempt_of
from adapters.refresh_tokens import RefreshToken, parse_refresh_token
from adapters.tokens import AccessTokens
from domain.activity import ActivityKind
from domain.errors import BotCoreError, ErrorCode, Rejected, Retryable
from domain.identity import (
    RefreshVerdict,
    User,
    canonical_password,
    check_new_password,
    invalid_field,
    judge_refresh,
)
from domain.ports import AccessClaims
from workers.activity_log import ActivityLog
from workers.clock import utc_now
from workers.new_accounts import NewAccounts

log = structlog.get_logger(__name__)

_USER_ID_BYTES = 12


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client gets for a sign-in."""

    token: str
    refresh_token: str
    user: User

    def __repr__(self) -> str:
        """Tell nothing but who."""
        return f"SignedIn({self.user.user_id})"


class Identity:
    """Registers people, signs them in and out, and changes their passwords.

    The e-mail addresses that it is given are canonical (`domain.identity.canonical_email`);
    `address` is the network address that a request came from.
    """

    def __init__(  # noqa: PLR0913 - the parts that it is composed of, each named once
        self,
        *,
        users: MongoUsers,
        sign_ins: MongoSignIns,
        hasher: PasswordHasher,
        tokens: AccessTokens,
        throttle: RedisThrottle,
        new_accounts: NewAccounts,
        activity: ActivityLog,
    ) -> None:
        self._users = users
        self._sign_ins = sign_ins
        self._hasher = hasher
        self._tokens = tokens
        self._throttle = throttle
        self._new_accounts = new_accounts
        self._activity = activity

    async def register(self, email: str, password: str, full_name: str, address: str) -> SignedIn:
        """Make a user and sign in.

        An address that is taken is said to be: the interface has no other way to tell a
        person that there is an account already. Registrations from one address are limited.

        Raises:
            Rejected: `INVALID_REQUEST`; the address is taken or the password is weak.
            Retryable: `RATE_LIMITED`, or a store could not be reached.
        """
        check_new_password(password, email, "password")
        _refuse_early(await self._throttle.registration(address))
        stored = await self.add_user(email, password, full_name, roles=())
        await self._throttle.remember(attempt_of(email, address))
        return await self._signed_in(stored, ActivityKind.REGISTERED)

    async def add_user(
        self, email: str, password: str, full_name: str, roles: tuple[str, ...]
    ) -> StoredUser:
        """Keep a new user; the trading account follows with the first sign-in.

        Raises:
            Rejected: `INVALID_REQUEST`; the address is taken.
            Retryable: `RATE_LIMITED`, or the store could not be reached.
        """
        user_id = f"user_{secrets.token_hex(_USER_ID_BYTES)}"
        user = User(user_id, email, full_name, roles, created_at=utc_now(), last_login=None)
        password_hash = await self._hasher.hash(password)
        opened = False if self._new_accounts.are_opened_here else None
        stored = StoredUser(user, password_hash, opened)
        try:
            await self._users.add(stored)
        except EmailTaken as error:
            raise invalid_field("email", "Somebody has registered with this address.") from error
        return stored

    async def sign_in(self, email: str, password: str, address: str) -> SignedIn:
        """Sign in with a password; an unknown address is answered as a wrong password is.

        Raises:
            Rejected: `INVALID_CREDENTIALS`.
            Retryable: `RATE_LIMITED`, or a store could not be reached.
        """
        stored = await self._verified(email, await self._users.by_email(email), password, address)
        if self._hasher.is_outdated(stored.password_hash):
            renewed = await self._hasher.hash(password)
            await self._users.replace_hash(stored.user.user_id, stored.password_hash, renewed)
        return await self._signed_in(stored, ActivityKind.SIGNED_IN)

    async def refresh(self, text: str) -> SignedIn:
        """Replace a refresh token by the next one, with a new access token.

        Raises:
            Rejected: `TOKEN_REUSED` (and the sign-in has ended), `TOKEN_EXPIRED` or
                `TOKEN_INVALID`.
            Retryable: A store could not be reached.
        """
        token = parse_refresh_token(text)
        if token is None:
            raise _unknown_token()
        rotation = await self._sign_ins.rotate(token, utc_now())
        if rotation is None:
            raise await self._refusal(token)
        stored = await self._existing(rotation.user_id)
        await self._open_account(stored)
        return self._pair(stored.user, rotation.token)

    async def sign_out(self, text: str) -> None:
        """End the sign-in that a refresh token belongs to; one that is unknown changes nothing.

        Raises:
            Retryable: The store could not be reached.
        """
        token = parse_refresh_token(text)
        sign_in = await self._sign_ins.find(token) if token is not None else None
        if sign_in is None:
            return
        await self._sign_ins.revoke(sign_in.session_id, utc_now(), for_reuse=False)
        if sign_in.revoked_at is None:
            self._activity.note(
                ActivityKind.SIGNED_OUT, sign_in.user_id, session_id=sign_in.session_id
            )

    async def profile(self, user_id: str) -> User:
        """Return a signed-in user.

        Raises:
            Rejected: `TOKEN_INVALID`; the user is gone.
            Retryable: The store could not be reached.
        """
        return (await self._existing(user_id)).user

    async def change_password(
        self, claims: AccessClaims, current: str, new: str, address: str
    ) -> None:
        """Replace the password and end every other sign-in.

        Access tokens of the others run out by themselves, within 15 minutes.

        Raises:
            Rejected: `INVALID_CREDENTIALS`, `INVALID_REQUEST` or `TOKEN_INVALID`.
            Retryable: `RATE_LIMITED`, or a store could not be reached.
        """
        found = await self._existing(claims.user_id)
        check_new_password(new, found.user.email, "new_password")
        if canonical_password(new) == canonical_password(current):
            raise invalid_field("new_password", "This is the current password.")
        stored = await self._verified(found.user.email, found, current, address)
        new_hash = await self._hasher.hash(new)
        if not await self._users.replace_hash(claims.user_id, stored.password_hash, new_hash):
            raise _wrong()
        await self._sign_ins.revoke_others(claims.user_id, claims.session_id, utc_now())
        await self._activity.write(ActivityKind.PASSWORD_CHANGED, claims.user_id)

    async def _verified(
        self, email: str, stored: StoredUser | None, password: str, address: str
    ) -> StoredUser:
        attempt = attempt_of(email, address)
        _refuse_early(await self._throttle.attempt(attempt))
        is_right = await self._hasher.verify(password, stored.password_hash if stored else None)
        if stored is not None and not is_right:
            # Not waited for: that would tell strangers that the account exists.
            self._activity.note(ActivityKind.SIGN_IN_FAILED, stored.user.user_id)
        if stored is None or not is_right:
            raise _wrong()
        await self._throttle.succeeded(attempt)
        return stored

    async def _signed_in(self, stored: StoredUser, kind: ActivityKind) -> SignedIn:
        now = utc_now()
        user_id = stored.user.user_id
        await self._open_account(stored)
        await self._users.record_login(user_id, now)
        token = await self._sign_ins.open(user_id, now)
        await self._activity.write(kind, user_id, session_id=token.session_id)
        return self._pair(stored.user, token)

    def _pair(self, user: User, token: RefreshToken) -> SignedIn:
        access = self._tokens.issue(user.user_id, user.roles, token.session_id)
        return SignedIn(access, token.text, user)

    async def _refusal(self, token: RefreshToken) -> Rejected:
        sign_in = await self._sign_ins.find(token)
        if sign_in is None:
            return _unknown_token()
        verdict = judge_refresh(sign_in, token.digest, utc_now())
        if verdict is RefreshVerdict.REUSED:
            await self._sign_ins.revoke(sign_in.session_id, utc_now(), for_reuse=True)
            log.warning("refresh_token_reused", user_id=sign_in.user_id)
            await self._activity.write(
                ActivityKind.TOKEN_REUSED, sign_in.user_id, session_id=sign_in.session_id
            )
            return Rejected(
                ErrorCode.TOKEN_REUSED, "The token was used before; this sign-in has ended."
            )
        if verdict is RefreshVerdict.EXPIRED:
            return Rejected(ErrorCode.TOKEN_EXPIRED, "The token has expired.")
        return _unknown_token()

    async def _open_account(self, stored: StoredUser) -> None:
        # Left for the next sign-in where the exchange is away: a person can still sign in.
        if stored.account_opened is False:
            try:
                await self._new_accounts.open_for(stored.user.user_id)
            except BotCoreError as error:
                log.warning("account_not_opened", user_id=stored.user.user_id, detail=error.detail)

    async def _existing(self, user_id: str) -> StoredUser:
        stored = await self._users.by_id(user_id)
        if stored is None:
            raise Rejected(ErrorCode.TOKEN_INVALID, "The user of this token is gone.")
        return stored


def _refuse_early(wait_s: int) -> None:
    if wait_s:
        raise Retryable(ErrorCode.RATE_LIMITED, "Too many attempts.", retry_after_s=wait_s)


def _wrong() -> Rejected:
    return Rejected(ErrorCode.INVALID_CREDENTIALS, "The e-mail address or the password is wrong.")


def _unknown_token() -> Rejected:
    return Rejected(ErrorCode.TOKEN_INVALID, "The token is not valid.")
