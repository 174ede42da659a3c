"""The directory: which squad a person is of, read into memory for one pull and forgotten.

A CSV file with the columns `person` and `squad`; a person may stand in several lines, one
for each e-mail address, login or account id that vendors know them by.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path

from tasks.core.errors import ConfigError
from tasks.core.people import normal

_COLUMNS = ("person", "squad")
_SQUAD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)


def read_directory(path: Path) -> Mapping[str, str]:
    """Read squads by normalised identifier.

    Raises:
        ConfigError: It is no such file; it names the line, and never what stands there.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return _read(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"the directory cannot be read ({type(error).__name__}); see GRADUAND_DIRECTORY"
        raise ConfigError(message) from None


def _read(rows: "csv.DictReader[str]") -> Mapping[str, str]:
    if any((rows.fieldnames or ()).count(name) != 1 for name in _COLUMNS):
        message = "the directory needs the columns `person` and `squad` once in its first line"
        raise ConfigError(message)
    squads: dict[str, str] = {}
    for row in rows:
        person, squad = (str(row[name] or "").strip() for name in _COLUMNS)
        if not person and not squad:
            continue
        if not person or _SQUAD.fullmatch(squad) is None:
            message = (
                f"line {rows.line_num} of the directory needs a person and a squad, which is a "
                "short word of a-z, 0-9, `_`, `.` and `-`"
            )
            raise ConfigError(message)
        if squads.setdefault(normal(person), squad) != squad:
            message = f"line {rows.line_num} of the directory gives somebody a second squad"
            raise ConfigError(message)
    if not squads:
        message = "the directory names nobody: restore it, or unset GRADUAND_DIRECTORY"
        raise ConfigError(message)
    return squads
