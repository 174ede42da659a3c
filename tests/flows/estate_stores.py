"""Stores for nights that read a few sources of the sandbox's estate."""

import shutil
from collections.abc import Collection
from pathlib import Path

import pytest
import yaml

from cli.rehearse import environment
from sandbox.server import Sandbox
from tests.base_config import SHIPPED
from tests.databases import Database
from tests.flows.stores import Stores


def use_estate(
    estate: Sandbox,
    database: Database,
    folder: Path,
    sources: Collection[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Stores:
    """Put empty stores in use, with these sources on, and without a directory."""
    made = Stores(folder, database)
    shutil.copytree(SHIPPED, made.config, ignore=shutil.ignore_patterns("*.py*"))
    file = made.config / "sources.yaml"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    for source in said["sources"]:
        source["enabled"] = source["name"] in sources
    file.write_text(yaml.safe_dump(said), encoding="utf-8")
    for name, value in environment(estate, folder).items():
        if name.startswith("GRADUAND_"):
            monkeypatch.setenv(name, value)
    monkeypatch.delenv("GRADUAND_DIRECTORY", raising=False)
    monkeypatch.setenv("GRADUAND_DATABASE_URL", made.database.url)
    monkeypatch.setenv("GRADUAND_LAKE_DIR", str(made.lake))
    monkeypatch.setenv("GRADUAND_CONFIG_DIR", str(made.config))
    return made
