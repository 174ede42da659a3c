"""Configurations of the nights in a crowd."""

import shutil
from pathlib import Path

from tests.base_config import SHIPPED, write_base_config

WINDOW_DAYS = 20


def brief(folder: Path) -> Path:
    """Ask vendors for no more days than it takes to reach into the month before."""
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("*.py*", "shapes"))
    file = folder / "sources.yaml"
    text = file.read_text()
    assert "window_days: 31" in text
    file.write_text(text.replace("window_days: 31", f"window_days: {WINDOW_DAYS}"))
    return folder


def lenient(folder: Path) -> Path:
    """Ask little enough for a workflow to qualify on what is left of its items in a crowd."""
    write_base_config(folder)
    title = "    title: Propose tests for uncovered code\n"
    controls = "    controls: [{control: human-review, evidence: Handbook, until: 2027-05-31}]\n"
    gate = '    gate: {items: 10, repositories: 1, largest_stratum: "1", floor: "0.50"}\n'
    for name, after, more in (
        ("catalog.yaml", title, controls),
        ("policy.yaml", "  - tier: 1\n", gate),
    ):
        text = (folder / name).read_text()
        assert text.count(after) == 1
        (folder / name).write_text(text.replace(after, after + more))
    return folder
