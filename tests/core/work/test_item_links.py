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


def test_case_of_a_repository_matters_to_no_host() -> None:
    names = {"gh:1#1": "Acme/Shop#1"}

    assert item_links([ONE], names)[branch_link("acme/shop", "d1")] == "gh:1#1"


def test_stamps_are_told_by_link_where_all_items_of_it_agree() -> None:
    same = {"gh:1#1": ("bump",), "gh:1#2": ("bump",)}

    assert stamps_by_link([ONE, TWO], same, NAMES) == {
        session_link("s1"): "bump",
        session_link("s2"): "bump",
        branch_link("acme/shop", "d1"): "bump",
    }
    differ = same | {"gh:1#2": ("docs",)}
    assert stamps_by_link([ONE, TWO], differ, NAMES) == {session_link("s1"): "bump"}


def test_an_item_of_several_stamps_tells_none_by_its_links() -> None:
    assert stamps_by_link([ONE], {"gh:1#1": ("bump", "docs")}, NAMES) == {}


def naming(item: str, *commits: str, merge: str | None = None, **fields: str | None) -> ItemState:
    """Make an item whose commits `session:sha` name sessions; without a sha its text does."""
    pairs = tuple(sorted((s, c) for s, _, c in (one.partition(":") for one in commits)))
    return ItemState(
        item,
        sessions=tuple(sorted({session for session, _ in pairs})),
        session_commits=pairs,
        merge_commit=merge,
        **({"branch_digest": f"of {item}"} | fields),  # type: ignore[arg-type]
    )


def test_a_release_takes_no_session_from_the_item_it_was_written_on() -> None:
    first = naming("gh:1#1", "s1:c1", "s1:c2", "s1:", merge="m1")
    second = naming("gh:1#2", "s2:c3", merge="m2")
    squashed = naming("gh:1#9", "s1:m1", "s2:m2")
    merged = naming("gh:1#9", "s1:c1", "s1:c2", "s2:c3")

    for release in (squashed, merged):
        links = item_links([release, second, first], {})
        assert links == {session_link("s1"): "gh:1#1", session_link("s2"): "gh:1#2"}
        stamps = {"gh:1#1": ("bump",), "gh:1#9": ("bump", "docs")}
        told = stamps_by_link([release, second, first], stamps, {})
        assert told == {session_link("s1"): "bump"}


def test_a_session_that_went_on_in_a_second_item_is_of_neither() -> None:
    first = naming("gh:1#1", "s1:c1", merge="m1")

    assert item_links([first, naming("gh:1#2", "s1:c2")], {}) == {}
    assert item_links([first, naming("gh:1#2", "s1:c1", "s1:c2")], {}) == {}
    assert item_links([first, naming("gh:1#2", "s1:c1")], {}) == {}, "opened again"
    assert item_links([first, naming("gh:1#2", "s1:")], {}) == {}


def test_a_fork_quotes_no_session_away_and_lends_it_no_stamp() -> None:
    ours = naming("gh:1#1", "s1:c1")
    forked = naming("gh:1#2", "s1:c9", branch_digest=None)

    assert item_links([ours, forked], {}) == {session_link("s1"): "gh:1#1"}
    assert stamps_by_link([ours, forked], {"gh:1#2": ("golden",)}, {}) == {}
    assert item_links([forked], {}) == {session_link("s1"): "gh:1#2"}


def test_what_very_many_items_name_is_no_session() -> None:
    many = [naming(f"gh:1#{number}", f"s1:c{number}") for number in range(5_000)]

    assert item_links([*many, naming("gh:2#1", "s2:c")], {}) == {session_link("s2"): "gh:2#1"}
