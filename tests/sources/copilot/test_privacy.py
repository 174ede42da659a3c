from functools import partial
from typing import Any

import pytest

from tasks.sources.copilot import payloads
from tasks.sources.copilot.billing import Answers, day_bill
from tasks.sources.copilot.payloads import Told
from tasks.sources.copilot.rows import conform_charges, raw_row
from tasks.sources.copilot.told import findings_of
from tests.sources.copilot.fake_copilot import DAYS, line, seat, spent
from tests.sources.test_people_in_reports import PEOPLE, seeded

SHARED: dict[str, Any] = {
    "source": "copilot",
    "endpoint": "billing",
    "issuer": "i",
    "account": "acme",
}
PERIOD = {"year": 2026, "month": 11, "day": 16}


def metered(items: list[object]) -> Told:
    payload = {"timePeriod": PERIOD, "organization": PEOPLE[0], "usageItems": items}
    return payloads.parse_metered(payload, DAYS[0], **SHARED)


def listed(items: list[object]) -> Told:
    return payloads.parse_lines({"usageItems": items}, DAYS[0], **SHARED)


REPORTS: dict[str, Any] = {
    "metered": (spent(), metered, partial(Answers, "acme", lines=Told([]))),
    "listed": (line(DAYS[0]), listed, partial(Answers, "acme", Told([]))),
    "seats": (seat(DAYS[0], quantity=1), listed, partial(Answers, "acme", Told([]))),
}


def kept(name: str, items: list[object]) -> tuple[list[object], str]:
    _, parse, answers = REPORTS[name]
    told = parse(items)
    bill = day_bill(DAYS[0], answers(told))
    rows = [raw_row(item, account) for account, item in bill.items]
    charges = conform_charges(rows, source="copilot", issuer="i", day=DAYS[0])
    everything = (told, bill, rows, charges, findings_of([bill], "copilot"))
    return [*rows, *told.items], repr(everything).lower()


@pytest.mark.parametrize("name", REPORTS)
def test_no_seeded_person_is_kept_from_any_field(name: str) -> None:
    rows, text = kept(name, list(seeded(REPORTS[name][0])))

    assert rows
    assert [part for person in PEOPLE for part in person.lower().split() if part in text] == []


@pytest.mark.parametrize("name", REPORTS)
def test_the_search_finds_a_planted_person(name: str) -> None:
    _, text = kept(name, [REPORTS[name][0] | {"sku": "ottiline"}])

    assert "ottiline" in text
