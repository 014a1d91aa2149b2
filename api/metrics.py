"""What `/metrics` tells of the edge."""

from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest
from starlette.types import Scope

# The document's targets for a REST call are 100, 200 and 500 ms, for a trade 10, 20 and 50.
_BUCKETS_S = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
# The client left before it was answered.
_NO_ANSWER = 499


class HttpMetrics:
    """One histogram over method, route and status; of bounded size whatever clients send."""

    def __init__(self) -> None:
        # A registry of its own, so that two applications can live in one process.
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "botcore_http_request_seconds",
            "Time from the request's headers to its answer's end.",
            ("method", "route", "status"),
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one request; the route is its template, never the path that was asked for."""
        route = scope.get("route")
        method = scope["method"]
        key = (method, getattr(route, "path", ""), status)
        child = self._children.get(key)
        if child is None:
            known = method if method in _METHODS else "other"
            child = self._seconds.labels(known, key[1] or "unknown", str(status or _NO_ANSWER))
            if known == method:
                self._children[key] = child
        child.observe(seconds)

    def exposition(self) -> bytes:
        """Return these, and whatever else this process counts, in Prometheus's text format."""
        return generate_latest(self._registry) + generate_latest(REGISTRY)
