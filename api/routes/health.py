"""Whether the process lives, whether it can work, and what it counts."""

from fastapi import Response

from api.dependencies import ServicesOf
from api.json_codec import ExactJSONResponse, answer
from api.routing import edge_router

router = edge_router("", "Health")

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/livez", response_model=dict[str, str])
async def livez() -> ExactJSONResponse:
    """Answer while the process serves at all."""
    return answer({"state": "alive"})


@router.get("/readyz", responses={503: {"description": "Something that is needed is away."}})
async def readyz(services: ServicesOf) -> ExactJSONResponse:
    """Name each dependency with its state and the milliseconds that it took to answer."""
    ready, report = await services.readiness.check()
    return answer(report, 200 if ready else 503)


@router.get("/metrics", response_class=Response)
async def metrics(services: ServicesOf) -> Response:
    """Tell Prometheus what this process counts."""
    return Response(services.metrics.exposition(), media_type=_METRICS_TYPE)
