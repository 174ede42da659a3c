"""What texts are read for, and what only looks like it."""

import pytest

from tasks.core.work.work_items import LinkType
from tasks.sources.github import texts
from tests.sources.github.conftest import keyed_digest

NAMES = texts.Names(900, {"acme/engine": 900, "acme/other": 904}, keyed_digest)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fixes #3", ("gh:900#3",)),
        ("closed: #3, Resolves acme/Other#4.", ("gh:900#3", "gh:904#4")),
        ("fix https://forge.example/acme/other/issues/5", ("gh:904#5",)),
        ("fixes #3 and fixes #3", ("gh:900#3",)),
        ("prefixes #3", ()),
        ("fixes#3", ()),
        ("fixes #0", ()),
        ("see #3", ()),
        ("fix the #3 bug", ()),
    ],
)
def test_closing_words_must_stand_before_a_reference(text: str, expected: tuple[str, ...]) -> None:
    assert texts.closing_links(text, NAMES) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Reverts acme/engine#5", ("gh:900#5",)),
        ("Some words.\r\nReverts #5\r\nMore.", ("gh:900#5",)),
        ("This reverts #5", ()),
    ],
)
def test_a_revert_is_a_line_of_its_own(body: str, expected: tuple[str, ...]) -> None:
    assert texts.reverted_items(body, NAMES) == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"This reverts commit {'a' * 40}.", ("a" * 40,)),
        ("This reverts commit abc1234.", ()),
        (f"Do not say: reverts commit {'a' * 40}", ()),
    ],
)
def test_a_reverted_commit_is_named_in_full(message: str, expected: tuple[str, ...]) -> None:
    assert texts.reverted_commits(message) == expected


@pytest.mark.parametrize(
    ("message", "ids", "malformed"),
    [
        ("x\n\nAgent-Workflow: upgrade-guarded\r\n", ["upgrade-guarded"], 0),
        ("agent-workflow:  Upgrade.2 \nAgent-Workflow: b", ["upgrade.2", "b"], 0),
        ("Agent-Workflow: two words", [], 1),
        (f"Agent-Workflow: {'a' * 65}", [], 1),
        ("Agent-Workflow:\nupgrade", [], 0),
        ("see Agent-Workflow: upgrade", [], 0),
    ],
)
def test_a_stamp_is_a_trailer_with_a_slug(message: str, ids: list[str], malformed: int) -> None:
    stamps = texts.trailer_stamps([message])

    assert (stamps.ids, stamps.malformed) == (ids, malformed)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["bug", "SEV-1"], "sev1"),
        (["severity/high", "p3"], "high"),
        (["Severity: P0"], "p0"),
        (["highway", "spa"], None),
    ],
)
def test_a_severity_is_a_whole_label(labels: list[str], expected: str | None) -> None:
    assert texts.severity_of(labels) == expected


def test_incident_markers_and_labels_say_the_same_once() -> None:
    links = texts.incident_links("Caused-by: #7\nused-in: OPS-3", ["caused-by:#7"], NAMES)

    assert links == ((LinkType.CAUSED_BY, "gh:900#7"), (LinkType.USED_IN, "jira-key:OPS-3"))


@pytest.mark.parametrize(
    "hostile",
    [
        "fixes " * 20_000,
        "a/" * 50_000 + "#1",
        "Co-authored-by: " + "x" * 100_000,
        "A_" * 50_000 + "-",
        "https://" + "a/" * 50_000,
        "Agent-Workflow: " + " " * 100_000,
    ],
)
@pytest.mark.timeout(5)
def test_no_text_makes_the_reading_of_it_slow(hostile: str) -> None:
    texts.closing_links(hostile, NAMES)
    texts.reverted_items(hostile, NAMES)
    texts.incident_links(hostile, [hostile], NAMES)
    texts.mentioned_tickets(hostile)
    texts.co_authoring_agents(hostile)
    texts.trailer_stamps([hostile])
