"""How a process of ours tells whoever started it that it is ready.

The local stack (and any other parent) may leave a pipe open in the child and name its
descriptor in `BOTCORE_READY_FD`; the child writes one line to it when it serves. Without
the variable nothing is written, so a process started by hand behaves the same.
"""

import os

READY_FD_VARIABLE = "BOTCORE_READY_FD"
READY_LINE = b"ready\n"


def announce_ready() -> None:
    """Say once that this process serves; later calls do nothing.

    The variable is taken out of the environment, so that a grandchild that inherits it
    cannot speak for this process.
    """
    descriptor = os.environ.pop(READY_FD_VARIABLE, None)
    if descriptor is None:
        return
    with os.fdopen(int(descriptor), "wb", buffering=0) as pipe:
        pipe.write(READY_LINE)
