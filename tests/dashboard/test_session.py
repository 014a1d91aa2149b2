"""A sign-in that runs out: renewed without a word, or over with one."""

from datetime import UTC, datetime, timedelta

import jwt
from playwright.async_api import Request, Route, expect

from tests.dashboard.visitor import PASSWORD, Visitor
from tests.local_stack import LocalStack


def expired(token: str, stack: LocalStack) -> str:
    """Return the same token as it would be after its time: the stack's own signature."""
    lines = (stack.directory / "secrets.env").read_text().splitlines()
    secrets = dict(line.split("=", 1) for line in lines if "=" in line)
    claims = jwt.decode(token, options={"verify_signature": False})
    then = datetime.now(UTC) - timedelta(hours=1)
    claims |= {"iat": then, "nbf": then, "exp": then + timedelta(minutes=15)}
    headers = {"kid": jwt.get_unverified_header(token)["kid"]}
    return jwt.encode(claims, secrets["BOTCORE_JWT_SECRET"], "HS256", headers)


async def let_it_run_out(visitor: Visitor, stack: LocalStack) -> list[Request]:
    """Let the page's token be over from now on; return its renewals as they come."""
    page = visitor.page
    visitor.expect_complaint("status of 401")
    async with page.expect_request("**/api/account") as asked:
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    header = (await (await asked.value).all_headers())["authorization"]
    over = f"Bearer {expired(header.removeprefix('Bearer '), stack)}"
    renewals: list[Request] = []

    async def wear_out(route: Route) -> None:
        headers = await route.request.all_headers()
        if headers.get("authorization") == header:
            headers["authorization"] = over
        await route.continue_(headers=headers)

    await page.route("**/api/**", wear_out)
    page.on("request", lambda one: renewals.append(one) if one.url.endswith("/refresh") else None)
    return renewals


async def revoke(visitor: Visitor) -> None:
    """End the page's sign-in from elsewhere, with a new password."""
    signed_in = await visitor.http.post(
        "/api/auth/login", json={"email": visitor.email, "password": PASSWORD}
    )
    visitor.token = signed_in.json()["token"]
    await visitor.ask(
        "POST",
        "/api/auth/change-password",
        current_password=PASSWORD,
        new_password="tremendous-8",
    )


async def test_an_expired_token_is_renewed_once_and_nobody_notices(
    visitor: Visitor, stack: LocalStack
) -> None:
    page = visitor.page
    await visitor.open("#/market/BTCUSDT", "BTC")
    await expect(page.locator(".connection")).to_have_text("Live")
    renewals = await let_it_run_out(visitor, stack)
    # Several calls at once find the token over; they share one renewal.
    await visitor.open("#/risk", "Risk")
    await expect(page.get_by_label("Worth of one order")).to_be_visible()
    await visitor.open("#/history", "History")
    await expect(page.get_by_text("No trades yet")).to_be_visible()
    assert len(renewals) == 1
    await expect(page.locator(".connection")).to_have_text("Live")


async def test_a_revoked_sign_in_leads_to_the_way_in_with_its_reason(
    visitor: Visitor, stack: LocalStack
) -> None:
    page = visitor.page
    await visitor.open("#/market/BTCUSDT", "BTC")
    await expect(page.locator(".connection")).to_have_text("Live")
    await let_it_run_out(visitor, stack)
    await revoke(visitor)
    await page.evaluate("location.hash = '#/risk'")
    await expect(page.get_by_text("Your sign-in has ended.")).to_be_visible()
    await page.get_by_label("E-mail address").fill(visitor.email)
    await page.get_by_label("Password").fill("tremendous-8")
    await visitor.button("Sign in").click()
    # Where one was.
    await expect(page.get_by_role("heading", level=1, name="Risk")).to_be_visible()


async def test_whoever_comes_back_to_a_revoked_sign_in_is_told(visitor: Visitor) -> None:
    await visitor.open("#/market/BTCUSDT", "BTC")
    await revoke(visitor)
    visitor.expect_complaint("status of 401")
    await visitor.page.reload()
    await expect(visitor.page.get_by_text("Your sign-in has ended.")).to_be_visible()
