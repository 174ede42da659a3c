import json
from pathlib import Path

from sandbox.log_lines import FOLDER, write_logs
from sandbox.people import PEOPLE, SEEDED_NAMES
from sandbox.records import World
from sandbox.script import NIGHTS


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / FOLDER).glob("*.ndjson")}


def test_only_lines_that_are_written_by_then_are_there(world: World, tmp_path: Path) -> None:
    write_logs(tmp_path, world.lines, NIGHTS[0])

    stamps = [
        json.loads(line)["timestamp"]
        for name, text in texts(tmp_path).items()
        if name != "platform-ci-2.ndjson"
        for line in text.splitlines()
        if line.endswith("}")
    ]
    assert max(stamp for stamp in stamps if stamp < "2026-11-3") < "2026-11-18T04:00:00Z"


def test_the_half_line_is_whole_the_next_night(world: World, tmp_path: Path) -> None:
    write_logs(tmp_path, world.lines, NIGHTS[0])
    half = texts(tmp_path)["platform-ci-2.ndjson"]
    write_logs(tmp_path, world.lines, NIGHTS[1])
    whole = texts(tmp_path)["platform-ci-2.ndjson"]

    assert not half.endswith("\n")
    assert whole.startswith(half)
    assert json.loads(whole)["process_id"] == "flaky-test-fixer"


def test_files_only_grow(world: World, tmp_path: Path) -> None:
    write_logs(tmp_path, world.lines, NIGHTS[0])
    before = texts(tmp_path)
    write_logs(tmp_path, world.lines, NIGHTS[2])
    after = texts(tmp_path)

    assert all(after[name].startswith(text) for name, text in before.items())


def test_a_clock_set_back_takes_lines_away(world: World, tmp_path: Path) -> None:
    write_logs(tmp_path, world.lines, NIGHTS[2])
    write_logs(tmp_path, world.lines, NIGHTS[0])
    back = texts(tmp_path)
    fresh = tmp_path / "fresh"
    write_logs(fresh, world.lines, NIGHTS[0])

    assert back == texts(fresh)


def test_optional_fields_are_missing_somewhere(world: World) -> None:
    lines = [json.loads(line.text) for line in world.lines if line.record is not None]

    for name in ("process_id", "run_id", "started_at", "account", "repo", "purpose", "cost_usd"):
        present = {name in line for line in lines}
        assert present == {True, False}, name


def test_names_stand_in_values_keys_branches_and_repositories(world: World) -> None:
    text = "\n".join(line.text for line in world.lines)
    inputs = [json.loads(line.text).get("inputs", {}) for line in world.lines if line.record]

    assert all(person.email in text for person in PEOPLE)
    assert any(person.login in key for keys in inputs for key in keys for person in PEOPLE)
    assert any(f'"repo": "{person.login}/' in text for person in PEOPLE)


def test_names_are_rare_and_of_some_length() -> None:
    assert len(SEEDED_NAMES) == len(set(SEEDED_NAMES))
    assert min(map(len, SEEDED_NAMES)) >= 6
