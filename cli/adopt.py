"""`graduand adopt`: a useful first day, before anything is declared or stamped.

Reads as a night does, into the same stores, and books nothing. Writes a drafted catalog, its
diff and a report into a folder of its own; no file of the configuration is ever changed.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.adopt_files import (
    EXAMPLE_SOURCES,
    configuration_for,
    present_catalog,
    refuse_unwritable,
    write_drafts,
)
from cli.adopt_reading import read_streams
from config.errors import ConfigError
from config.load import load_config
from config.misfits import POLICY, SOURCES
from config.settings import Settings, settings_from_environment
from config.shapes.sources import ChargeSource, GithubSource, Source, Sources
from config.wiring import wiring_problems
from tasks.adopt import adopt
from tasks.core.adoption.adoption import Adoption
from tasks.core.adoption.as_json import adoption_json
from tasks.core.plan import Failure, Plan, PlanError, plan_night
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade
from tasks.pages.adoption import WIDTH, adoption_text
from tasks.sources.registry import enabled_sources, streams_by_source


def main(chosen: argparse.Namespace) -> int:
    """Read, draft, tell; 1 if something could not be read, 2 if there is nothing to read."""
    settings = settings_from_environment()
    if not (settings.config_dir / SOURCES).exists():
        print(f"graduand: {settings.config_dir / SOURCES} does not exist.", file=sys.stderr)
        print(f"Start from this one, then run it again:\n\n{EXAMPLE_SOURCES}", file=sys.stderr)
        return 2
    out: Path = (chosen.out or settings.work_dir / "var" / "adopt").resolve()
    if out == settings.config_dir.resolve():
        message = "graduand: --out is the configuration's own folder: choose another one"
        print(message, file=sys.stderr)
        return 2
    has_policy = (settings.config_dir / POLICY).exists()
    own = settings.config_dir
    with configuration_for(own) as read:
        # The stages read the configuration by themselves: what it lacks on a first day stands in.
        os.environ["GRADUAND_CONFIG_DIR"] = str(read)
        settings = settings_from_environment()
        try:
            sources = enabled_sources(load_config(read).sources)
        except ConfigError as error:
            # People mend their own file, not the copy that was read.
            message = str(error).replace(str(read), str(own))
            raise ConfigError(message, error.problems) from None
        if lacking := _lacking(sources):
            print(f"graduand: {lacking}", file=sys.stderr)
        if not any(isinstance(one, GithubSource | ChargeSource) for one in sources):
            return 2
        refuse_unwritable(out)
        try:
            adoption = _adopt(chosen, settings, present_catalog(own))
        except PlanError as error:
            print(f"graduand: {error}", file=sys.stderr)
            return 2
    files = write_drafts(out, adoption, with_policy=not has_policy)
    if chosen.json:
        print(json.dumps(adoption_json(adoption), indent=1, sort_keys=True))
    else:
        _tell(adoption, files)
    return 1 if adoption.failures else 0


def _lacking(sources: Iterable[Source]) -> str:
    """Say what a first day would be more useful with; empty if it has it."""
    found = list(sources)
    lacks = []
    if not any(isinstance(one, GithubSource) for one in found):
        lacks.append("a source of type `github`, to find agents' work")
    if not any(isinstance(one, ChargeSource) for one in found):
        lacks.append("a vendor's bill, e.g. of type `anthropic` or `openai`, to find dollars")
    return (
        f"{SOURCES} has neither of: {'; '.join(lacks)}"
        if len(lacks) > 1
        else (f"{SOURCES} lacks {lacks[0]}" if lacks else "")
    )


def _adopt(chosen: argparse.Namespace, settings: Settings, present: str | None) -> Adoption:
    started = datetime.now(UTC)
    url = settings.database_url.get_secret_value()
    upgrade(url, writer_role=settings.database_writer_role)
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        config = load_config(settings.config_dir)
        plan = plan_night(
            streams_by_source(config.sources),
            window=None,
            only=chosen.sources,
            as_of=None,
            now=settings.now or started,
            trailing_days=chosen.days,
        )
        unwired = _unwired(plan, settings, config.sources)
        readable = [one for one in plan.orders if one.source not in unwired]
        failures = list(unwired.values()) + read_streams(
            replace(plan, orders=tuple(readable)),
            deadline=started + timedelta(minutes=settings.night_deadline_minutes),
            from_scratch=chosen.repull,
            # Progress is for people; standard output may be a program's.
            tell=lambda line: print(line, file=sys.stderr, flush=True),
        )
        return adopt(plan, config, present, lake, ledger, settings, failures)


def _unwired(plan: Plan, settings: Settings, sources: Sources) -> dict[str, Failure]:
    """Find the ordered sources whose secret is missing: told once, not by every stream."""
    ordered = {order.source for order in plan.orders}
    problems = [one for one in wiring_problems(settings, sources) if one.source in ordered]
    return {one.source: Failure(one.source, "", one.message) for one in reversed(problems)}


def _tell(adoption: Adoption, files: Sequence[Path]) -> None:
    print()
    print(adoption_text(adoption, shutil.get_terminal_size((WIDTH, 0)).columns))
    print("\n  written")
    for path in files:
        print(f"    {path}")
    if adoption.diff:
        has_policy = any(path.name == POLICY for path in files)
        also = f", put {POLICY} beside the catalog" if has_policy else ""
        print(f"  read report.md, `git apply` catalog.diff{also},")
        print("  then replace every `todo`; nothing is booked yet")
    else:
        print("  the catalog has it all: nothing is left to draft, and nothing is booked")
