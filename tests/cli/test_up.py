"""`graduand up`: one command up, one interrupt down, nothing lost at the second start."""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def free_ports() -> int:
    """Find a port whose neighbour is free as well: the sandbox listens there."""
    for port in range(14200, 15200, 2):
        with socket.socket() as one, socket.socket() as two:
            try:
                one.bind(("127.0.0.1", port))
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    pytest.fail("no two neighbouring ports are free")


@contextmanager
def brought_up(port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("GRADUAND_", "PREFECT_"))}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "up", "--port", str(port), "--sandbox"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environ,
    )
    assert process.stdout is not None
    told = ""
    try:
        for line in process.stdout:
            told += line
            if "Ctrl-C ends everything" in line:
                break
        login = re.search(r"log in\s+(\S+)", told)
        assert login, told
        yield process, login.group(1)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def ask(port: int, login: str, path: str, body: object = None) -> Any:
    token = base64.b64encode(login.encode()).decode()
    request = Request(
        f"http://127.0.0.1:{port}/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Basic {token}", "Content-Type": "application/json"},
    )
    with urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def test_it_comes_up_runs_a_night_and_goes_down_with_one_interrupt() -> None:
    port = free_ports()

    with brought_up(port) as (_, login):
        with pytest.raises(HTTPError) as refused:
            ask(port, "graduand:wrong", "deployments/filter", {})
        assert refused.value.code == 401

        deployments = {str(one["name"]): one for one in ask(port, login, "deployments/filter", {})}
        assert {"nightly", "on-demand"} <= set(deployments)
        path = f"deployments/{deployments['on-demand']['id']}/create_flow_run"
        run = ask(port, login, path, {"parameters": {}})["id"]
        give_up = time.monotonic() + 240
        while time.monotonic() < give_up:
            state = ask(port, login, f"flow_runs/{run}")
            if state["state_type"] in {"COMPLETED", "FAILED", "CRASHED"}:
                break
            time.sleep(2)
        assert state["state_type"] == "COMPLETED"
        assert str(state["name"]).startswith("2026-11-20 · ")
        runs = ask(port, login, "flow_runs/filter", {})
        scheduled = [one for one in runs if one["state_type"] == "SCHEDULED"]
        assert scheduled, "the nightly schedule has created no run"

    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0

    with brought_up(port) as (_, again):
        assert again == login
        names = {str(one["name"]) for one in ask(port, login, "deployments/filter", {})}
        assert {"nightly", "on-demand"} <= names
