"""Strict schemas: what is refused, and that whatever is accepted is satisfied."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from sandbox.model.errors import ApiError
from sandbox.model.filling import CannotFill, fill
from sandbox.model.opinion import Opinion
from sandbox.model.schemas import checked, validator_of

OPINION = Opinion("Long", Decimal("0.8"), "why", Decimal("10.5"), Decimal(9), Decimal(13))
NEUTRAL = Opinion("Neutral", Decimal("0.4"), "why", Decimal("10.5"), Decimal(9), Decimal(13))


def strict(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def response_format(schema: Any, *, name: Any = "s", is_strict: bool = True) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {"name": name, "schema": schema, "strict": is_strict},
    }


NUMBER = {"type": "number"}
REFUSED: list[tuple[Any, str]] = [
    ({"type": "array", "items": NUMBER}, 'type "object"'),
    ({"type": "object", "properties": {}}, "additionalProperties"),
    (strict(a=NUMBER) | {"required": []}, "Missing 'a'"),
    (strict(a=NUMBER) | {"additionalProperties": NUMBER}, "additionalProperties"),
    (strict(a={"type": "object", "properties": {"b": NUMBER}}), "('properties', 'a')"),
    (strict(a={"allOf": [NUMBER]}), "'allOf' is not permitted"),
    (strict(a={"oneOf": [NUMBER]}), "'oneOf' is not permitted"),
    (strict(a=NUMBER | {"default": 1}), "'default' is not permitted"),
    (strict(a={"type": "string", "minLength": 1}), "'minLength' is not permitted"),
    (strict(a={"type": "string", "pattern": "^(?!x)"}), "look-around"),
    (strict(a={"type": "float"}), "not a valid type"),
    (strict(a={}), "must have a 'type' key"),
    (strict(a={"type": "array"}), "missing items"),
    (strict(a=7), "must be an object"),
    (strict(a={"type": "number", "minimum": "x"}), "Invalid schema"),
]


@pytest.mark.parametrize(("schema", "why"), REFUSED)
def test_what_strict_mode_refuses(schema: Any, why: str) -> None:
    from sandbox.model.request import read_request  # noqa: PLC0415 - the whole way in

    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    with pytest.raises(ApiError) as refusal:
        read_request(body | {"response_format": response_format(schema)})
    assert why in refusal.value.message
    assert (refusal.value.status, refusal.value.param) == (400, "response_format")


def test_too_deep() -> None:
    schema: dict[str, Any] = NUMBER
    for _ in range(12):
        schema = strict(a=schema)
    with pytest.raises(ApiError, match="levels"):
        checked(response_format(schema))


@pytest.mark.parametrize("name", [None, "", "a b", "x" * 65])
def test_names(name: Any) -> None:
    with pytest.raises(ApiError, match="name"):
        checked(response_format(strict(a=NUMBER), name=name))


def test_without_strict_everything_that_is_a_schema_goes() -> None:
    schema = {"type": "object", "properties": {"signal": {"type": "string", "minLength": 2}}}
    assert checked(response_format(schema, is_strict=False)) == schema
    assert fill(OPINION, schema) == {"signal": "Long"}


def test_fields_by_name_and_the_plainest_value_otherwise() -> None:
    schema = strict(
        signal={"type": "string", "enum": ["LONG", "SHORT"]},
        entry=NUMBER,
        stop_loss={"anyOf": [{"type": "null"}, NUMBER]},
        count={"type": "integer", "minimum": 3},
        sure={"type": "boolean"},
        tags={"type": "array", "items": {"type": "string", "enum": ["x"]}, "minItems": 2},
        nested={"$ref": "#/$defs/inner"},
        kind={"const": "k"},
    ) | {"$defs": {"inner": strict(reasoning={"type": "string"}, other={"type": "string"})}}
    before = copy.deepcopy(schema)
    found = fill(OPINION, checked(response_format(schema)))
    assert found == {
        "signal": "LONG",
        "entry": 10.5,
        "stop_loss": 9.0,
        "count": 3,
        "sure": False,
        "tags": ["x", "x"],
        "nested": {"reasoning": "why", "other": ""},
        "kind": "k",
    }
    assert validator_of(schema).is_valid(found)
    assert schema == before


def test_neutral_has_no_prices_where_the_schema_lets_it() -> None:
    schema = strict(entry={"type": ["number", "null"]}, stop_loss=NUMBER)
    assert fill(NEUTRAL, schema) == {"entry": None, "stop_loss": 9.0}


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = strict(next={"anyOf": [{"$ref": "#"}, {"type": "null"}]})
    assert fill(OPINION, checked(response_format(node))) == {"next": None}


@pytest.mark.parametrize(
    "schema", [strict(a={"$ref": "#"}), strict(a={"type": "string", "pattern": "^[0-9]{7}$"})]
)
def test_what_cannot_be_filled_is_not_answered(schema: dict[str, Any]) -> None:
    with pytest.raises(CannotFill):
        fill(OPINION, schema)
