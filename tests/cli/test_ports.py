"""`graduand up` looks at its ports before it starts anything."""

import socket

import pytest

from cli.main import main


@pytest.mark.parametrize("neighbour", [0, 1])
def test_a_port_that_is_taken_is_told_before_anything_starts(
    capsys: pytest.CaptureFixture[str], neighbour: int
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        assert main(["up", "--sandbox", "--port", str(taken - neighbour)]) == 1

    error = capsys.readouterr().err
    assert f"port {taken} on 127.0.0.1 is taken" in error
    assert "--port" in error


@pytest.mark.parametrize("port", ["0", "-1", "65536", "65535"])
def test_a_number_that_is_no_port_is_told(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert main(["up", "--sandbox", "--port", port]) == 1

    assert "is no port" in capsys.readouterr().err
