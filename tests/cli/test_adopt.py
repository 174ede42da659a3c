"""`graduand adopt`: what is missing is told; a first day drafts what the sandbox knows."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.adopt_files import EXAMPLE_SOURCES
from cli.main import main
from cli.rehearse import environment
from config.load import catalog_from_text, load_config
from config.settings import settings_from_environment
from sandbox.people import PEOPLE, SEEDED_NAMES
from sandbox.script import NIGHTS
from sandbox.server import Sandbox, running
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tests.base_config import write_base_config
from tests.privacy import sinks
from tests.privacy.search import Blob, Searcher

GIT = shutil.which("git") or "git"
#: A vendor, GitHub, and the agents' own logs.
SOURCES = ["--source", "github", "--source", "anthropic", "--source", "agent-logs"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADUAND_WORK_DIR", str(tmp_path))
    monkeypatch.setenv("GRADUAND_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    return tmp_path


def test_without_any_configuration_it_shows_one_to_start_from(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["adopt"]) == 2

    told = capsys.readouterr().err
    assert "sources.yaml does not exist" in told
    assert EXAMPLE_SOURCES in told
    assert list(folder.iterdir()) == [folder / "config"]


def test_the_configuration_to_start_from_is_one(folder: Path) -> None:
    write_base_config(folder / "config")
    for name in ("catalog.yaml", "finance.yaml"):
        (folder / "config" / name).write_text("version: 1\n")
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES)

    config = load_config(folder / "config")

    assert {source.type for source in config.sources.sources} == {"github", "anthropic"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--out", "config"], "is the configuration's own folder"),
        (["--source", "nobody"], "unknown sources ['nobody']"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES)

    assert main(["adopt", *words]) == 2
    assert told in capsys.readouterr().err


def test_sources_that_tell_of_no_work_and_no_money_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jira = EXAMPLE_SOURCES.splitlines()[:4]
    jira += [
        "  - {name: jira, type: jira, base_url: https://j.example, secret: s, user: u,",
        "     projects: [A]}",
    ]
    (folder / "config" / "sources.yaml").write_text("\n".join(jira))

    assert main(["adopt"]) == 2

    told = capsys.readouterr().err
    assert "a source of type `github`" in told
    assert "a vendor's bill" in told


def test_a_mistake_is_told_with_the_folder_it_is_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES.replace("github-token", ""))

    assert main(["adopt"]) == 1

    told = capsys.readouterr().err
    assert f"in {folder / 'config'}:" in told
    assert "sources.yaml:5" in told


def test_nothing_of_the_folder_of_drafts_is_deleted(folder: Path) -> None:
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES)
    kept = folder / "out" / "configuration" / "mine.txt"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")

    assert main(["adopt", "--out", str(folder / "out")]) == 1

    assert kept.read_text() == "mine"
    assert {path.name for path in (folder / "out").iterdir()} == {
        "configuration",
        *("catalog.diff", "catalog.yaml", "policy.yaml", "report.md"),
    }


def test_a_folder_that_takes_no_files_is_refused_before_anything_is_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES)
    (folder / "out").write_text("a file")

    assert main(["adopt", "--out", str(folder / "out")]) == 1

    assert "choose another place with --out" in capsys.readouterr().err
    assert not (folder / "var").exists()


def test_a_catalog_that_is_no_text_is_told_as_any_other_mistake(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES)
    (folder / "config" / "catalog.yaml").write_bytes(b"version: 1\n# caf\xe9\n")

    assert main(["adopt"]) == 1

    told = capsys.readouterr().err
    assert f"in {folder / 'config'}:" in told
    assert "catalog.yaml" in told
    assert "UTF-8" in told


def test_a_source_that_cannot_be_read_is_told_and_the_rest_goes_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config" / "sources.yaml").write_text(EXAMPLE_SOURCES)

    assert main(["adopt"]) == 1

    told = capsys.readouterr()
    assert told.out.count("not read") == 2
    assert "set GRADUAND_SECRET_ANTHROPIC_ADMIN_KEY" in " ".join(told.out.split())
    assert (folder / "var" / "adopt" / "catalog.yaml").exists()


class Day(NamedTuple):
    """A first day: what it said, and what it wrote."""

    status: int
    said: str
    progress: str
    files: dict[str, bytes]


class Place(NamedTuple):
    """A sandbox, and an installation that knows nothing of it but where it can be read."""

    sandbox: Sandbox
    folder: Path
    patch: pytest.MonkeyPatch

    @property
    def config(self) -> Path:
        return self.folder / "config"

    @property
    def out(self) -> Path:
        return self.folder / "var" / "adopt"

    def adopt(self) -> Day:
        # Each day begins as a process does, with the organisation's own configuration.
        self.patch.setenv("GRADUAND_CONFIG_DIR", str(self.config))
        with redirect_stdout(StringIO()) as said, redirect_stderr(StringIO()) as progress:
            status = main(["adopt", *SOURCES])
        return Day(status, said.getvalue(), progress.getvalue(), files_of(self.out))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("adopting")
    with (
        running(folder, scale=0.05, now=NIGHTS[-1], has_limits=False) as started,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in environment(started, folder).items():
            if name.startswith("GRADUAND_"):
                patch.setenv(name, value)
        patch.setenv("GRADUAND_NOW", NIGHTS[-1].isoformat())
        made = folder / "all"
        write_base_config(made)
        (folder / "config").mkdir()
        shutil.copy(made / "sources.yaml", folder / "config")
        yield Place(started, folder, patch)


@pytest.fixture(scope="module")
def day(place: Place) -> Day:
    return place.adopt()


def test_a_first_day_without_a_catalog_drafts_every_workflow_that_left_a_trace(
    place: Place, day: Day
) -> None:
    catalog = catalog_from_text(day.files["catalog.yaml"].decode())

    made_pulls = {one.workflow for one in place.sandbox.world.pulls if one.workflow}
    assert len(made_pulls) >= 7
    # Of these only logs tell; one is in nobody's catalog.
    logged = {"claims-router", "invoice-matcher", "invoice-explainer", "upgrade-turbo"}
    assert {one.id for one in catalog.workflows} == made_pulls | logged
    assert day.status == 0
    assert "✓ github pull_requests" in day.progress
    explained = re.search(r"explained: (\d+) % today, (\d+) % with the draft", day.said)
    assert explained
    assert int(explained[1]) == 0
    assert int(explained[2]) >= 40


def test_a_second_day_changes_nothing_and_nothing_is_booked_or_written_outside(
    place: Place, day: Day
) -> None:
    assert place.adopt().files == day.files

    assert files_of(place.config).keys() == {"sources.yaml"}
    assert [*place.sandbox.board.all("jira"), *place.sandbox.board.all("github")] == []
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger:
        assert ledger.verify().entries == 0


def test_no_person_is_in_anything_that_a_first_day_says_or_writes(place: Place, day: Day) -> None:
    searcher = Searcher(SEEDED_NAMES)
    said = [Blob("said", day.said.encode()), Blob("progress", day.progress.encode())]
    var = place.folder / "var"

    assert searcher.hits([*said, *sinks.folder(var)]) == []
    report = (place.out / "report.md").read_bytes()
    # The search finds what it looks for where it is.
    planted = Blob("planted", report + PEOPLE[0].login.encode())
    assert {hit.place for hit in searcher.hits([planted])} == {"planted"}


def test_the_diff_applies_and_then_nothing_is_left_to_draft(place: Place, day: Day) -> None:
    subprocess.run([GIT, "init", "-q", "."], cwd=place.folder, check=True)
    diff = day.files["catalog.diff"]
    subprocess.run([GIT, "apply", "-"], cwd=place.folder, check=True, input=diff)
    (place.config / "policy.yaml").write_bytes(day.files["policy.yaml"])
    assert files_of(place.config)["catalog.yaml"] == day.files["catalog.yaml"]

    again = place.adopt()

    assert again.files["catalog.diff"] == b""
    assert again.files["catalog.yaml"] == day.files["catalog.yaml"]
    assert "0 draft workflows" in again.said
    assert "nothing is left to draft" in again.said
    assert "git apply" not in again.said
