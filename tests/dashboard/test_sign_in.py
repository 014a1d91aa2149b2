"""The way in and out."""

from playwright.async_api import expect

from tests.dashboard.visitor import PASSWORD, Visitor


async def fill_in(visitor: Visitor, password: str = PASSWORD) -> None:
    await visitor.page.get_by_label("E-mail address").fill(visitor.email)
    await visitor.page.get_by_label("Password").fill(password)


async def test_one_registers_stays_signed_in_and_signs_out(stranger: Visitor) -> None:
    page = stranger.page
    await page.goto(stranger.base_url)
    await page.get_by_role("tab", name="Create an account").click()
    await page.get_by_label("Name").fill("Grace Newcomer")
    await fill_in(stranger)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Grace Newcomer")).to_be_visible()

    await page.reload()
    await expect(page.get_by_text("Grace Newcomer")).to_be_visible()
    [cookie] = await page.context.cookies(f"{stranger.base_url}/api/auth/refresh")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["value"] not in await page.evaluate("JSON.stringify({...localStorage})")

    await stranger.button("Sign out").click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()
    await page.reload()
    await expect(stranger.button("Sign in")).to_be_visible()
    assert await page.context.cookies(f"{stranger.base_url}/api/auth/refresh") == []

    await fill_in(stranger)
    await stranger.button("Sign in").click()
    await expect(page.get_by_text("Grace Newcomer")).to_be_visible()


async def test_a_wrong_password_and_a_bad_one_are_told_where_they_stand(
    stranger: Visitor,
) -> None:
    stranger.expect_complaint(r"status of 4(01|22) .*/api/auth/")
    page = stranger.page
    await page.goto(stranger.base_url)
    await fill_in(stranger, "not-the-one")
    await stranger.button("Sign in").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.get_by_role("tab", name="Create an account").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.get_by_label("Name").fill("Grace Newcomer")
    await fill_in(stranger, "short")
    await stranger.button("Create account").click()
    password = page.get_by_label("Password")
    await expect(password).to_have_attribute("aria-invalid", "true")
    assert await password.get_attribute("aria-describedby")


async def test_signing_out_in_one_tab_signs_out_the_other(visitor: Visitor) -> None:
    await visitor.open()
    other = await visitor.page.context.new_page()
    await other.goto(visitor.base_url)
    await expect(other.get_by_text("Ada Visitor")).to_be_visible()
    await visitor.button("Sign out").click()
    await expect(other.get_by_text("You have signed out.")).to_be_visible()


async def test_a_sign_out_that_nobody_heard_says_so(visitor: Visitor) -> None:
    visitor.expect_complaint("ERR_CONNECTION_REFUSED .*/api/auth/logout")
    await visitor.open()
    await visitor.page.route("**/api/auth/logout", lambda call: call.abort("connectionrefused"))
    await visitor.button("Sign out").click()
    await expect(visitor.page.get_by_text("the server could not be told")).to_be_visible()
    await expect(visitor.button("Sign in")).to_be_visible()


async def test_what_the_policy_forbids_is_a_complaint(visitor: Visitor) -> None:
    """The tests would not notice a violation otherwise."""
    visitor.expect_complaint("Content Security Policy")
    await visitor.open()
    async with visitor.page.expect_event("console"):
        await visitor.page.evaluate("document.body.setAttribute('style', 'color: red')")
    assert any("Content Security Policy" in said for said in visitor.complaints)
