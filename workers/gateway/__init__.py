"""The WebSocket gateway: a process of its own, so that fan-out never costs a trade its latency."""
