from domain.circuit import CircuitBreaker


def failing(times: int) -> CircuitBreaker:
    circuit = CircuitBreaker(failures=3, open_s=10)
    for _ in range(times):
        assert circuit.wait_s(0) == 0
        circuit.failed(0)
    return circuit


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    circuit = failing(2)
    assert circuit.wait_s(0) == 0
    circuit.succeeded()
    circuit.failed(0)
    circuit.failed(0)
    assert circuit.wait_s(1) == 0
    circuit.failed(1)
    assert circuit.wait_s(2) == 9


def test_one_try_at_a_time_tells_whether_it_closes() -> None:
    circuit = failing(3)
    assert circuit.wait_s(10) == 0
    assert circuit.wait_s(10) == 10  # another meanwhile
    circuit.failed(12)
    assert circuit.wait_s(12) == 10
    assert circuit.wait_s(22) == 0
    circuit.succeeded()
    assert circuit.wait_s(22) == 0


def test_a_longer_pause_that_was_asked_for_is_kept() -> None:
    circuit = failing(2)
    circuit.failed(0, retry_after_s=60)
    assert circuit.wait_s(20) == 40
