"""The session's own chance: seeded, and its whole state is one number.

splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
The standard library's generator would put 625 numbers into every session's state.
"""

from decimal import Decimal

_MASK = (1 << 64) - 1
_SHARE_BITS = 32


def seeded(seed: int) -> int:
    """Return the state that a seed begins with."""
    return seed & _MASK


def draw(state: int) -> tuple[int, Decimal]:
    """Return the next state, and a share drawn uniformly from [0, 1): an exact binary one."""
    state = (state + 0x9E3779B97F4A7C15) & _MASK
    mixed = state
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    mixed ^= mixed >> 31
    return state, Decimal(mixed >> (64 - _SHARE_BITS)) / (1 << _SHARE_BITS)
