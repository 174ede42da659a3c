"""An incident counts against what it names as its cause; a link without a word is unknown."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasks.core.work.item_incidents import incident_causes, incident_moments, untyped_incident_items
from tasks.core.work.item_states import ItemState, Link, current_items
from tasks.core.work.work_items import EventKind, ItemEvent, ItemType, LinkType

START = datetime(2026, 11, 1, tzinfo=UTC)
ITEM, INCIDENT = "gh:900#1", "jira:7"


def item(*links: tuple[LinkType, str], key: str = ITEM, hours: int = 0) -> ItemState:
    opened_at = START + timedelta(hours=hours)
    made = ItemState(key, ItemType.PULL_REQUEST, opened_at)
    return replace(made, links=tuple(Link(*link) for link in links))


def incident(*links: tuple[LinkType, str], key: str = INCIDENT, hours: int = 5) -> ItemState:
    return replace(item(*links, key=key, hours=hours), is_incident=True)


def untyped(*items: ItemState, names: dict[str, str] | None = None) -> frozenset[str]:
    return untyped_incident_items({one.item: one for one in items}, names or {})


def test_each_incident_that_names_an_item_is_listed_by_when_it_opened() -> None:
    items = [
        item((LinkType.CAUSES, "jira:8")),
        incident((LinkType.CAUSED_BY, ITEM), hours=9),
        incident(key="jira:8", hours=5),
        incident((LinkType.USED_IN, ITEM), key="jira:9"),
    ]
    known = {one.item: one for one in items}

    assert incident_causes(known, {}) == {"jira:7": {ITEM}, "jira:8": {ITEM}}
    assert incident_moments(known, {}) == {
        ITEM: (START + timedelta(hours=5), START + timedelta(hours=9))
    }


def test_both_sides_saying_so_is_one_incident() -> None:
    items = [item((LinkType.CAUSES, INCIDENT)), incident((LinkType.CAUSED_BY, ITEM))]

    assert len(incident_moments({one.item: one for one in items}, {})[ITEM]) == 1


@pytest.mark.parametrize("link", [LinkType.UNTYPED, LinkType.RELATES])
def test_a_link_without_a_word_is_found_from_either_side(link: LinkType) -> None:
    assert untyped(item(), incident((link, ITEM))) == {ITEM}
    assert untyped(item((link, INCIDENT)), incident()) == {ITEM}


def test_a_link_by_name_is_found_too() -> None:
    told = incident((LinkType.UNTYPED, "jira-key:OPS-1"))

    assert untyped(item(), told, names={"jira-key:OPS-1": ITEM}) == {ITEM}


@pytest.mark.parametrize(
    "typed",
    [one for one in LinkType if one not in {LinkType.UNTYPED, LinkType.RELATES, LinkType.MENTIONS}],
)
def test_one_side_that_says_how_settles_the_pair(typed: LinkType) -> None:
    told, untold = (typed, INCIDENT), (LinkType.UNTYPED, ITEM)

    assert untyped(item(told), incident(untold)) == frozenset()


def test_a_key_in_a_text_is_no_link() -> None:
    mention = LinkType.MENTIONS

    assert untyped(item((mention, INCIDENT)), incident((mention, ITEM))) == frozenset()


def test_a_mention_settles_nothing() -> None:
    told = incident((LinkType.UNTYPED, ITEM))

    assert untyped(item((LinkType.MENTIONS, INCIDENT)), told) == {ITEM}


def test_work_that_began_after_an_incident_cannot_have_caused_it() -> None:
    told = incident((LinkType.RELATES, ITEM), hours=5)

    assert untyped(item(hours=6), told) == frozenset()
    assert untyped(item(hours=5), told) == {ITEM}


def test_incidents_among_themselves_blame_nobody() -> None:
    other = incident(key="jira:8", hours=1)

    assert untyped(other, incident((LinkType.RELATES, "jira:8"))) == frozenset()


def test_an_incident_has_a_moment_even_if_nobody_told_of_its_opening() -> None:
    events = [
        ItemEvent("s", INCIDENT, EventKind.INCIDENT_OPENED, START, START, "sev1"),
        ItemEvent("s", INCIDENT, EventKind.LINKED, START, START, "caused_by", ITEM),
    ]

    assert incident_moments(current_items(events), {}) == {ITEM: (START,)}
