"""`python -m workers.dead_letters`: look at the dead letters, replay or discard them."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence

from aio_pika.exceptions import CONNECTION_EXCEPTIONS

from adapters.rabbitmq_dead_letters import (
    DeadLetter,
    DeadLetters,
    Wanted,
    open_dead_letters,
)
from adapters.rabbitmq_topology import TopologyConflictError
from workers.operator_settings import NoSettingsError, operator_settings
from workers.settings import Settings

CONNECT_TIMEOUT_S = 10.0
_DONE, _NOTHING_FOUND, _USAGE, _BROKER_AWAY = 0, 1, 2, 3
_SHOWN_CHARACTERS = 60
_BEHAVIOUR = """\
replay puts a letter back into the queue that it came from, and into no other; its consumer
drops what it has applied already. Without a filter replay and discard ask for --all.

exit codes: 0 done, 1 nothing found or not all of it replayed, 2 wrong usage, 3 no broker
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    asked = _parser().parse_args(arguments)
    if asked.command in {"replay", "discard"} and not (asked.all or _is_filtered(asked)):
        _say(f"{asked.command}: name letters, a --cause or a --queue, or say --all")
        return _USAGE
    try:
        return asyncio.run(_run(asked, operator_settings()))
    except NoSettingsError as error:
        _say(str(error))
        return _USAGE
    except (TimeoutError, TopologyConflictError, *CONNECTION_EXCEPTIONS) as error:
        _say(f"RabbitMQ: {str(error) or 'no answer'}")
        return _BROKER_AWAY


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workers.dead_letters",
        description=__doc__,
        epilog=_BEHAVIOUR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in (
        ("list", "one line for each"),
        ("show", "all there is to each"),
        ("replay", "back into the queue that each came from"),
        ("discard", "away with them, for good"),
    ):
        command = commands.add_parser(name, help=told)
        command.add_argument("ids", nargs="*", metavar="ID", help="as `list` shows them")
        command.add_argument("--cause", help="only these, such as 'unknown version'")
        command.add_argument("--queue", help="only those that came from this queue")
        if name in {"replay", "discard"}:
            command.add_argument("--all", action="store_true", help="without a filter")
    return parser


async def _run(asked: argparse.Namespace, settings: Settings) -> int:
    async with asyncio.timeout(CONNECT_TIMEOUT_S) as limit:
        async with open_dead_letters(
            settings.rabbitmq_url, settings.rabbitmq_queue_type
        ) as letters:
            limit.reschedule(None)
            found, settled = await _settle(asked.command, letters, _wanted(asked))
    if asked.command == "list":
        _say(f"{found} dead letter{'' if found == 1 else 's'}")
        return _DONE
    if asked.command in {"replay", "discard"}:
        _say(f"{settled} of {found} {'replayed' if asked.command == 'replay' else 'discarded'}")
    return _DONE if found and settled == found else _NOTHING_FOUND


async def _settle(command: str, letters: DeadLetters, wanted: Wanted) -> tuple[int, int]:
    """Return how many letters were found, and how many of them are settled."""
    found = settled = 0
    async for letter, message in letters.matching(wanted):
        found += 1
        match command:
            case "list":
                _say(_line(letter))
            case "show":
                _say(_whole(letter))
            case "discard":
                await message.ack()
            case _:
                if not await letters.replay(letter, message):
                    _say(f"not replayed, no queue takes it: {_line(letter)}")
                    continue
        settled += 1
    return found, settled


def _is_filtered(asked: argparse.Namespace) -> bool:
    return bool(asked.ids or asked.cause or asked.queue)


def _wanted(asked: argparse.Namespace) -> Wanted:
    def is_wanted(letter: DeadLetter) -> bool:
        return (
            (not asked.ids or letter.letter_id in asked.ids)
            and asked.cause in {None, letter.cause}
            and asked.queue in {None, letter.queue}
        )

    return is_wanted


def _line(letter: DeadLetter) -> str:
    detail = _printable(letter.detail)[:_SHOWN_CHARACTERS]
    known = (letter.letter_id, letter.buried_at, letter.queue, letter.cause)
    return "  ".join([*(_printable(each) or "-" for each in known), detail]).rstrip()


def _whole(letter: DeadLetter) -> str:
    body = letter.body.decode("utf-8", "backslashreplace")
    return f"{_line(letter)}\n  {_printable(letter.detail)}\n  {_printable(body)}"


def _printable(text: str) -> str:
    """Return a text that cannot move the cursor of whoever reads it."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # `list | head`: what was read is enough, and the interpreter need not say more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
