"""Request parameters: what was sent, checked in the venue's order and words.

Source of legal ranges and codes: Binance Spot `errors.md` and the answers it describes.
"""

import re
from decimal import Decimal
from typing import Final
from urllib.parse import unquote_plus

from sandbox.exchange.core.errors import (
    VenueError,
    illegal_chars,
    mandatory,
    not_valid,
)

_SYMBOL: Final = "^[A-Z0-9-_.]{1,20}$"
_CLIENT_ID: Final = "^[a-zA-Z0-9-_]{1,36}$"
_INTEGER: Final = "^[0-9]{1,20}$"
_DECIMAL: Final = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
_COMPILED: Final = {legal: re.compile(legal) for legal in (_SYMBOL, _CLIENT_ID, _INTEGER, _DECIMAL)}
_PRECISION: Final = 8
_LONG_MAX: Final = 2**63 - 1


def pairs_of(encoded: str) -> list[tuple[str, str]]:
    """Decode `a=1&b=2`, keeping order, duplicates and empty values."""
    found = []
    for part in encoded.split("&"):
        if part:
            name, _, value = part.partition("=")
            found.append((unquote_plus(name), unquote_plus(value)))
    return found


class Params:
    """The parameters of one request, and which of them were read.

    Args:
        pairs: Names and values as they were sent.
    """

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            if name in self._values:
                raise VenueError(-1101, "Duplicate values for a parameter detected.")
            self._values[name] = value

    def check_names(self, allowed: frozenset[str]) -> None:
        """Refuse empty and unknown parameters.

        Raises:
            VenueError: -1101 where the call takes none, -1104 for an unknown one, -1105 for
                an empty one.
        """
        known = sum(1 for name in self._values if name in allowed)
        sent = len(self._values)
        if not allowed and sent:
            raise VenueError(-1101, f"Too many parameters; expected '0' and received '{sent}'.")
        if known < sent:
            raise VenueError(
                -1104,
                f"Not all sent parameters were read; read '{known}' parameter(s) "
                f"but was sent '{sent}'.",
            )
        for name, value in self._values.items():
            if not value:
                raise VenueError(-1105, f"Parameter '{name}' was empty.")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> str | None:
        """A value as it was sent, or None."""
        return self._values.get(name)

    def need(self, name: str) -> str:
        """A value that must be there.

        Raises:
            VenueError: -1102.
        """
        value = self._values.get(name)
        if value is None:
            raise mandatory(name)
        return value

    def _matched(self, name: str, legal: str) -> str | None:
        value = self._values.get(name)
        if value is not None and not _COMPILED[legal].match(value):
            raise illegal_chars(name, legal)
        return value

    def symbol(self, name: str = "symbol") -> str | None:
        """A symbol's name, whether or not there is such a symbol."""
        return self._matched(name, _SYMBOL)

    def need_symbol(self) -> str:
        """The `symbol` parameter.

        Raises:
            VenueError: -1102 when missing, -1100 when it cannot be one.
        """
        found = self.symbol()
        if found is None:
            raise mandatory("symbol")
        return found

    def client_id(self, name: str) -> str | None:
        """A client order id.

        Raises:
            VenueError: -1100.
        """
        return self._matched(name, _CLIENT_ID)

    def integer(self, name: str) -> int | None:
        """A whole number.

        Raises:
            VenueError: -1100 when it is none, -1108 when it does not fit 64 bits.
        """
        value = self._matched(name, _INTEGER)
        if value is None:
            return None
        if int(value) > _LONG_MAX:
            raise VenueError(-1108, f"Parameter '{name}' overflowed.")
        return int(value)

    def need_integer(self, name: str) -> int:
        """A whole number that must be there.

        Raises:
            VenueError: -1102, -1100 or -1108.
        """
        found = self.integer(name)
        if found is None:
            raise mandatory(name)
        return found

    def limit(self, default: int, most: int, name: str = "limit") -> int:
        """A row count; more than the most is cut to it.

        Raises:
            VenueError: -1130 for zero.
        """
        found = self.integer(name)
        if found is None:
            return default
        if found < 1:
            raise not_valid(name)
        return min(found, most)

    def decimal(self, name: str) -> Decimal | None:
        """A price or quantity.

        Raises:
            VenueError: -1100 when it is none, -1111 with more than eight decimals.
        """
        value = self._matched(name, _DECIMAL)
        if value is None:
            return None
        if len(value.partition(".")[2].rstrip("0")) > _PRECISION:
            raise VenueError(-1111, f"Parameter '{name}' has too much precision.")
        return Decimal(value)

    def choice(self, name: str, allowed: tuple[str, ...], error: VenueError) -> str | None:
        """One of a few words.

        Raises:
            VenueError: The one given.
        """
        value = self._values.get(name)
        if value is not None and value not in allowed:
            raise error
        return value

    def flag(self, name: str) -> bool:
        """A boolean that is false when not sent.

        Raises:
            VenueError: -1130.
        """
        value = self._values.get(name, "false").lower()
        if value not in {"true", "false"}:
            raise not_valid(name)
        return value == "true"
