"""How the services that take events are put together."""

import ast
from pathlib import Path

import workers

ROOT = Path(workers.__path__[0])


def test_none_is_killed_for_ever_by_one_message() -> None:
    """Classic queues do not count deliveries: whoever consumes must."""
    consumers = [
        (path.name, node)
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("EventConsumer")
    ]
    assert len(consumers) >= 3
    for name, call in consumers:
        counted = {each.arg: ast.unparse(each.value) for each in call.keywords}.get("attempts", "")
        # Counted under the name of the queue that it takes from.
        queue = ast.unparse(call.args[1])
        assert counted == f"MongoEventAttempts(connections.database, {queue})", name
