"""What every test stands on: a repeatable Hypothesis, no reach for Prefect's cloud or servers."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Repeatable in continuous integration; `HYPOTHESIS_PROFILE=search` looks further.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

pytest_plugins = ["tests.databases"]

# Before anything imports Prefect: no telemetry, and a digest key for flows that load settings.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("GRADUAND_DIGEST_KEY", "a key for tests only, 32 characters or more")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real data, or skip saying what to set."""
    folder = os.environ.get("GRADUAND_SHARED", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data is absent: set GRADUAND_SHARED to the folder that holds it")
    return Path(folder)
