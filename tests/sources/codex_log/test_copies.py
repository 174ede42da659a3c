"""Forked and resumed Codex sessions: what they copy is counted once, where it was first told."""

from pathlib import Path

from tests.sources.codex_log.writing import (
    count,
    meta,
    moved,
    pull,
    rows_of,
    session,
    tokens_of,
    turn,
    write,
)

PARENT = [(100, 0, 10), (200, 90, 20)]
OWN = (400, 250, 30)
TOTAL = (700, 340, 60)


def _fork(name: str = "s-2", second: float = 100, **changes: object) -> list[dict[str, object]]:
    """A fork's copy of the parent's history, all of it written at once."""
    parent = session("s-1", PARENT)
    copies = [moved(line, second + 0.001 * at) for at, line in enumerate(parent, 1)]
    return [meta(name, second, **changes), *copies]


def test_a_fork_adds_only_its_own_requests(tmp_path: Path) -> None:
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", [*_fork(forked_from_id="s-1"), count(106, TOTAL, OWN)])

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [*PARENT, OWN]
    assert pulled.findings == ()
    assert len({row["session"] for row in rows_of(pulled)}) == 2


def test_a_fork_is_known_by_the_line_of_its_parent_too(tmp_path: Path) -> None:
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", [*_fork(), count(106, TOTAL, OWN)])

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN]


def test_a_subagent_with_its_parents_history_adds_only_its_own(tmp_path: Path) -> None:
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": "s-1", "depth": 1}}}
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", [*_fork(source=spawned), count(106, TOTAL, OWN)])

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN]


def test_a_subagent_that_starts_afresh_is_counted_whole(tmp_path: Path) -> None:
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": "s-1", "depth": 1}}}
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", session("s-2", [(50, 0, 5), (60, 0, 6)], 100, source=spawned))

    assert tokens_of(pull(tmp_path)) == [*PARENT, (50, 0, 5), (60, 0, 6)]


def test_forks_of_forks_count_each_request_once(tmp_path: Path) -> None:
    child = [*_fork(forked_from_id="s-1"), count(106, TOTAL, OWN)]
    grandchild = [
        meta("s-3", 200, forked_from_id="s-2"),
        *[moved(line, 200.01) for line in child],
        count(210, (1_000, 440, 70), (300, 100, 10)),
    ]
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", child)
    write(tmp_path, "3", grandchild)

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN, (300, 100, 10)]


def test_two_forks_that_go_on_alike_are_two(tmp_path: Path) -> None:
    write(tmp_path, "1", session("s-1", PARENT))
    for number in (2, 3):
        fork = _fork(f"s-{number}", 100 * number, forked_from_id="s-1")
        write(tmp_path, str(number), [*fork, count(100 * number + 6, TOTAL, OWN)])

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN, OWN]


def test_a_fork_from_the_middle_counts_what_differs(tmp_path: Path) -> None:
    fork = [meta("s-2", 100, forked_from_id="s-1"), turn(second=100)]
    fork += [moved(session("s-1", PARENT)[2], 100.001), count(106, (150, 40, 15), (50, 40, 5))]
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", fork)

    assert tokens_of(pull(tmp_path)) == [*PARENT, (50, 40, 5)]


def test_a_fork_without_counts_in_its_history_is_no_leap_of_the_totals(tmp_path: Path) -> None:
    fork = [meta("s-2", 100, forked_from_id="s-1"), turn(second=100), count(106, TOTAL, OWN)]
    write(tmp_path, "1", session("s-1", PARENT))
    write(tmp_path, "2", fork)

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN]


def test_history_whose_own_file_is_gone_is_told_and_not_counted(tmp_path: Path) -> None:
    write(tmp_path, "2", [*_fork(forked_from_id="s-1"), count(106, TOTAL, OWN)])

    pulled = pull(tmp_path)

    assert tokens_of(pulled) == [OWN]
    (finding,) = pulled.findings
    assert finding.code == "copied_history"
    assert finding.detail.startswith("2 request(s) of 330 tokens")


def test_history_that_kept_its_moments_is_counted_once_for_all_forks(tmp_path: Path) -> None:
    history = session("s-1", PARENT)
    for number in (2, 3):
        own = count(100 * number + 6, TOTAL, OWN)
        lines = [meta(f"s-{number}", 100 * number, forked_from_id="s-1"), *history, own]
        write(tmp_path, str(number), lines)

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN, OWN]


def test_a_session_resumed_in_another_file_is_counted_once(tmp_path: Path) -> None:
    first = session("s-1", PARENT)
    write(tmp_path, "1", first)
    write(tmp_path, "2", [*first, count(106, TOTAL, OWN)])

    assert tokens_of(pull(tmp_path)) == [*PARENT, OWN]


def test_a_session_that_names_itself_as_its_origin_ends_the_search(tmp_path: Path) -> None:
    write(tmp_path, "1", session("s-1", PARENT, forked_from_id="s-2"))
    write(tmp_path, "2", session("s-2", [(50, 0, 5)], 100, forked_from_id="s-1"))

    assert tokens_of(pull(tmp_path)) == [*PARENT, (50, 0, 5)]
