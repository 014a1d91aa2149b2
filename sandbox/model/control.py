"""What is ours, under `/sandbox`: faults, and what the model was asked."""

from typing import Any

import orjson
from aiohttp import web

from sandbox.model.completions import Model
from sandbox.model.faults import BadFault


class Control:
    """Faults and calls.

    Args:
        model: The model behind it.
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    async def add_fault(self, request: web.Request) -> web.Response:
        """`POST /sandbox/faults`."""
        try:
            fault = self._model.faults.add(orjson.loads(await request.read()))
        except (orjson.JSONDecodeError, BadFault) as error:
            return _respond({"code": "INVALID_REQUEST", "detail": str(error)}, 400)
        return _respond(fault.view(), 201)

    async def faults(self, _: web.Request) -> web.Response:
        """`GET /sandbox/faults`, with how often each fired."""
        return _respond({"items": [fault.view() for fault in self._model.faults.items.values()]})

    async def clear_faults(self, _: web.Request) -> web.Response:
        """`DELETE /sandbox/faults`."""
        self._model.faults.items.clear()
        return web.Response(status=204)

    async def clear_fault(self, request: web.Request) -> web.Response:
        """`DELETE /sandbox/faults/{id}`."""
        if self._model.faults.items.pop(request.match_info["fault_id"], None) is None:
            return _respond({"code": "NOT_FOUND", "detail": "no such fault"}, 404)
        return web.Response(status=204)

    async def calls(self, request: web.Request) -> web.Response:
        """`GET /sandbox/calls?symbol&timeframe`."""
        query = request.query
        return _respond(self._model.calls.view(query.get("symbol"), query.get("timeframe")))

    async def clear_calls(self, _: web.Request) -> web.Response:
        """`DELETE /sandbox/calls`."""
        self._model.calls.clear()
        return web.Response(status=204)


def _respond(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, content_type="application/json")
