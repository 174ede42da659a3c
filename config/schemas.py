"""Write the JSON Schemas that editors use for the YAML files: `python -m config.schemas`.

`--check` writes nothing and fails if a schema in `config/schemas/` is not current.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.shapes.base import Shape
from config.shapes.catalog import Catalog
from config.shapes.finance import Finance
from config.shapes.policy import Policy
from config.shapes.sources import Sources
from config.shapes.tickets import Tickets

FOLDER = Path(__file__).parent / "schemas"
SHAPES: Mapping[str, type[Shape]] = {
    "catalog": Catalog,
    "policy": Policy,
    "sources": Sources,
    "finance": Finance,
    "tickets": Tickets,
}


def schema_text(name: str) -> str:
    """Render the schema of one of `SHAPES`, as its file holds it."""
    schema = SHAPES[name].model_json_schema(by_alias=True, mode="validation")
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": f"graduand: {name}.yaml",
    }
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def stale_schemas(folder: Path = FOLDER) -> tuple[str, ...]:
    """Name the schema files of a folder that are missing or not current."""
    return tuple(
        file.name
        for name in SHAPES
        if not (file := _file(folder, name)).is_file()
        or file.read_text(encoding="utf-8") != schema_text(name)
    )


def write_schemas(folder: Path = FOLDER) -> None:
    """Write every schema file of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in SHAPES:
        _file(folder, name).write_text(schema_text(name), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m config.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if a schema is not current")
    if not parser.parse_args(arguments).check:
        write_schemas()
        return 0
    stale = stale_schemas()
    if stale:
        sys.stderr.write(f"not current: {', '.join(stale)}; run `python -m config.schemas`\n")
    return 1 if stale else 0


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.schema.json"


if __name__ == "__main__":
    sys.exit(main())
