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
    ("text", "sessions"),
    [
        ("x\n\nAgent-Session: 0f3a-77b2-91\r\n", ["0f3a-77b2-91"]),
        ("Claude-Session: https://claude.ai/code/session_01Ab", ["session_01Ab"]),
        ("agent-logs-url: https://github.com/o/r/sessions/1b2c-3d4e", ["1b2c-3d4e"]),
        ("Agent-Session: 12345678\nAgent-Session: 12345678", ["12345678"]),
        ("Agent-Session: short", []),
        ("Agent-Session: jo@example.invalid", []),
        ("see Agent-Session: 12345678", []),
    ],
)
def test_a_session_is_a_trailer_with_an_id_or_an_address_that_ends_in_one(
    text: str, sessions: list[str]
) -> None:
    assert texts.agent_sessions(text) == sessions


@pytest.mark.parametrize(
    ("text", "agents"),
    [
        ("x\n\nCo-Authored-By: Claude <noreply@anthropic.com>\r\n", {"agent:claude"}),
        ("🤖 Generated with [Claude Code](https://claude.com/claude-code)\r\n", {"agent:claude"}),
        ("Generated with [Claude Code](https://claude.ai/code)", {"agent:claude"}),
        ("Made-with: Cursor", {"agent:cursor"}),
        ("Generated with [Claude Code](https://claude.example/code)", set()),
        ("It says Generated with [Claude Code](https://claude.ai/code)", set()),
        ("Generated with Claude Code", set()),
        ("Made-with: Cursor and love", set()),
        ("Co-authored-by: Claude Dupont <claude@example.invalid>", set()),
    ],
)
def test_an_agent_signs_by_its_address_or_its_own_line_and_by_no_name(
    text: str, agents: set[str]
) -> None:
    assert texts.signing_agents(text) == agents


@pytest.mark.parametrize(
    "hostile",
    [
        "fixes " * 20_000,
        "a/" * 50_000 + "#1",
        "Co-authored-by: " + "x" * 100_000,
        "A_" * 50_000 + "-",
        "https://" + "a/" * 50_000,
        "Agent-Workflow: " + " " * 100_000,
        "Claude-Session: " + "a/" * 50_000 + "!",
        "Generated with [Claude Code](https://claude.ai/code" + "a" * 100_000,
        "Made-with:" + " " * 100_000,
    ],
)
@pytest.mark.timeout(5)
def test_no_text_makes_the_reading_of_it_slow(hostile: str) -> None:
    texts.closing_links(hostile, NAMES)
    texts.reverted_items(hostile, NAMES)
    texts.incident_links(hostile, [hostile], NAMES)
    texts.agent_sessions(hostile)
    texts.mentioned_tickets(hostile)
    texts.signing_agents(hostile)
    texts.trailer_stamps([hostile])
