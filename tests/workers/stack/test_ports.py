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


def test_the_holder_is_named_with_pid_and_command() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        holder = holder_of(server.getsockname()[1])
    assert holder.pid == os.getpid()
    assert "python" in str(holder)
