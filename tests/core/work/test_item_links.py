"""Links of items: one that leads to several leads to none."""

from tasks.core.work.item_links import branch_link, item_links, session_link, stamps_by_link
from tasks.core.work.item_states import ItemState

ONE = ItemState("gh:1#1", branch_digest="d1", sessions=("s1", "s2"))
TWO = ItemState("gh:1#2", branch_digest="d1", sessions=("s2",))
THREE = ItemState("gh:2#3", branch_digest="d1")
NAMES = {"gh:1#1": "acme/shop#1", "gh:1#2": "acme/shop#2", "gh:2#3": "acme/till#3"}


def test_an_item_is_found_by_its_branch_in_its_repository_and_by_its_sessions() -> None:
    assert item_links([ONE, THREE], NAMES) == {
        session_link("s1"): "gh:1#1",
        session_link("s2"): "gh:1#1",
        branch_link("acme/shop", "d1"): "gh:1#1",
        branch_link("acme/till", "d1"): "gh:2#3",
    }


def test_what_two_items_share_finds_neither() -> None:
    assert item_links([ONE, TWO], NAMES) == {session_link("s1"): "gh:1#1"}


def test_an_item_without_a_name_has_no_branch_that_a_log_could_name() -> None:
    assert item_links([ONE], {}) == {session_link("s1"): "gh:1#1", session_link("s2"): "gh:1#1"}


def test_a_ticket_has_no_branch() -> None:
    assert item_links([ItemState("jira:7", branch_digest="d1")], {"jira:7": "OPS-7"}) == {}


def test_an_item_that_tells_no_branch_has_none() -> None:
    assert item_links([ItemState("gh:1#1")], NAMES) == {}


def test_stamps_are_told_by_link_where_all_items_of_it_agree() -> None:
    states = {one.item: one for one in (ONE, TWO, THREE)}
    same = {"gh:1#1": "bump", "gh:1#2": "bump"}

    assert stamps_by_link(states, same, NAMES) == {
        session_link("s1"): "bump",
        session_link("s2"): "bump",
        branch_link("acme/shop", "d1"): "bump",
    }
    assert stamps_by_link(states, same | {"gh:1#2": "docs"}, NAMES) == {session_link("s1"): "bump"}


def test_a_stamp_of_an_item_that_nobody_knows_leads_nowhere() -> None:
    assert stamps_by_link({}, {"gh:1#1": "bump"}, NAMES) == {}
