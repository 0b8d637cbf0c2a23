"""Invariant: a client who does not go on is not waited for without end, nor by the thread that serves the others."""

from __future__ import annotations

import socket

import pytest

from dashboard.operations.stalled import give_up_stalled, take_leave


def test_connections_of_a_listener_are_not_read_from_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        give_up_stalled(listener, 0.01)
        with socket.create_connection(listener.getsockname()) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\n")
            line, _ = listener.accept()
            with line:
                line.setblocking(True)  # as gunicorn does
                assert line.recv(100).startswith(b"GET")
                with pytest.raises(BlockingIOError):
                    line.recv(100)


def test_whoever_closes_the_line_need_not_wait_for_a_client_who_keeps_it_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        line, _ = listener.accept()
        with line:
            line.sendall(b"answered")
            take_leave(line, 0.01)
            assert line.recv(1) == b""  # at once: this end is shut
        assert client.recv(100) == b"answered"
        assert client.recv(100) == b""
