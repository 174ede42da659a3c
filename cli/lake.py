"""`graduand lake prune`: delete files of the lake that nothing refers to; a dry run by default."""

import argparse
from datetime import UTC, datetime, timedelta

from config.settings import settings_from_environment
from tasks.lake.prune import delete, loose_files
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.pages.text import plain

_SHOWN = 20
_MEBIBYTE = 1024 * 1024


def main(chosen: argparse.Namespace) -> int:
    """List loose files, and delete them if asked to."""
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        seq = ledger.newest_seq()
        referenced = {
            snapshot.path
            for layer in ("raw", "conformed")
            for snapshot in ledger.snapshots_as_of(seq, layer=layer, which=Which.EVERY)
        }
    loose = loose_files(
        lake, referenced, now=datetime.now(UTC), older_than=timedelta(days=chosen.older_than)
    )
    for file in loose[:_SHOWN]:
        print(f"  {file.modified_at:%Y-%m-%d}  {file.size_bytes:>12,}  {plain(file.path)}")
    if len(loose) > _SHOWN:
        print(f"  ... and {len(loose) - _SHOWN} more")
    size = sum(file.size_bytes for file in loose) / _MEBIBYTE
    print(
        f"{len(loose)} files, {size:.1f} MiB, that nothing refers to; {len(referenced)} are kept."
    )
    if not loose:
        return 0
    if not chosen.delete:
        print("Nothing was deleted: this was a dry run. Add --delete to delete them.")
        return 0
    delete(lake, loose)
    print("They are deleted.")
    return 0
