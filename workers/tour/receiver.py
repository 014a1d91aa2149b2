"""`python -m workers.tour.receiver --secret whsec_…`: receives webhooks and prints them."""

import argparse
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from adapters.exact_json import load

DEFAULT_PORT: Final = 9_900
_MAX_BODY_BYTES: Final = 1_000_000


class Receiver(ThreadingHTTPServer):
    """Listens on loopback.

    Args:
        port: Where.
        secret: What was answered when the webhook was set up.
    """

    daemon_threads = True

    def __init__(self, port: int, secret: str) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.webhook = Webhook(secret)


class _Request(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        if length > _MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        body = self.rfile.read(length)
        try:
            self.server.webhook.verify(body, dict(self.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            print("✗ a request that is not signed with this secret", flush=True)  # noqa: T201
            self._answer(HTTPStatus.UNAUTHORIZED)
            return
        said = load(body)
        print(f"✓ {said['type']}: {said['body']}", flush=True)  # noqa: T201 - it is what it is for
        self._answer(HTTPStatus.NO_CONTENT)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing but what arrives."""


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="workers.tour.receiver", description="Prints webhooks.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--secret", required=True, help="the webhook's whsec_…")
    arguments = parser.parse_args()
    with Receiver(arguments.port, arguments.secret) as receiver:
        try:
            receiver.serve_forever()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
