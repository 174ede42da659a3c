"""`graduand reprice`: a past window at other prices or contracts; posts nothing."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from config.errors import ConfigError
from config.explain import validate_document
from config.load import load_config
from config.settings import settings_from_environment
from config.shapes.sources import Sources
from config.source_checks import sources_misfits
from config.yaml_lines import read_document
from tasks.as_of import config_as_of
from tasks.core.plan import plan_night
from tasks.core.prices import compile_card, seen_in
from tasks.core.repricing import other_issuers, reprice
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.night_inputs import gather
from tasks.pages.new_file import write_file
from tasks.pages.repricing import repricing_csv, repricing_story
from tasks.sources.registry import streams_by_source


def main(chosen: argparse.Namespace) -> int:
    """Compute the window twice, and tell the difference."""
    settings = settings_from_environment()
    now = load_config(settings.config_dir)
    other = read_sources(chosen.sources)
    moment = settings.now or datetime.now(UTC)
    plan = plan_night(
        streams_by_source(now.sources),
        window=(chosen.start, chosen.end),
        only=None,
        as_of=chosen.as_of or moment,
        now=moment,
    )
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        config, _ = config_as_of(plan.as_of, ledger, now)
        issuers = other_issuers(config.sources, other)
        inputs = gather(plan, config, lake, ledger).inputs
    found = reprice(inputs, compile_card(issuers, seen_in(inputs.runs, inputs.usage)))
    print(repricing_story(found, plan.start, plan.end), end="")
    if chosen.csv:
        text = repricing_csv(found, plan.start, plan.end)
        write_file(chosen.csv, text.encode(), replaces=chosen.force)
        print(f"\nWritten to {chosen.csv}")
    return 0


def read_sources(file: Path) -> Sources:
    """Read a sources file that stands outside the configuration.

    Raises:
        ConfigError: It cannot be read, or is no such file; every problem is named.
    """
    document = read_document(file)
    shaped, problems = validate_document(document, Sources)
    found = [*document.problems, *problems]
    if shaped is not None:
        found += [document.problem(one.path, one.message) for one in sources_misfits(shaped)]
    if shaped is None or found:
        what = f"the sources in {file}"
        raise ConfigError.listing(what, found)
    return shaped
