"""Every row that was recorded from a real Jira is taken as it is; none is left out."""

from collections import Counter
from pathlib import Path

import pytest

from tasks.sources.jira import payloads
from tasks.sources.jira.parse import Site, parse_changes, parse_issue, parse_status
from tests.sources.jira.conftest import keyed_digest
from tests.sources.recordings import manifest, raw_rows

pytestmark = pytest.mark.shared


def tables(shared: Path) -> dict[str, list[dict[str, object]]]:
    folder = shared / "data" / "recorded" / "devlake" / "jira"
    return {
        path.stem.removeprefix("_raw_jira_api_"): raw_rows(path) for path in folder.glob("**/*.csv")
    }


def site(statuses: list[dict[str, object]]) -> Site:
    return Site(dict(map(parse_status, statuses)), frozenset({"incident"}), None, keyed_digest)


def test_the_tables_hold_what_the_manifest_says(shared: Path) -> None:
    said = {
        Path(path).stem.removeprefix("_raw_jira_api_"): count
        for path, count in manifest(shared / "data" / "recorded").items()
        if path.startswith("devlake/jira/")
    }

    assert {name: len(rows) for name, rows in tables(shared).items()} == said
    assert set(said) == {"issues", "issues_for_due_date", "status"}


def test_every_status_has_a_category_in_whatever_language(shared: Path) -> None:
    statuses = tables(shared)["status"]

    assert {parse_status(status)[1] for status in statuses} == {"new", "indeterminate", "done"}


def test_every_issue_is_parsed_with_every_change_of_status_and_resolution(shared: Path) -> None:
    found = tables(shared)
    here = site(found["status"])
    for payload in [*found["issues"], *found["issues_for_due_date"]]:
        row = parse_issue(payload, here)

        changelog = payload["changelog"]
        assert isinstance(changelog, dict)
        recorded = Counter(
            item["field"]
            for history in changelog["histories"]
            for item in history["items"]
            if item["field"] in {"status", "resolution"}
        )
        assert isinstance(row["changes"], list)
        kept = Counter(change["field"] for change in row["changes"] if isinstance(change, dict))
        assert (kept, row["is_cut"]) == (recorded, False)


def test_the_same_histories_in_the_bulk_shape_give_the_same_changes(shared: Path) -> None:
    found = tables(shared)
    here = site(found["status"])
    for payload in found["issues"]:
        changelog = payload["changelog"]
        assert isinstance(changelog, dict)
        bulk = {"issueId": payload["id"], "changeHistories": changelog["histories"]}

        item, changes = parse_changes(bulk, here)

        row = parse_issue(payload, here)
        assert (item, changes) == (row["key"], row["changes"])


def test_null_ends_of_changes_occur_in_reality(shared: Path) -> None:
    items = [
        item
        for payload in tables(shared)["issues"]
        for history in payloads.Issue.model_validate(payload).changelog.histories  # type: ignore[union-attr]
        for item in history.items or ()
    ]

    assert any(item.old is None for item in items)
    assert any(item.new is None for item in items)
