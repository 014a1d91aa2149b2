"""Strict schemas: which are accepted (a subset of JSON Schema), as OpenAI documents it.

https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

import re
from typing import Any, Final

from jsonschema import Draft202012Validator

from sandbox.model.errors import ApiError, bad_request

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_DEPTH: Final = 10
_MOST_PROPERTIES: Final = 5_000
_TYPES: Final = {"string", "number", "boolean", "integer", "object", "array", "null"}
_LOOK_AROUND: Final = re.compile(r"\(\?<?[=!]")
_PERMITTED: Final = frozenset({
    "$defs", "$ref", "additionalProperties", "anyOf", "const", "definitions", "description",
    "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maximum",
    "minItems", "minimum", "multipleOf", "pattern", "properties", "required", "title", "type",
})  # fmt: skip


def checked(response_format: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a `json_schema` response format.

    Raises:
        ApiError: 400, where OpenAI would refuse it.
    """
    form = response_format.get("json_schema")
    if not isinstance(form, dict):
        raise _missing("response_format.json_schema")
    name, schema = form.get("name"), form.get("schema")
    if not isinstance(name, str):
        raise _missing("response_format.json_schema.name")
    if not _NAME.fullmatch(name):
        raise bad_request(
            "Invalid 'response_format.json_schema.name': string does not match pattern. "
            "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
            "response_format.json_schema.name",
            "invalid_value",
        )
    if not isinstance(schema, dict):
        raise _missing("response_format.json_schema.schema")
    if form.get("strict") is True:
        _Walk(name).whole(schema)
    Draft202012Validator.check_schema(schema)
    return schema


def validator_of(schema: dict[str, Any]) -> Draft202012Validator:
    """Return what tells whether a value satisfies the schema, or (evolved) a part of it."""
    return Draft202012Validator(schema)


def _missing(param: str) -> ApiError:
    return bad_request(
        f"Missing required parameter: '{param}'.", param, "missing_required_parameter"
    )


class _Walk:
    """One look at every part of a schema; raises at the first that strict mode refuses."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._properties = 0

    def whole(self, schema: dict[str, Any]) -> None:
        if schema.get("type") != "object":
            raise self._refusal((), f'schema must be type "object", got {schema.get("type")!r}')
        self._part(schema, (), 0)
        for group in ("$defs", "definitions"):
            for name, part in schema.get(group, {}).items():
                self._part(part, (group, name), 0)

    def _part(self, part: Any, where: tuple[str, ...], depth: int) -> None:
        if not isinstance(part, dict):
            raise self._refusal(where, "schema must be an object")
        if depth > _MOST_DEPTH:
            raise self._refusal(where, f"more than {_MOST_DEPTH} levels of nesting")
        types = self._types(part, where)
        if "object" in types:
            self._object(part, where, depth)
        if "array" in types:
            if "items" not in part:
                raise self._refusal(where, "array schema missing items")
            self._part(part["items"], (*where, "items"), depth + 1)
        for number, choice in enumerate(part.get("anyOf", [])):
            self._part(choice, (*where, "anyOf", str(number)), depth + 1)

    def _types(self, part: dict[str, Any], where: tuple[str, ...]) -> set[Any]:
        """Return the part's types, once its words are found to be permitted."""
        for word in part:
            if word not in _PERMITTED:
                raise self._refusal(where, f"'{word}' is not permitted")
        named = part.get("type", [])
        types = set(named if isinstance(named, list) else [named])
        if not types <= _TYPES:
            raise self._refusal(where, f"{named!r} is not a valid type")
        if _LOOK_AROUND.search(str(part.get("pattern", ""))):
            raise self._refusal(where, "'pattern' uses look-around, which is not supported")
        if not any(word in part for word in ("type", "$ref", "anyOf", "enum", "const")):
            raise self._refusal(where, "schema must have a 'type' key")
        return types

    def _object(self, part: dict[str, Any], where: tuple[str, ...], depth: int) -> None:
        if part.get("additionalProperties") is not False:
            raise self._refusal(
                where, "'additionalProperties' is required to be supplied and to be false"
            )
        properties = part.get("properties", {})
        required = part.get("required", [])
        lacking = [name for name in properties if name not in required]
        if lacking:
            raise self._refusal(
                where,
                "'required' is required to be supplied and to be an array including every key "
                f"in properties. Missing '{lacking[0]}'",
            )
        self._properties += len(properties)
        if self._properties > _MOST_PROPERTIES:
            raise self._refusal(where, f"more than {_MOST_PROPERTIES} properties")
        for name, schema in properties.items():
            self._part(schema, (*where, "properties", name), depth + 1)

    def _refusal(self, where: tuple[str, ...], why: str) -> ApiError:
        return bad_request(
            f"Invalid schema for response_format '{self._name}': In context={where}, {why}.",
            "response_format",
        )
