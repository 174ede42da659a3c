"""What Python says of the values of a log, where it cannot stand in a raw request."""

from pathlib import Path

import pytest

from tasks.lake.store import Lake
from tests.lake.test_bulk import kept, published, request
from tests.sources.claude_code_log.transcripts import answer, described
from tests.sources.request_readings import read, write_lines

ODD = ['feat "x"/', "fürs/", " p/", "x" * 180 + "/"]


@pytest.mark.parametrize("prefix", ODD)
def test_a_declared_beginning_that_no_field_holds_costs_no_request(
    tmp_path: Path, prefix: str
) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1, gitBranch=f"{prefix}PAY-1"), answer(2)])
    found = read(described(tmp_path, branch_prefixes=(prefix,)), tmp_path)
    assert [row.get("branch_prefix") for _, row in sorted(found.by_run.items())] == [
        None,
        "claude/",
    ]
    assert [row.get("branch_item") for _, row in sorted(found.by_run.items())] == [
        "PAY-1",
        "PAY-12",
    ]


def test_a_declared_repository_that_no_field_holds_costs_no_request(tmp_path: Path) -> None:
    write_lines(tmp_path / "a.jsonl", [answer(1, cwd='/srv/a "b"'), answer(2)])
    repositories = ('acme/a "b"', "acme/payments")
    found = read(described(tmp_path, repositories=repositories), tmp_path)
    assert [row.get("repo") for _, row in sorted(found.by_run.items())] == [None, "acme/payments"]


@pytest.mark.parametrize("prefix", ODD)
def test_a_request_read_by_python_is_typed_without_it_too(tmp_path: Path, prefix: str) -> None:
    lake = Lake.open(str(tmp_path / "lake"))
    row = request(branch_prefix=prefix, repo="a b").to_raw()
    assert not {"branch_prefix", "repo"} & row.keys()
    assert published(lake, kept(lake, [row])).rows == 1
