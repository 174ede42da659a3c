"""The memo of a night: served again as long as nothing that the night was made of has changed.

It stands in the lake; the ledger holds its digest. So a damaged memo, a forged one or one of
another ledger is told and computed again, and a stale one is never looked for: its name is the
digest of everything that the night was made of.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from config.load import Config
from tasks.core.books import Snapshot
from tasks.core.digests import joined_digest
from tasks.core.errors import LedgerError
from tasks.core.kept import KeptNight, kept_text, read_kept
from tasks.core.month_end.periods import newest_number
from tasks.core.plan import Plan
from tasks.core.version import CODE_VERSION
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger

log = logging.getLogger(__name__)

_KIND = "night"
_FIELD = "night"


@dataclass(frozen=True, slots=True)
class Moment:
    """The newest of everything that a night could see.

    Attributes:
        seq: Snapshot.
        books_at: Night; read before everything else.
        acts_at: Act upon a period.
        stamps: Digest of the workflows' stamps that work items carry.
    """

    seq: int
    books_at: int
    acts_at: int
    stamps: str


def moment_of(ledger: Ledger) -> Moment:
    """Read what is newest now."""
    books_at = ledger.books_at()
    acts_at = newest_number(ledger.period_acts())
    return Moment(ledger.newest_seq(), books_at, acts_at, _stamps(ledger))


def load_night(
    plan: Plan, config: Config, moment: Moment, lake: Lake, ledger: Ledger
) -> KeptNight | None:
    """Find the memo of the night that was booked last, if this one would be made of the same."""
    key = _key(plan, config, moment, lake)
    rows = lake.load_memo(_KIND, key)
    if rows is None:
        return None
    try:
        (row,) = rows
        text = str(row[_FIELD])
        if not ledger.knows_memo(key, _digest(key, text)):
            log.warning("a night's memo is refused: this ledger never wrote it; computing again")
            return None
        kept = read_kept(text)
    except (KeyError, TypeError, ValueError):
        log.warning("a night's memo cannot be read; computing again")
        return None
    paths = [path for path, _ in kept.files]
    if lake.files.sizes(paths) != [size for _, size in kept.files]:
        log.info("a file of the lake is not what it was; computing again without the memo")
        return None
    log.info("nothing has changed since night %s: its memo is served", moment.books_at)
    return kept


def save_night(
    plan: Plan, config: Config, moment: Moment, lake: Lake, ledger: Ledger, kept: KeptNight
) -> None:
    """Keep a night that has just been booked.

    Args:
        plan: The night.
        config: What it was computed with.
        moment: What it was computed from, with its own number once it is booked.
        lake: Where the memo goes.
        ledger: Where its digest goes, after it.
        kept: What there is to keep.
    """
    if _stamps(ledger) != moment.stamps:
        return  # work items were stamped meanwhile: no telling which of them the night has seen
    key, text = _key(plan, config, moment, lake), kept_text(kept)
    lake.save_memo(_KIND, key, [{_FIELD: text}])
    try:
        ledger.record_memo(key, _digest(key, text), plan.as_of)
    except LedgerError as error:  # the night itself is booked: the next one just computes
        log.warning("the night's memo is not recorded: %s", error)


def files_of(snapshots: Sequence[Snapshot]) -> tuple[tuple[str, int], ...]:
    """Name the files of snapshots, with their sizes."""
    return tuple((one.path, one.size_bytes) for one in snapshots)


def _stamps(ledger: Ledger) -> str:
    return joined_digest(f"{item} {stamp}" for item, stamp in ledger.item_stamps().items())


def _key(plan: Plan, config: Config, moment: Moment, lake: Lake) -> str:
    """Digest everything that a night is made of."""
    made_of = [
        lake.lake_id,
        *(str(one) for one in (plan.start, plan.end, plan.as_of.date())),
        *(moment.seq, moment.books_at, moment.acts_at, moment.stamps),
        sorted(config.digests.items()),
        *(CODE_VERSION, version("genai-prices")),
    ]
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _digest(key: str, text: str) -> str:
    return hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()
