"""The pages of the interface, which need nothing but us."""

import re

from tests.api.people import Edge


async def test_the_pages_scripts_and_styles_are_our_own(edge: Edge) -> None:
    page = await edge.http.get("/docs")
    assert page.status_code == 200
    wanted = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(wanted) >= 2
    for address in wanted:
        assert address.startswith("/"), f"the page depends on {address}"
        assert (await edge.http.get(address)).status_code == 200, address


async def test_the_description_is_of_this_product(edge: Edge) -> None:
    described = (await edge.http.get("/openapi.json")).json()
    assert described["info"]["title"] == "Bot Core"
    assert "/api/trades/execute" in described["paths"]
