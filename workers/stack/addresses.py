"""Where each part of the local stack lives, and whether it is ours to start.

A server whose URL setting was given and answers is used as it is. One whose URL was given,
on loopback, and does not answer is started there. Everything else is started at its
default address, which must be free.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from workers.settings import Settings
from workers.stack.parts import Part
from workers.stack.ports import LOOPBACK, answers, holder_of, is_free
from workers.stack.servers import Place

_LOOPBACK_NAMES = frozenset({LOOPBACK, "localhost"})


class AddressError(RuntimeError):
    """A part cannot live where its setting says; the message is one line for a person."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A part with its place. `external` parts already run and are not started."""

    part: Part
    place: Place
    shown: str
    external: bool = False


def place_parts(parts: tuple[Part, ...], settings: Settings, directory: Path) -> list[Placed]:
    """Give every part its place, checking that it can have it.

    Raises:
        AddressError: a port is taken, or a given address is neither here nor answers.
    """
    return [
        _place(part, settings, directory / part.name) for part in parts if part.wanted(settings)
    ]


def variable(setting: str) -> str:
    """Return the environment variable of a `Settings` field."""
    return f"BOTCORE_{setting.upper()}"


def _place(part: Part, settings: Settings, directory: Path) -> Placed:
    if not part.setting:
        return Placed(part, Place(0, directory), "")
    host, port, shown = _address(settings, part.setting)
    given = part.setting in settings.model_fields_set
    if given and not part.ours and answers(host, port):
        return Placed(part, Place(port, directory), shown, external=True)
    if not part.ours and host not in _LOOPBACK_NAMES:
        raise AddressError(f"{part.title}: {variable(part.setting)} is {shown}: no answer there")
    _require_free(part.title, port, part.setting)
    if not part.ui_setting:
        return Placed(part, Place(port, directory), shown)
    _, ui_port, _ = _address(settings, part.ui_setting)
    _require_free(f"{part.title}'s page", ui_port, part.ui_setting)
    return Placed(part, Place(port, directory, ui_port), shown)


def _require_free(title: str, port: int, setting: str) -> None:
    if not is_free(port):
        raise AddressError(
            f"port {port} ({title}) is held by {holder_of(port)}; {variable(setting)} moves it"
        )


def _address(settings: Settings, setting: str) -> tuple[str, int, str]:
    """Return host, port and the text that a person reads."""
    value = getattr(settings, setting)
    if isinstance(value, int):
        host = str(getattr(settings, setting.replace("_port", "_host")))
        return host, value, f"http://{host}:{value}"
    parts = urlsplit(value if "://" in value else f"//{value}")
    if parts.hostname is None or parts.port is None:
        raise AddressError(f"{variable(setting)} names no host and port: {value}")
    shown = value.replace(f"{parts.username}:{parts.password}@", "") if parts.password else value
    return parts.hostname, parts.port, shown
