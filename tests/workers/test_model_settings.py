"""Which model is asked, by what is set."""

import pytest
from pydantic import SecretStr, ValidationError

from workers.settings import Settings

LOCAL = "http://127.0.0.1:11434/v1"


def settings(**given: object) -> Settings:
    fixed = {"jwt_secret": SecretStr("x" * 32), "credentials_key": SecretStr("y")}
    return Settings.model_validate({**fixed, **given})


@pytest.mark.parametrize(
    ("given", "base_url", "name"),
    [
        ({}, "http://127.0.0.1:8200/v1", "sandbox-rule-1"),
        ({"model_url": "http://model:1"}, "http://model:1/v1", "sandbox-rule-1"),
        ({"openai_api_key": ""}, "http://127.0.0.1:8200/v1", "sandbox-rule-1"),
        ({"openai_api_key": "sk"}, "https://api.openai.com/v1", "gpt-4.1-mini"),
        ({"openai_api_key": "sk", "openai_model": "m"}, "https://api.openai.com/v1", "m"),
        ({"openai_base_url": LOCAL, "openai_model": "m"}, LOCAL, "m"),
    ],
)
def test_which_model_is_asked(given: dict[str, object], base_url: str, name: str) -> None:
    chosen = settings(**given)
    assert (chosen.model_base_url, chosen.model_name) == (base_url, name)


def test_a_model_cannot_take_longer_than_an_analysis_has() -> None:
    with pytest.raises(ValidationError, match="openai_timeout_s"):
        settings(openai_timeout_s=60)


def test_the_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(settings(openai_api_key="sk-secret"))
