"""How much memory a process keeps that writes large files."""

import ctypes
from contextlib import suppress
from typing import Final

import pyarrow as pa

# mallopt(3): M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD.
_MALLOC: Final = {-8: 2, -3: 2**18, -1: 2**22}


def bound_memory() -> None:
    """Give what a file needed back to the system once it is written.

    Left to itself each thread keeps a heap of its own, and large buffers become part of it: a
    million records then cost 200 MiB more. The numbers and the call are glibc's; other
    libraries have neither. Call it before threads are started.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    with suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        for parameter, value in _MALLOC.items():
            libc.mallopt(parameter, value)
