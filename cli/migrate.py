"""`graduand migrate`: create the ledger or bring its schema up to date; flows never do."""

import argparse

from config.settings import settings_from_environment
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.upgrade import upgrade


def main(_chosen: argparse.Namespace) -> int:
    """Migrate, then open both stores once, so that lake and ledger are paired."""
    settings = settings_from_environment()
    url = settings.database_url.get_secret_value()
    revision = upgrade(url, writer_role=settings.database_writer_role)
    lake = Lake.open(settings.lake_dir)
    Ledger.open(url, lake_id=lake.lake_id).close()
    print(f"the ledger is at revision {revision}, paired with lake {lake.lake_id}")
    return 0
