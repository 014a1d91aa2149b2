"""The arguments of `python -m workers.archive`."""

import argparse
from datetime import UTC, datetime

from domain.archival.tiers import DataType, month_span

_KINDS = [str(each) for each in DataType]
_BEHAVIOUR = """\
A run goes on where nobody watches: Ctrl-C leaves it, `status` finds it again, and asking for
one that is at work follows it. Times are days (2026-01-31), months (2026-01) or ISO-8601.

exit codes: 0 done, 1 something was left in place or not found, 2 wrong usage, 3 no answer
"""


def parser() -> argparse.ArgumentParser:
    """Make the parser."""
    whole = argparse.ArgumentParser(
        prog="workers.archive",
        description="Run archival, restore, look, and hold.",
        epilog=_BEHAVIOUR,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", required=True)
    for name, told in (("run", "move what is old enough"), ("dry-run", "tell what would move")):
        command = commands.add_parser(name, help=told)
        command.add_argument("data_type", choices=_KINDS)
        command.add_argument("--detach", action="store_true", help="do not follow it")
    restore = commands.add_parser("restore", help="bring records back from cold storage")
    restore.add_argument("data_type", choices=_KINDS)
    restore.add_argument("since", type=moment, metavar="FROM", help="included")
    restore.add_argument("until", type=moment, metavar="TO", help="not included")
    restore.add_argument("--detach", action="store_true", help="do not follow it")
    commands.add_parser("status", help="what is at work, and what is in cold storage")
    holds = commands.add_parser("holds", help="the legal holds")
    _add_holds(holds.add_subparsers(dest="action", required=True))
    return whole


def _add_holds(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    actions.add_parser("list", help="one line for each")
    hold = actions.add_parser("set", help="keep records from cold storage and from deletion")
    hold.add_argument("--type", dest="data_type", choices=_KINDS, help="of this kind only")
    hold.add_argument("--user", dest="user_id", help="of this user only")
    hold.add_argument("--from", dest="since", type=moment, help="made then or later")
    hold.add_argument("--to", dest="until", type=moment, help="made before then")
    hold.add_argument("--reason", required=True)
    actions.add_parser("lift", help="end one").add_argument("hold_id")


def moment(text: str) -> datetime:
    """Read a day, a month or a time; without a zone it is UTC.

    Raises:
        ArgumentTypeError: It is none of them.
    """
    try:
        found = month_span(text)[0] if len(text) == len("2026-01") else datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"not a time: {text}") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
