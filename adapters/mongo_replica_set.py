"""Make a lone local mongod the primary of a one-node replica set, so that transactions work."""

from typing import Any

import pymongo
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

REPLICA_SET = "rs0"
_TIMEOUT_MS = 1_000
# Interrupted half-way it leaves a node that is neither new nor a member of anything, for ever.
_CONFIGURE_TIMEOUT_S = 60
# The server's code for "replSetInitiate was never run here".
_NOT_YET_INITIALIZED = 94


def ensure_primary(host: str, port: int) -> bool:
    """Return whether the mongod at the address is primary, having asked for it where needed.

    Call again until it is: an election takes a moment. A node that has moved to another
    port since it was initiated is given its new address.
    """
    client: MongoClient[dict[str, Any]] = MongoClient(
        host, port, directConnection=True, timeoutMS=_TIMEOUT_MS
    )
    address = f"{host}:{port}"
    with client:
        try:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            with pymongo.timeout(_CONFIGURE_TIMEOUT_S):
                _configure(client, address)
        except PyMongoError:
            return False
    return False


def _configure(client: MongoClient[dict[str, Any]], address: str) -> None:
    members = [{"_id": 0, "host": address}]
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
        return
    if config["members"][0]["host"] != address:
        moved = {**config, "version": config["version"] + 1, "members": members}
        client.admin.command("replSetReconfig", moved, force=True)
