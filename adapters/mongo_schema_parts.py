"""What every collection's schema is written with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from adapters.mongo import Document

UP = ASCENDING
DOWN = DESCENDING

STRING: Document = {"bsonType": "string"}
TEXT: Document = {"bsonType": "string", "minLength": 1}
DATE: Document = {"bsonType": "date"}
BOOL: Document = {"bsonType": "bool"}
BYTES: Document = {"bsonType": "binData"}
DECIMAL: Document = {"bsonType": "decimal"}
WHOLE: Document = {"bsonType": ["int", "long"]}
OBJECT: Document = {"bsonType": "object"}
STRINGS: Document = {"bsonType": "array", "items": STRING}
OBJECTS: Document = {"bsonType": "array", "items": OBJECT}


@dataclass(frozen=True, slots=True)
class CollectionSchema:
    """A collection's validator and the indexes that its queries need."""

    validator: Document
    indexes: tuple[IndexModel, ...] = ()


def nullable(schema: Mapping[str, Any]) -> Document:
    """Allow null beside what a schema allows."""
    kinds = schema["bsonType"]
    return {**schema, "bsonType": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}


def one_of(values: Sequence[str]) -> Document:
    """Allow these strings only."""
    return {"enum": list(values)}


def closed(required: Mapping[str, Document], **optional: Document) -> Document:
    """Describe a document with these members and no others; `_id` may always be there."""
    return {**open_ended(required, **optional), "additionalProperties": False}


def open_ended(required: Mapping[str, Document], **optional: Document) -> Document:
    """Describe a document with these members and possibly others."""
    return {
        "bsonType": "object",
        "required": sorted(required),
        "properties": {"_id": {}, **required, **optional},
    }


def index(*keys: tuple[str, int], unique: bool = False) -> IndexModel:
    """Make an index; its name follows from its keys."""
    return IndexModel(list(keys), unique=unique)


def expiring(field: str) -> IndexModel:
    """Make the index by which documents vanish once the time in `field` has come."""
    return IndexModel([(field, UP)], expireAfterSeconds=0)
