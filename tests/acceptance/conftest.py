"""Installations of their own for real data: a configuration, a lake and a ledger, and nights."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from tasks.core.night_report import NightReport
from tests.databases import NewDatabase
from tests.flows.nights import EVERY, Night, run

_SHIPPED = Path(__file__).resolve().parents[2] / "config"
_OF_TESTS = {"GRADUAND_SHARED", "GRADUAND_REQUIRE_POSTGRES", "GRADUAND_TEST_POSTGRES"}


@dataclass(frozen=True)
class Installation:
    """Where the nights of one test module keep everything.

    Attributes:
        logs: For change logs; the source that reads them starts from `folder`.
        patch: For settings; undone after the last test of the module.
    """

    folder: Path
    patch: pytest.MonkeyPatch

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    def configure(self, catalog: dict[str, Any], sources: dict[str, Any]) -> None:
        """Write a configuration with the shipped policy; JSON is YAML."""
        config = self.folder / "config"
        shutil.copy(_SHIPPED / "policy.yaml", config / "policy.yaml")
        for name, body in (("catalog", catalog), ("sources", sources)):
            (config / f"{name}.yaml").write_text(json.dumps({"version": 1, **body}, indent=1))

    def night(self, now: datetime, window: tuple[date, date]) -> NightReport:
        """Run the stages of a night on every stream of every source."""
        return run(Night(now, window, only=EVERY))


def family(*workflows: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Give a catalog of one family; workflows get what every workflow must have."""
    return {
        "portfolios": [
            {"id": "coding", "title": "Coding", "owner": "coding-lead", "cost_centre": "CC-1"}
        ],
        "families": [{"id": "agents", "portfolio": "coding", "title": "Agents", **parts}],
        "workflows": [
            {"family": "agents", "title": workflow["id"], "risk_tier": 0, **workflow}
            for workflow in workflows
        ],
    }


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory,
    lasting_databases: Callable[[str], NewDatabase],
) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    for name in ("config", "logs"):
        (folder / name).mkdir()
    with pytest.MonkeyPatch.context() as patch:
        # Whoever runs the tests may have settings of their own.
        for name in [one for one in os.environ if one.startswith("GRADUAND_")]:
            if name not in _OF_TESTS:
                patch.delenv(name)
        patch.setenv("GRADUAND_DIGEST_KEY", "the key of the acceptance tests, 32 characters")
        patch.setenv("GRADUAND_DATABASE_URL", lasting_databases("sqlite")().url)
        patch.setenv("GRADUAND_LAKE_DIR", str(folder / "lake"))
        patch.setenv("GRADUAND_CONFIG_DIR", str(folder / "config"))
        patch.setenv("GRADUAND_WORK_DIR", str(folder))
        yield Installation(folder, patch)
