"""`graduand up` looks at its ports before it starts anything."""

import contextlib
import socket

import pytest

from cli.main import main


def taken_beside_a_free_one(other: socket.socket) -> int:
    """Take a port, the one below which nobody has: other tests take ports at the same time."""
    for taken in range(20_001, 30_000, 2):
        with contextlib.suppress(OSError), socket.socket() as below:
            below.bind(("127.0.0.1", taken - 1))
            other.bind(("127.0.0.1", taken))
            other.listen()
            return taken
    pytest.fail("no two free ports side by side")


@pytest.mark.parametrize("neighbour", [0, 1])
def test_a_port_that_is_taken_is_told_before_anything_starts(
    capsys: pytest.CaptureFixture[str], neighbour: int
) -> None:
    with socket.socket() as other:
        taken = taken_beside_a_free_one(other)

        assert main(["up", "--sandbox", "--port", str(taken - neighbour)]) == 1

    error = capsys.readouterr().err
    assert f"port {taken} on 127.0.0.1 is taken" in error
    assert "--port" in error


@pytest.mark.parametrize("port", ["0", "-1", "65536", "65535"])
def test_a_number_that_is_no_port_is_told(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert main(["up", "--sandbox", "--port", port]) == 1

    assert "is no port" in capsys.readouterr().err
