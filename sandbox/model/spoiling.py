"""What the faults make of a good answer."""

from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from sandbox.model.filling import price_named
from sandbox.model.opinion import Opinion

_ABSURD: Final = 1_000
_OUT_OF_RANGE: Final = 1.7
_REFUSAL: Final = "I'm sorry, but I can't assist with that request."


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the model, and how it came to its end (OpenAI's `finish_reason`)."""

    content: str | None
    refusal: str | None = None
    finish_reason: str = "stop"

    @property
    def text(self) -> str:
        """What was said, whichever it is."""
        return self.content or self.refusal or ""


def spoil(kind: str, said: Said, opinion: Opinion) -> Said:
    """Return what a fault of this kind leaves of the answer."""
    content = said.content or ""
    match kind:
        case "malformed_json":
            return replace(said, content=content[: len(content) * 2 // 3])
        case "truncated":
            return replace(said, content=content[: len(content) // 2], finish_reason="length")
        case "refusal":
            return Said(None, refusal=_REFUSAL)
        case "content_filter":
            return Said("", finish_reason="content_filter")
        case _:
            return replace(said, content=_respelled(kind, content, opinion))


def _respelled(kind: str, content: str, opinion: Opinion) -> str:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content
    if not isinstance(found, dict):
        return content
    if kind == "schema_breach":
        kept = dict(list(found.items())[1:])
        changed: dict[str, Any] = kept | {"confidence": "very high", "unexpected": True}
    elif kind == "bad_confidence":
        changed = found | {"confidence": _OUT_OF_RANGE}
    else:
        changed = found | _prices(kind, found, opinion)
    return orjson.dumps(changed).decode()


def _prices(kind: str, found: dict[str, Any], opinion: Opinion) -> dict[str, Any]:
    """Return the fields with other prices, and a signal that has prices."""
    if kind == "wrong_side_stop":
        wrong = replace(opinion, stop_loss=2 * opinion.entry - opinion.stop_loss)
    else:
        wrong = replace(
            opinion,
            entry=opinion.entry * _ABSURD,
            stop_loss=opinion.stop_loss * _ABSURD,
            take_profit=opinion.take_profit * _ABSURD,
        )
    changed = {
        name: float(price) for name in found if (price := price_named(name, wrong)) is not None
    }
    if opinion.signal == "Neutral" and found.get("signal") == "Neutral":
        changed["signal"] = "Long"  # type: ignore[assignment]  # the one field that is a word
    return changed
