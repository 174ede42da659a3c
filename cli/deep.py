"""`graduand check --deep`: every stored byte and row, held against what was recorded.

Each check is a name, a sentence of what it proved, and one sentence for each fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cli.deep_sums import sum_faults
from config.load import Config
from tasks.core.books import Snapshot
from tasks.core.errors import GraduandError
from tasks.lake.deep import FileCheck
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tasks.sources.registry import adapter_of

_MEBIBYTE = 1024 * 1024
_RESTORE = "restore the ledger from a copy, and find out who changed it"
#: What each check of the ledger proves, in words.
_PROVES = {
    "database": "pages, indexes and references are whole",
    "chain": "guards stand, heads follow each other, every entry sums to zero",
    "seals": "rows are what each night sealed",
    "numbers": "no row is missing between others",
    "digests": "breaks and quarantine are what their ids and counts say",
    "periods": "each closed period holds what was signed",
    "verdicts": "each verdict and decision stands on the evidence that it names",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """One line of the answer, and the faults below it."""

    name: str
    proved: str
    faults: tuple[str, ...]


def deep_checks(config: Config, lake: Lake, ledger: Ledger) -> Iterator[Checked]:
    """Check everything, one thing after the other; nothing is changed."""
    unsealed = 0
    is_sound = True
    for name, faults in ledger.deep_faults().items():
        is_sound = is_sound and not faults
        proved = _PROVES[name]
        if name == "seals" and not faults:
            unsealed = ledger.unsealed_rows()
            proved += f"; {unsealed} newer rows wait for the next booked night" if unsealed else ""
        yield Checked(name, proved, tuple(faults))
    try:
        snapshots = _every_snapshot(ledger)
    except (GraduandError, ValueError) as fault:
        message = f"ledger: a snapshot's row cannot be read ({fault}): {_RESTORE}"
        yield Checked("files", "", (message,))
        return
    files = FileCheck(lake)
    streams = {
        (source.name, stream.name): stream
        for source in config.sources.sources
        for stream in adapter_of(source).streams
    }
    damaged = tuple(files.faults(snapshots, streams))
    yield Checked("files", _files_proved(files, snapshots), damaged)
    yield Checked("events", "every event is one that the lake holds", tuple(_events(files, ledger)))
    if is_sound and not damaged:  # what cannot be read cannot be summed either
        compared, wrong = sum_faults(config, lake, ledger, _RESTORE)
        proved = f"{compared} issuer-days: booked is exactly what was billed"
        yield Checked("sums", proved, tuple(wrong))


def _every_snapshot(ledger: Ledger) -> list[Snapshot]:
    seq = ledger.newest_seq()
    return [
        one
        for layer in ("raw", "conformed")
        for one in ledger.snapshots_as_of(seq, layer=layer, which=Which.EVERY)
    ]


def _files_proved(files: FileCheck, snapshots: list[Snapshot]) -> str:
    size = files.size_bytes / _MEBIBYTE
    proved = f"{len(snapshots)} snapshots, {files.files} files, {size:.1f} MiB: every byte"
    if files.unsealed:
        proved += f", but of {files.unsealed} older ones rows only"
    return proved


def _events(files: FileCheck, ledger: Ledger) -> Iterator[str]:
    for event in ledger.stored_events():
        if event not in files.events:
            yield (
                f"ledger: event {event[1]!r} of {event[2]!r} is not one that source {event[0]!r}"
                f" gave: {_RESTORE}"
            )
