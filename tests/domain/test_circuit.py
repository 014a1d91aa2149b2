from hypothesis import given
from hypothesis import strategies as st

from domain.circuit import pause_s
from domain.timing import CIRCUIT_OPEN_MAX_S, CIRCUIT_OPEN_S


def test_a_model_is_left_alone_as_it_asks() -> None:
    assert pause_s(0) == CIRCUIT_OPEN_S
    assert pause_s(60) == 60


@given(st.floats(min_value=0))
def test_but_never_for_good(asked_s: float) -> None:
    assert CIRCUIT_OPEN_S <= pause_s(asked_s) <= CIRCUIT_OPEN_MAX_S
