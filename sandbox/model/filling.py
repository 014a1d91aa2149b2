"""An opinion in the shape of any schema."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from sandbox.model.opinion import Opinion
from sandbox.model.schemas import validator_of

_ENTRY: Final = frozenset({"suggested_entry", "entry", "entry_price"})
_STOP: Final = frozenset({"suggested_stop_loss", "stop_loss", "stop"})
_TARGET: Final = frozenset({"suggested_take_profit", "take_profit", "target"})
_WORDS: Final = frozenset({"reasoning", "explanation", "rationale", "summary"})
_PLAIN: Final = {"number": 0, "integer": 0, "boolean": False, "null": None, "string": ""}


class CannotFill(ValueError):  # noqa: N818 - read as "cannot fill"
    """The opinion does not go into the schema."""


def fill(opinion: Opinion, schema: dict[str, Any]) -> Any:
    """Return an instance of the schema: by name what the opinion knows, else the plainest value.

    Raises:
        CannotFill: No value that is tried satisfies the schema.
    """
    try:
        found = _Filling(opinion, schema).value(None, schema)
    except RecursionError as error:
        raise CannotFill("the schema has no end") from error
    if not validator_of(schema).is_valid(found):
        raise CannotFill("no answer of this rule satisfies the schema")
    return found


def told(opinion: Opinion, name: str) -> list[Any]:
    """Return what the opinion has to say under a field's name, the best first."""
    if name == "signal":
        return [opinion.signal, opinion.signal.upper(), opinion.signal.lower()]
    if name == "confidence":
        return [_json(opinion.confidence)]
    if name in _WORDS:
        return [opinion.reasoning]
    price = price_named(name, opinion)
    if price is None:
        return []
    return [None, _json(price)] if opinion.signal == "Neutral" else [_json(price)]


def price_named(name: str, opinion: Opinion) -> Decimal | None:
    """Return the price that a field of this name holds, or None where it holds none."""
    prices = ((_ENTRY, opinion.entry), (_STOP, opinion.stop_loss), (_TARGET, opinion.take_profit))
    return next((price for names, price in prices if name in names), None)


def _json(number: Decimal) -> float:
    # Within 15 digits the shortest form of the float is the Decimal's own.
    return float(number)


class _Filling:
    def __init__(self, opinion: Opinion, root: dict[str, Any]) -> None:
        self._opinion = opinion
        self._root = root
        self._validator = validator_of(root)

    def value(self, name: str | None, schema: dict[str, Any]) -> Any:
        """Return the first candidate that satisfies the part; the last one where none does."""
        part = self._resolved(schema)
        candidate = None
        for candidate in self._candidates(name, part):
            if self._validator.evolve(schema=part).is_valid(candidate):
                return candidate
        return candidate

    def _candidates(self, name: str | None, part: dict[str, Any]) -> Iterator[Any]:
        if name is not None:
            yield from told(self._opinion, name)
        if "const" in part:
            yield part["const"]
        yield from part.get("enum", ())
        # Null first: it ends a schema that refers to itself.
        for choice in sorted(part.get("anyOf", ()), key=lambda one: one.get("type") != "null"):
            yield self.value(name, choice)
        types = part.get("type", [])
        for kind in types if isinstance(types, list) else [types]:
            yield from self._plain(kind, part)

    def _plain(self, kind: str, part: dict[str, Any]) -> Iterator[Any]:
        if kind == "object":
            properties = part.get("properties", {})
            yield {name: self.value(name, schema) for name, schema in properties.items()}
        elif kind == "array":
            yield [self.value(None, part["items"]) for _ in range(part.get("minItems", 0))]
        else:
            yield _PLAIN.get(kind)
            if kind in {"number", "integer"}:
                yield from (part[word] for word in ("minimum", "maximum") if word in part)

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in part:
            found: Any = self._root
            for step in str(part["$ref"]).removeprefix("#").strip("/").split("/"):
                found = found[step] if step else found
            part = found
        return part
