"""The shipped configuration without the estate: what most tests of nights are written for."""

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from sandbox.estate import facts

SHIPPED = Path(__file__).resolve().parents[1] / "config"
#: What the shipped files list for the estate alone, by the id or name of the item.
OF_ESTATE = frozenset(
    (
        *facts.FAMILIES,
        *(one.id for one in facts.WORKFLOWS),
        *(one.id for one in facts.ACCOUNTS),
        *facts.API_KEYS.values(),
        *(one.name for one in facts.LOGS),
        *(one.name for one in facts.REPORTS),
        *(one.issuer for one in facts.REPORTS if not one.is_second_opinion),
    )
)
_ITEM = re.compile(r'  - \{?(?:id|name): "?([\w:.-]+)')


def write_base_config(folder: Path) -> None:
    """Write the shipped files without the estate's items; all other lines stay as they are."""
    shutil.copytree(
        SHIPPED, folder, ignore=shutil.ignore_patterns("*.py*", "shapes"), dirs_exist_ok=True
    )
    for name in ("catalog.yaml", "sources.yaml"):
        lines = (SHIPPED / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / name).write_text("".join(_without(lines, OF_ESTATE)), encoding="utf-8")


def _without(lines: list[str], ids: Collection[str]) -> Iterator[str]:
    """Leave out items of the files' lists, to the next line that is not part of one."""
    is_left_out = False
    for line in lines:
        item = _ITEM.match(line)
        if item:
            is_left_out = item[1] in ids
        elif line.strip() and not line.startswith("    "):
            is_left_out = False
        if not is_left_out:
            yield line
