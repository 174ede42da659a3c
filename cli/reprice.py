"""`graduand reprice`: a past window at other prices or contracts; posts nothing."""

import argparse
from datetime import UTC, datetime

from cli.other_file import read_other
from config.load import load_config
from config.settings import settings_from_environment
from config.shapes.sources import Sources
from config.source_checks import sources_misfits
from tasks.as_of import config_as_of
from tasks.core.plan import plan_night
from tasks.core.prices import compile_card, seen_in
from tasks.core.reconciling.repricing import other_issuers, reprice
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
    other = read_other(chosen.sources, Sources, sources_misfits)
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
