import os
import socket

from workers.stack.ports import LOOPBACK, answers, free_port, holder_of, is_free


def test_a_free_port_is_free_until_something_listens() -> None:
    port = free_port()
    assert is_free(port)
    assert not answers(LOOPBACK, port)
    with socket.create_server((LOOPBACK, port)):
        assert not is_free(port)
        assert answers(LOOPBACK, port)


def test_nobody_is_given_the_port_of_another_who_has_not_bound_it_yet() -> None:
    # As many as would meet by chance, were each found by itself.
    ports = [free_port() for _ in range(500)]
    assert len(set(ports)) == len(ports)


def test_the_holder_is_named_with_pid_and_command() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        holder = holder_of(server.getsockname()[1])
    assert holder.pid == os.getpid()
    assert "python" in str(holder)
