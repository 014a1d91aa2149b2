"""Clients that subscribe and then never read: plain sockets, so that nobody reads for them."""

import base64
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import orjson

# Small, so that the server feels within a second that nothing is read.
_RECEIVE_BUFFER_BYTES = 4_096
_TEXT, _FINAL, _MASKED, _EXTENDED_LENGTH = 0x1, 0x80, 0x80, 126


@contextmanager
def stalled_readers(address: str, tokens: Sequence[str], channels: Sequence[str]) -> Iterator[None]:
    """Hold one connection a token that is subscribed and stalled."""
    with ExitStack() as stack:
        for token in tokens:
            stack.enter_context(_stalled(address, token, channels))
        yield


def _stalled(address: str, token: str, channels: Sequence[str]) -> socket.socket:
    host, port = address.split(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)
    line.settimeout(5)
    line.bind(("127.0.0.201", 0))
    line.connect((host, int(port)))
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    request = (
        f"GET /ws HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    line.sendall(request.encode())
    if not line.recv(64).startswith(b"HTTP/1.1 101"):
        raise RuntimeError("the upgrade was refused")
    wish = {"type": "subscribe", "channels": channels, "auth_token": token}
    line.sendall(_masked_text(orjson.dumps(wish)))
    time.sleep(0.01)  # one after the other, as people come
    return line


def _masked_text(payload: bytes) -> bytes:
    """Frame a client's text (RFC 6455, section 5.2); a mask of zeros changes nothing."""
    head = bytes((_FINAL | _TEXT, _MASKED | _EXTENDED_LENGTH))
    return head + len(payload).to_bytes(2, "big") + bytes(4) + payload
