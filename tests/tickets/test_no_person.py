"""People act on tickets all the time; nothing that we keep, tell or log names one of them."""

import logging
from pathlib import Path

import pytest

from sandbox.people import SEEDED_NAMES
from tasks.tickets.deliver import Delivered
from tests.tickets.rig import BOARDS, SYSTEMS, Rig

WEEK = 7 * 24 * 60


def test_no_person_stands_in_the_ledger_what_is_told_or_the_log(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[Delivered] = []
    for system in SYSTEMS:
        key = f"{system}@1"
        rig.queue(key)
        told.append(rig.one(system, key))
        (ticket,) = rig.listed(system)
        place = {"system": BOARDS[system], "key": ticket["key"]}
        for name in SEEDED_NAMES[:3]:
            rig.act("comment", **place, text=f"{name} says no")
            rig.act("label", **place, add=f"graduand:{name}".replace(" ", "-"))
        rig.act("clone", **place)
        rig.act("forge", **place)
        rig.act("decide", **place, decision="declined")
        rig.wait(WEEK)
        told.append(rig.one(system, key, evidence="d2"))

    outside = repr([rig.listed(system, ours=False) for system in SYSTEMS])
    assert all(name in outside for name in SEEDED_NAMES[:3])  # or nothing is shown by this
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.db*"))
    seen = repr(told) + caplog.text + kept.decode("utf-8", "replace")
    assert [name for name in SEEDED_NAMES if name.lower() in seen.lower()] == []
