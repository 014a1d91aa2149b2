"""A chat completion's request: what is understood of it, and what is refused."""

from dataclasses import dataclass
from typing import Any, Final

from jsonschema import SchemaError

from sandbox.model import schemas
from sandbox.model.errors import ApiError, bad_request

_ROLES: Final = frozenset({"system", "developer", "user", "assistant"})
# Parameters that change nothing here: the rule is not drawn from a distribution.
_WITHOUT_EFFECT: Final = frozenset({
    "frequency_penalty", "logit_bias", "metadata", "modalities", "parallel_tool_calls",
    "presence_penalty", "prompt_cache_key", "prompt_cache_retention", "reasoning_effort",
    "safety_identifier", "seed", "service_tier", "stop", "store", "temperature", "top_p", "user",
    "verbosity",
})  # fmt: skip
_UNDERSTOOD: Final = frozenset({
    "max_completion_tokens", "max_tokens", "messages", "model", "n", "response_format", "stream",
    "stream_options",
})  # fmt: skip
_UNSUPPORTED: Final = frozenset({
    "audio", "function_call", "functions", "logprobs", "prediction", "tool_choice", "tools",
    "top_logprobs", "web_search_options",
})  # fmt: skip
_SHAPES: Final = frozenset({"text", "json_object", "json_schema"})


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        texts: every message as (role, text), in order.
        shape: `text`, `json_object` or `json_schema`.
        schema: of `json_schema`.
        strict: whether the answer must satisfy it.
        most_tokens: of the answer, or None.
        include_usage: whether a stream ends with the usage.
    """

    model: str
    texts: tuple[tuple[str, str], ...]
    shape: str
    schema: dict[str, Any] | None
    strict: bool
    most_tokens: int | None
    stream: bool
    include_usage: bool

    @property
    def prompt(self) -> str:
        """All of it, as one text."""
        return "\n".join(text for _, text in self.texts)


def read_request(body: Any) -> Request:
    """Read a decoded body.

    Raises:
        ApiError: 400, as OpenAI would refuse it.
    """
    if not isinstance(body, dict):
        raise bad_request("We could not parse the JSON body of your request.")
    _refuse_unknown(body)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise bad_request("you must provide a model parameter")
    if body.get("n") not in {None, 1}:
        raise _unsupported("n")
    shape, schema, strict = _response_format(body.get("response_format"))
    stream, options = body.get("stream"), body.get("stream_options")
    if options is not None and not stream:
        raise bad_request(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    texts = _texts(body.get("messages"))
    if shape == "json_object" and not any("json" in text.lower() for _, text in texts):
        raise bad_request(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            "messages",
        )
    return Request(
        model,
        texts,
        shape,
        schema,
        strict,
        _most_tokens(body),
        stream is True,
        isinstance(options, dict) and options.get("include_usage") is True,
    )


def _refuse_unknown(body: dict[str, Any]) -> None:
    for name, value in body.items():
        if name in _UNDERSTOOD | _WITHOUT_EFFECT:
            continue
        if name not in _UNSUPPORTED:
            raise bad_request(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
        if value:
            raise _unsupported(name)


def _unsupported(name: str) -> ApiError:
    return bad_request(
        f"Unsupported parameter: '{name}' is not supported with this model.",
        name,
        "unsupported_parameter",
    )


def _most_tokens(body: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise bad_request(
                f"Invalid '{name}': integer below minimum value. Expected a value >= 1.",
                name,
                "integer_below_min_value",
            )
        return value
    return None


def _texts(messages: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(messages, list):
        raise bad_request(
            "Missing required parameter: 'messages'.", "messages", "missing_required_parameter"
        )
    if not messages:
        raise bad_request(
            "Invalid 'messages': empty array. Expected an array with minimum length 1.",
            "messages",
            "empty_array",
        )
    return tuple(_text(number, message) for number, message in enumerate(messages))


def _text(number: int, message: Any) -> tuple[str, str]:
    role = message.get("role") if isinstance(message, dict) else None
    if role not in _ROLES:
        raise bad_request(
            f"Invalid value: '{role}'. Supported values are: "
            "'system', 'assistant', 'user', and 'developer'.",
            f"messages[{number}].role",
            "invalid_value",
        )
    content = message.get("content")
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        raise bad_request(
            f"Invalid value for 'content': expected a string, got {type(content).__name__}.",
            f"messages.[{number}].content",
        )
    return str(role), content


def _response_format(wanted: Any) -> tuple[str, dict[str, Any] | None, bool]:
    if wanted is None:
        return "text", None, False
    shape = wanted.get("type") if isinstance(wanted, dict) else None
    if shape not in _SHAPES:
        raise bad_request(
            f"Invalid value: '{shape}'. Supported values are: "
            "'json_object', 'json_schema', and 'text'.",
            "response_format.type",
            "invalid_value",
        )
    if shape != "json_schema":
        return str(shape), None, False
    try:
        schema = schemas.checked(wanted)
    except SchemaError as error:
        name = wanted["json_schema"]["name"]
        raise bad_request(
            f"Invalid schema for response_format '{name}': {error.message}.", "response_format"
        ) from error
    return "json_schema", schema, wanted["json_schema"].get("strict") is True
