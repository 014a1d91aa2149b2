"""The access tokens that the settings describe; the edge issues them, the gateway reads them."""

from adapters.tokens import AccessTokens
from workers.settings import Settings


def access_tokens(settings: Settings) -> AccessTokens:
    """Make the issuer and verifier, with the keys of earlier key ids still accepted."""
    previous = {
        key_id: secret.get_secret_value()
        for key_id, secret in settings.jwt_previous_secrets.items()
    }
    current = {settings.jwt_key_id: settings.jwt_secret.get_secret_value()}
    return AccessTokens(settings.jwt_key_id, previous | current)
