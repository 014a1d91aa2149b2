"""Does a server answer? One question in the server's own protocol, a second at most."""

import functools
import socket

import httpx

_TIMEOUT_S = 1.0
# AMQP 0-9-1's protocol header; a broker that serves answers with a method frame (type 1).
_AMQP_HEADER = b"AMQP\x00\x00\x09\x01"
_AMQP_METHOD_FRAME = b"\x01"


def http_answers(url: str) -> bool:
    """Return whether a GET of `url` succeeds."""
    try:
        return _http_client().get(url).is_success
    except httpx.HTTPError:
        return False


@functools.cache
def _http_client() -> httpx.Client:
    """Return the one client: making one reads every certificate of the machine."""
    # No connection is kept: a server that is asked may be restarted before the next time.
    return httpx.Client(
        timeout=_TIMEOUT_S, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0)
    )


def redis_answers(host: str, port: int) -> bool:
    """Return whether Redis serves; one that still loads its file does not."""
    return _exchange(host, port, b"PING\r\n").startswith(b"+PONG")


def amqp_answers(host: str, port: int) -> bool:
    """Return whether a broker accepts connections."""
    return _exchange(host, port, _AMQP_HEADER).startswith(_AMQP_METHOD_FRAME)


def _exchange(host: str, port: int, question: bytes) -> bytes:
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_S) as connection:
            connection.sendall(question)
            return connection.recv(64)
    except OSError:
        return b""
