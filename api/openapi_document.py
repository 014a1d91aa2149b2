"""`python -m api.openapi_document`: the interface as OpenAPI, for those who generate clients.

Needs no settings and no servers: the document is the same wherever the API runs.
"""

import gc
import json
import secrets
import sys
from base64 import b64encode

from api.app import create_app
from workers.settings import Settings

_KEY_BYTES = 32


def openapi_document() -> str:
    """Return the document as JSON."""
    settings = Settings.model_validate(
        {
            "jwt_secret": secrets.token_hex(_KEY_BYTES),
            "credentials_key": b64encode(secrets.token_bytes(_KEY_BYTES)).decode(),
        }
    )
    return json.dumps(create_app(settings).openapi(), indent=1)


if __name__ == "__main__":
    sys.stdout.write(openapi_document() + "\n")
    gc.freeze()  # or the end would look through all that was imported, for a second
