"""Run nights through the flow, tell each in a few lines, and collect what the oracle denies."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cli.comparison import differences
from cli.telling import tell
from config.settings import settings_from_environment
from flows.nightly_reconciliation import nightly_reconciliation
from sandbox.server import Sandbox
from tasks.core.night_report import NightReport
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade


def run_nights(sandbox: Sandbox, nights: Sequence[datetime], truths: Path) -> list[str]:
    """Run nights in order.

    Args:
        sandbox: Its clock is moved from night to night.
        nights: Moments, aware UTC.
        truths: Folder with the oracle's answer for each.

    Returns:
        Every figure in which the books differ from the oracle, with its night.
    """
    settings = settings_from_environment()
    url = settings.database_url.get_secret_value()
    upgrade(url)
    lake = Lake.open(settings.lake_dir)
    wrong: list[str] = []
    for moment in nights:
        sandbox.move_to(moment)
        os.environ["GRADUAND_NOW"] = moment.isoformat()
        print(f"\n  the night of {moment:%Y-%m-%d} reads its sources ...", flush=True)
        state = nightly_reconciliation(return_state=True)
        night = state.result(raise_on_failure=False)
        if not isinstance(night, NightReport):
            wrong.append(f"{moment:%Y-%m-%d} ended {state.name}: {state.message}")
            continue
        tell(night)
        with Ledger.open(url, lake_id=lake.lake_id) as ledger:
            ledger.verify()
            found = differences(night, ledger, truths / f"{moment:%Y-%m-%d}.json")
        wrong += [f"{moment:%Y-%m-%d} {line}" for line in found]
    return wrong
